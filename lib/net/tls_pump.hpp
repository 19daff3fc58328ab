// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"
#include "base/time.hpp"
#include "net/tcp_stream.hpp"
#include "net/tls_engine.hpp"

#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace cp::net {

/// Carries bytes between a TLS connection and one end of a pair of sockets, in a thread of its own,
/// so that whoever holds the other end polls and waits as with any socket. Ends when either side
/// does; what was written before that still leaves, if the peer takes it within two seconds.
class TlsPump {
 public:
  TlsPump(TcpStream tcp, std::unique_ptr<TlsEngine> engine, UniqueFd local);
  /// Waits for the end.
  ~TlsPump();
  TlsPump(const TlsPump&) = delete;
  TlsPump& operator=(const TlsPump&) = delete;

 private:
  void run();
  bool step();
  int patience();
  Result<void> take_local();
  Result<void> take_net();
  Result<void> decrypt();
  bool send_net();
  bool send_local();
  void end_net();
  bool is_over() const;

  TcpStream tcp_;
  std::unique_ptr<TlsEngine> engine_;
  UniqueFd local_;
  std::string to_net_;    ///< encrypted
  std::string to_local_;  ///< in clear
  bool local_has_ended_ = false;
  bool local_is_gone_ = false;
  bool net_has_ended_ = false;
  bool end_was_sent_ = false;
  bool end_was_told_ = false;
  std::optional<SteadyTime> gone_since_;
  std::thread thread_;
};

}  // namespace cp::net
