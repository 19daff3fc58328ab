// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fabric/loader.hpp"
#include "net/ssh_process.hpp"
#include "transfer/endpoint.hpp"
#include "transfer/far_install.hpp"
#include "transfer/link.hpp"

#include <chrono>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace cp::transfer {

/// The way to this user on another machine: cpxfer there, started by ssh. The talk goes over one
/// connection, which may ask for a password; each stream over one of its own, or through the first
/// where a new one would have to ask or does not find the host of the session. Those log in while
/// the first does, or at a terminal when that is in and has asked (SECURITY §4): on a long line a
/// login takes ten round trips. TCP streams and those of a fabric go beside ssh: in clear text when
/// both ends are one host or the network is trusted, else sealed. Where there is no cpxfer,
/// `take_shell` has what there is.
class SshLink final : public Link {
 public:
  struct Settings {
    net::SshSettings ssh;
    net::SshHost host;
    std::string far_program;      ///< "" for the one that is found there
    bool installs = false;        ///< this program is brought there and used
    bool trusts_network = false;  ///< clear text may go beside ssh
    bool seals_always = false;    ///< also when both ends are one host
    int early_logins = 0;         ///< of the streams through ssh, begun before they are wanted
    std::chrono::nanoseconds silence{};
  };
  explicit SshLink(Settings settings) : settings_(std::move(settings)) {}
  ~SshLink() override { early_stop_.request_stop(); }
  SshLink(const SshLink&) = delete;
  SshLink& operator=(const SshLink&) = delete;

  Result<std::unique_ptr<net::Stream>> connect(const std::stop_token& stop) override;
  Result<void> prepare(Open& open, const Hello& far) override;
  Result<Carriers> open_rails(const RailPlace& place, const std::vector<RailKeys>& rails,
                              const std::stop_token& stop) override;
  std::unique_ptr<net::Stream> take_shell() override;
  Error explain(Error error) override;

 private:
  using Streams = std::vector<std::unique_ptr<net::Stream>>;

  Result<Carriers> open_fabric(const RailPlace& place, const std::vector<RailKeys>& rails,
                               const std::stop_token& stop);
  static Result<Carriers> open_tcp(const RailPlace& place, const std::vector<RailKeys>& rails,
                                   const std::stop_token& stop);
  struct Started {
    net::SshProgram program;
    bool has_cpxfer = false;  ///< else it is a shell that waits for a script
  };
  Result<Started> start(net::SshSharing sharing, const std::stop_token& stop) const;
  tl::unexpected<Error> no_cpxfer() const;
  Result<std::string> hear_answer(net::Stream& stream, const FarProgram* brought) const;
  void begin_logins();
  std::optional<std::future<Result<Started>>> take_login();
  Result<std::unique_ptr<net::Stream>> open_rail(Result<Started> login, const std::string& door,
                                                 const RailKeys& keys,
                                                 const std::stop_token& stop) const;
  Result<std::unique_ptr<net::Stream>> open_early_rail(std::future<Result<Started>> login,
                                                       const std::string& door,
                                                       const RailKeys& keys,
                                                       const std::stop_token& stop);
  Result<std::unique_ptr<net::Stream>> open_own_rail(const std::string& door, const RailKeys& keys,
                                                     const std::stop_token& stop);

  Settings settings_;
  std::string control_path_;
  std::shared_ptr<net::SshProcess> process_;
  std::unique_ptr<net::Stream> shell_;
  fabric::Loader fabrics_;
  std::stop_source early_stop_;
  std::mutex mutex_;  ///< guards the logins
  std::vector<std::future<Result<Started>>> logins_;
};

}  // namespace cp::transfer
