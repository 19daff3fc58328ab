// SPDX-License-Identifier: Apache-2.0
#include "net/tls_engine.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace cp::net {

TlsEngine::TlsEngine(std::shared_ptr<const OpenSsl> library, SSL_CTX* context, bool is_client)
    : library_(std::move(library)),
      ssl_(library_->ssl_new(context), Free{library_->ssl_free}),
      in_(library_->bio_new(library_->bio_memory())),
      out_(library_->bio_new(library_->bio_memory())) {
  if (!ssl_ || in_ == nullptr || out_ == nullptr) {
    std::abort();  // memory has run out
  }
  library_->set_bio(ssl_.get(), in_, out_);
  (is_client ? library_->set_connect_state : library_->set_accept_state)(ssl_.get());
}

// Of a call that returned RC: whether it waits for more; else why it failed.
Result<bool> TlsEngine::wants_more(int rc) {
  const int why = library_->get_error(ssl_.get(), rc);
  if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
    return true;
  }
  if (why == SSL_ERROR_ZERO_RETURN) {
    return false;
  }
  const char* const reason = library_->reason_of(library_->last_error());
  return fail(Errc::protocol, "TLS: {}", reason == nullptr ? "the connection broke" : reason);
}

Result<bool> TlsEngine::handshake() {
  library_->clear_errors();
  const int rc = library_->do_handshake(ssl_.get());
  if (rc == 1) {
    return true;
  }
  CP_TRY_ASSIGN(const bool waits, wants_more(rc));
  return waits ? Result<bool>(false) : fail(Errc::protocol, "TLS: the other end has ended");
}

void TlsEngine::feed(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const int count = library_->bio_write(
        in_, bytes.data(), static_cast<int>(std::min<std::size_t>(bytes.size(), 1U << 20U)));
    if (count <= 0) {
      std::abort();  // memory has run out
    }
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

std::string TlsEngine::take() {
  std::string out;
  std::array<char, 32 << 10> part;
  int count = 0;
  while ((count = library_->bio_read(out_, part.data(), part.size())) > 0) {
    out.append(part.data(), static_cast<std::size_t>(count));
  }
  return out;
}

Result<void> TlsEngine::write(std::span<const std::byte> bytes) {
  library_->clear_errors();
  const int rc = library_->write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
  if (rc > 0) {
    return {};
  }
  CP_TRY(wants_more(rc));
  return fail(Errc::protocol, "TLS: nothing can be sent");
}

Result<std::optional<std::size_t>> TlsEngine::read(std::span<std::byte> out) {
  library_->clear_errors();
  const int rc = library_->read(ssl_.get(), out.data(), static_cast<int>(out.size()));
  if (rc > 0) {
    return static_cast<std::size_t>(rc);
  }
  CP_TRY_ASSIGN(const bool waits, wants_more(rc));
  return waits ? std::optional<std::size_t>() : std::optional<std::size_t>(0);
}

void TlsEngine::end() {
  library_->clear_errors();
  library_->shutdown(ssl_.get());
}

}  // namespace cp::net
