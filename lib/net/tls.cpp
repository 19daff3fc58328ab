// SPDX-License-Identifier: Apache-2.0
#include "net/tls.hpp"

#include "base/text.hpp"
#include "net/address.hpp"
#include "net/fd_stream.hpp"
#include "net/tls_engine.hpp"
#include "net/tls_pump.hpp"

#include <array>
#include <cerrno>
#include <sys/socket.h>

namespace cp::net {

struct TlsContext::Parts {
  std::shared_ptr<const OpenSsl> library;
  std::shared_ptr<SSL_CTX> context;
  std::string protocol;    ///< as ALPN has it: a length and the name
  std::string pinned_key;  ///< of a client, in lower case; "": authorities vouch

  Result<void> arm(SSL* ssl, const std::string& host) const;
  Result<void> check_peer(SSL* ssl) const;
  Result<TlsConnection> agree(TcpStream tcp, std::unique_ptr<TlsEngine> engine, bool is_client,
                              SteadyTime deadline, const std::stop_token& stop) const;
};

namespace {

using Parts = TlsContext::Parts;

constexpr std::string_view kExporterLabel = "EXPORTER-cptools-session";
constexpr std::size_t kExporterBytes = 32;
constexpr std::string_view kPinKind = "sha256:";

// What of the pointers that OpenSSL hands out is freed by which of its functions.
template <class T>
using Owned = std::unique_ptr<T, void (*)(T*)>;

template <class T>
Owned<T> own(T* object, void (*release)(T*)) {
  return {object, release};
}

Result<std::shared_ptr<Parts>> make_parts(bool is_client, const std::string& protocol) {
  auto parts = std::make_shared<Parts>();
  CP_TRY_ASSIGN(parts->library, OpenSsl::load());
  const OpenSsl& library = *parts->library;
  parts->context.reset(
      library.context_new(is_client ? library.client_method() : library.server_method()),
      [free = library.context_free](SSL_CTX* context) { free(context); });
  if (!parts->context) {
    return fail(Errc::unavailable, "OpenSSL does not start");
  }
  library.context_ctrl(parts->context.get(), SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_3_VERSION,
                       nullptr);
  // Nothing is resumed, so nothing needs to be kept.
  library.set_num_tickets(parts->context.get(), 0);
  parts->protocol = static_cast<char>(protocol.size()) + protocol;
  return parts;
}

BIO* over(const OpenSsl& library, std::string_view text) {
  return library.bio_new_over(text.data(), static_cast<int>(text.size()));
}

Result<void> load_chain(const Parts& parts, std::string_view pem) {
  const OpenSsl& library = *parts.library;
  const std::unique_ptr<BIO, decltype(&BIO_free)> in(over(library, pem), library.bio_free);
  bool is_first = true;
  while (X509* const read = library.read_certificate(in.get(), nullptr, nullptr, nullptr)) {
    const auto certificate = own(read, library.certificate_free);
    const bool taken = is_first ? library.use_certificate(parts.context.get(), read) == 1
                                : library.context_ctrl(parts.context.get(), SSL_CTRL_CHAIN_CERT, 1,
                                                       certificate.get()) == 1;
    if (!taken) {
      return fail(Errc::bad_config, "the certificate cannot be used");
    }
    is_first = false;
  }
  library.clear_errors();
  return is_first ? fail(Errc::bad_config, "there is no certificate in the file") : Result<void>();
}

Result<void> load_key(const Parts& parts, std::string_view pem) {
  const OpenSsl& library = *parts.library;
  const std::unique_ptr<BIO, decltype(&BIO_free)> in(over(library, pem), library.bio_free);
  const auto no_passphrase = [](char*, int, int, void*) { return 0; };
  const auto key =
      own(library.read_key(in.get(), nullptr, no_passphrase, nullptr), library.key_free);
  const bool fits = key && library.use_private_key(parts.context.get(), key.get()) == 1 &&
                    library.check_private_key(parts.context.get()) == 1;
  library.clear_errors();
  return fits ? Result<void>()
              : fail(Errc::bad_config, "the certificate and the key do not fit together");
}

// RFC 7301: a client that speaks something else is turned away.
int choose_protocol(SSL* /*ssl*/, const unsigned char** out, unsigned char* length,
                    const unsigned char* offered, unsigned int size, void* wanted) {
  const auto& protocol = *static_cast<const std::string*>(wanted);
  const std::string_view list(reinterpret_cast<const char*>(offered), size);
  for (std::size_t at = 0; at < list.size();) {
    const std::size_t whole = 1 + static_cast<unsigned char>(list[at]);
    if (list.substr(at, whole) == protocol) {
      *out = offered + at + 1;
      *length = static_cast<unsigned char>(whole - 1);
      return SSL_TLSEXT_ERR_OK;
    }
    at += whole;
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

Result<std::string> parse_pin(const std::string& tls_key) {
  const std::string digits =
      text::lower(std::string_view(tls_key).substr(std::min(kPinKind.size(), tls_key.size())));
  if (!tls_key.starts_with(kPinKind) || digits.size() != 64 ||
      digits.find_first_not_of("0123456789abcdef") != std::string::npos) {
    return fail(Errc::usage, "a tls_key is no sha256: and 64 hexadecimal digits");
  }
  return digits;
}

// "sha256" of the peer's public key, in hexadecimal; "" when it has shown none.
std::string key_of_peer(const OpenSsl& library, SSL* ssl) {
  const auto certificate = own(library.peer_certificate(ssl), library.certificate_free);
  unsigned char* der = nullptr;
  const int size =
      certificate ? library.key_to_der(library.certificate_key(certificate.get()), &der) : 0;
  if (size <= 0) {
    return {};
  }
  std::string digest(32, '\0');
  library.digest(der, static_cast<std::size_t>(size),
                 reinterpret_cast<unsigned char*>(digest.data()), nullptr, library.sha256(),
                 nullptr);
  library.crypto_free(der, __FILE__, __LINE__);
  return text::to_hex(digest);
}

Result<void> send_output(TcpStream& tcp, TlsEngine& engine) {
  const std::string out = engine.take();
  return out.empty() ? Result<void>() : tcp.send(std::as_bytes(std::span(out)), {});
}

// Until both ends have agreed; what came in beyond that is in the engine.
Result<void> shake_hands(TcpStream& tcp, TlsEngine& engine, SteadyTime deadline) {
  std::array<std::byte, 16 << 10> part;
  while (true) {
    const auto done = engine.handshake();
    const auto sent = send_output(tcp, engine);
    CP_TRY_ASSIGN(const bool is_done, done);
    CP_TRY(sent);
    if (is_done) {
      return {};
    }
    CP_TRY(tcp.wait(deadline));
    CP_TRY_ASSIGN(const std::size_t count, tcp.receive(part));
    if (count == 0) {
      return fail(Errc::protocol, "the other end speaks no TLS");
    }
    engine.feed(std::span(part).first(count));
  }
}

Result<std::unique_ptr<Stream>> make_tls_stream(TcpStream tcp, std::unique_ptr<TlsEngine> engine) {
  std::array<int, 2> ends{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return fail_errno(errno, "cannot make a pair of sockets");
  }
  UniqueFd holder(ends[0]);
  UniqueFd inner(ends[1]);
  auto pump = std::make_shared<TlsPump>(std::move(tcp), std::move(engine), std::move(inner));
  CP_TRY_ASSIGN(auto stream, FdStream::make(std::move(holder), {}, std::move(pump)));
  return std::unique_ptr<Stream>(std::move(stream));
}

}  // namespace

Result<void> Parts::arm(SSL* ssl, const std::string& host) const {
  const bool is_address = IpAddress::parse(host).has_value();
  const bool done = is_address ? library->param_set_ip(library->param(ssl), host.c_str()) == 1
                               : library->set_host(ssl, host.c_str()) == 1 &&
                                     library->ssl_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME,
                                                       TLSEXT_NAMETYPE_host_name,
                                                       const_cast<char*>(host.c_str())) == 1;
  return done ? Result<void>() : fail(Errc::usage, "{} is no host", host);
}

// What a client believes, once the agreement has shown that the server has its certificate's key.
Result<void> Parts::check_peer(SSL* ssl) const {
  const unsigned char* name = nullptr;
  unsigned int size = 0;
  library->alpn_selected(ssl, &name, &size);
  if (std::string_view(reinterpret_cast<const char*>(name), size) !=
      std::string_view(protocol).substr(1)) {
    return fail(Errc::protocol, "the other end speaks TLS, but not this protocol");
  }
  if (!pinned_key.empty()) {
    return key_of_peer(*library, ssl) == pinned_key
               ? Result<void>()
               : fail(Errc::denied, "the server has another key than the one that was named");
  }
  return {};
}

Result<TlsConnection> Parts::agree(TcpStream tcp, std::unique_ptr<TlsEngine> engine, bool is_client,
                                   SteadyTime deadline, const std::stop_token& stop) const {
  {
    const std::stop_callback interrupt(stop, [&] { tcp.shutdown(); });
    if (auto shaken = shake_hands(tcp, *engine, deadline); !shaken) {
      const long verdict = library->verify_result(engine->ssl());
      if (is_client && verdict != X509_V_OK) {
        return with_hint(fail(Errc::denied, "nobody vouches for the server's certificate: {}",
                              library->verify_error_string(verdict)),
                         "--ca names who does, --tls-key the server's own key");
      }
      return tl::unexpected<Error>(stop.stop_requested() ? Error{Errc::timed_out, "interrupted", {}}
                                                         : std::move(shaken).error());
    }
    if (is_client) {
      CP_TRY(check_peer(engine->ssl()));
    }
  }
  TlsConnection connection{nullptr, std::string(kExporterBytes, '\0')};
  if (library->export_keying_material(engine->ssl(),
                                      reinterpret_cast<unsigned char*>(connection.exporter.data()),
                                      connection.exporter.size(), kExporterLabel.data(),
                                      kExporterLabel.size(), nullptr, 0, 0) != 1) {
    return fail(Errc::protocol, "TLS: no key can be derived");
  }
  CP_TRY_ASSIGN(connection.stream, make_tls_stream(std::move(tcp), std::move(engine)));
  return connection;
}

Result<std::shared_ptr<const TlsContext>> TlsContext::server(std::string_view certificate,
                                                             std::string_view key,
                                                             const std::string& protocol) {
  CP_TRY_ASSIGN(auto parts, make_parts(false, protocol));
  CP_TRY(load_chain(*parts, certificate));
  CP_TRY(load_key(*parts, key));
  parts->library->set_alpn_select(parts->context.get(), choose_protocol, &parts->protocol);
  return std::make_shared<const TlsContext>(std::move(parts));
}

Result<std::shared_ptr<const TlsContext>> TlsContext::client(const Trust& trust,
                                                             const std::string& protocol) {
  CP_TRY_ASSIGN(auto parts, make_parts(true, protocol));
  const OpenSsl& library = *parts->library;
  SSL_CTX* const context = parts->context.get();
  library.set_alpn_protos(context, reinterpret_cast<const unsigned char*>(parts->protocol.data()),
                          static_cast<unsigned>(parts->protocol.size()));
  if (!trust.tls_key.empty()) {
    // That key alone counts (check_peer).
    CP_TRY_ASSIGN(parts->pinned_key, parse_pin(trust.tls_key));
    library.set_verify(context, SSL_VERIFY_NONE, nullptr);
    return std::make_shared<const TlsContext>(std::move(parts));
  }
  library.set_verify(context, SSL_VERIFY_PEER, nullptr);
  const int loaded = trust.authorities.empty()
                         ? library.set_default_verify_paths(context)
                         : library.load_verify_file(context, trust.authorities.c_str());
  library.clear_errors();
  if (loaded != 1) {
    return fail(Errc::bad_config, "{}: there are no certificates in it", trust.authorities);
  }
  return std::make_shared<const TlsContext>(std::move(parts));
}

Result<TlsConnection> TlsContext::connect(TcpStream tcp, const std::string& host,
                                          SteadyTime deadline, const std::stop_token& stop) const {
  auto engine = std::make_unique<TlsEngine>(parts_->library, parts_->context.get(), true);
  CP_TRY(parts_->arm(engine->ssl(), host));
  return parts_->agree(std::move(tcp), std::move(engine), true, deadline, stop);
}

Result<TlsConnection> TlsContext::accept(TcpStream tcp, SteadyTime deadline,
                                         const std::stop_token& stop) const {
  auto engine = std::make_unique<TlsEngine>(parts_->library, parts_->context.get(), false);
  return parts_->agree(std::move(tcp), std::move(engine), false, deadline, stop);
}

}  // namespace cp::net
