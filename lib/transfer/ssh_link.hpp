// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/ssh_process.hpp"
#include "transfer/endpoint.hpp"
#include "transfer/far_install.hpp"
#include "transfer/link.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace cp::transfer {

/// The way to this user on another machine: cpxfer there, started by ssh. The talk goes over one
/// connection, which may ask for a password; each stream over one of its own, or through the first
/// where a new one would have to ask or does not find the host of the session. TCP streams go
/// beside ssh: in clear text when both ends are one host or the network is trusted, else sealed.
/// Where there is no cpxfer, `take_shell` has what there is.
class SshLink final : public Link {
 public:
  struct Settings {
    net::SshSettings ssh;
    net::SshHost host;
    std::string far_program;      ///< "" for the one that is found there
    bool installs = false;        ///< this program is brought there and used
    bool trusts_network = false;  ///< clear text may go beside ssh
    bool seals_always = false;    ///< also when both ends are one host
    std::chrono::nanoseconds silence{};
  };
  explicit SshLink(Settings settings) : settings_(std::move(settings)) {}

  Result<std::unique_ptr<net::Stream>> connect(const std::stop_token& stop) override;
  Result<void> prepare(Open& open, const Hello& far) override;
  Result<Carriers> open_rails(const Opened& opened, const std::vector<RailKeys>& rails,
                              const std::stop_token& stop) override;
  std::unique_ptr<net::Stream> take_shell() override { return std::move(shell_); }
  Error explain(Error error) override;

 private:
  using Streams = std::vector<std::unique_ptr<net::Stream>>;

  static Result<Carriers> open_tcp(const Opened& opened, const std::vector<RailKeys>& rails,
                                   const std::stop_token& stop);
  struct Started {
    net::SshProgram program;
    bool has_cpxfer = false;  ///< else it is a shell that waits for a script
  };
  Result<Started> start(net::SshSharing sharing, const std::stop_token& stop) const;
  tl::unexpected<Error> no_cpxfer() const;
  Result<std::string> hear_answer(net::Stream& stream, const FarProgram* brought) const;
  Result<std::unique_ptr<net::Stream>> open_rail(net::SshSharing sharing, const std::string& door,
                                                 const RailKeys& keys,
                                                 const std::stop_token& stop) const;
  Result<std::unique_ptr<net::Stream>> open_own_rail(const std::string& door, const RailKeys& keys,
                                                     const std::stop_token& stop) const;

  Settings settings_;
  std::string control_path_;
  std::shared_ptr<net::SshProcess> process_;
  std::unique_ptr<net::Stream> shell_;
};

}  // namespace cp::transfer
