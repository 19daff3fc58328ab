// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/openssl.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace cp::net {

/// One end of TLS without a socket: bytes of the connection go in and out of memory. For one
/// thread.
class TlsEngine {
 public:
  TlsEngine(std::shared_ptr<const OpenSsl> library, SSL_CTX* context, bool is_client);

  SSL* ssl() const { return ssl_.get(); }

  /// Goes on with the agreement as far as what came in allows; whether it is done. protocol, with
  /// OpenSSL's reason.
  Result<bool> handshake();
  /// Takes in BYTES of the connection.
  void feed(std::span<const std::byte> bytes);
  /// What is to be sent over the connection.
  std::string take();
  /// Encrypts BYTES, after the agreement.
  Result<void> write(std::span<const std::byte> bytes);
  /// Decrypts what came in: as many bytes as are there, 0 when the peer has ended, nullopt when
  /// more must come in first. protocol for what was not sent so.
  Result<std::optional<std::size_t>> read(std::span<std::byte> out);
  /// Says that nothing more is sent.
  void end();

 private:
  struct Free {
    decltype(&SSL_free) call;
    void operator()(SSL* ssl) const { call(ssl); }
  };
  Result<bool> wants_more(int rc);

  std::shared_ptr<const OpenSsl> library_;
  std::unique_ptr<SSL, Free> ssl_;
  BIO* in_ = nullptr;  ///< both are the SSL's
  BIO* out_ = nullptr;
};

}  // namespace cp::net
