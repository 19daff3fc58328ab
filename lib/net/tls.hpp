// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "net/stream.hpp"
#include "net/tcp_stream.hpp"

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

/// TLS 1.3 (RFC 8446) over TCP, by OpenSSL, for a protocol with an ALPN name of its own.
namespace cp::net {

/// A connection that stands, and what both of its ends, and nobody else, can derive from it.
struct TlsConnection {
  std::unique_ptr<Stream> stream;
  std::string exporter;  ///< 32 bytes by RFC 8446 §7.5
};

/// A server's certificate and key, or what a client takes for one, with the protocol's name.
class TlsContext {
 public:
  /// A server that shows CERTIFICATE (PEM, the chain) and has its KEY (PEM). bad_config when they
  /// are none, or do not belong together; unavailable without OpenSSL.
  static Result<std::shared_ptr<const TlsContext>> server(std::string_view certificate,
                                                          std::string_view key,
                                                          const std::string& protocol);
  struct Trust {
    std::string authorities;  ///< a file of certificates (PEM) instead of the system's; "": those
    /// "sha256:" and the SHA-256 of the server's public key (SubjectPublicKeyInfo) in hexadecimal:
    /// that key, instead of what any authority says; "": none.
    std::string tls_key;
  };
  /// A client that takes servers that TRUST vouches for. usage for a tls_key that is none,
  /// bad_config for authorities that cannot be read.
  static Result<std::shared_ptr<const TlsContext>> client(const Trust& trust,
                                                          const std::string& protocol);

  /// Agrees with the server behind TCP, which the user calls HOST (a name or an address). denied
  /// when nobody vouches for it, protocol when it speaks no TLS 1.3 or another protocol, timed_out
  /// at DEADLINE or on STOP. Nothing was said to it before it was known.
  Result<TlsConnection> connect(TcpStream tcp, const std::string& host, SteadyTime deadline,
                                const std::stop_token& stop) const;
  /// The same for the client behind TCP.
  Result<TlsConnection> accept(TcpStream tcp, SteadyTime deadline,
                               const std::stop_token& stop) const;

  struct Parts;  ///< OpenSSL's objects, in the file that wraps them
  explicit TlsContext(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}

 private:
  std::shared_ptr<const Parts> parts_;
};

}  // namespace cp::net
