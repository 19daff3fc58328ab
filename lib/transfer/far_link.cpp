// SPDX-License-Identifier: Apache-2.0
#include "transfer/far_link.hpp"

#include "transfer/daemon_link.hpp"
#include "transfer/path_plan.hpp"
#include "transfer/relay_link.hpp"
#include "transfer/ssh_link.hpp"

#include <algorithm>

namespace cp::transfer {

int early_logins_of(const Request& request, RailChoice rail) {
  const bool has_streams = rail == RailChoice::ssh && !request.dry_run;
  // What is brought there comes with the first login.
  return !has_streams || request.installs_far_program ? 0
         : request.is_to_stream()                     ? 1
                                  : std::min(streams_of(request), usual_streams);
}

std::unique_ptr<Link> link_to(const Request& request, const Location& far, bool is_first,
                              int early_logins) {
  if (far.kind == Place::ssh && request.relay != nullptr) {
    return std::make_unique<RelayLink>(*request.relay,
                                       RelayLink::Settings{.data_host = request.data_host,
                                                           .trusts_network = request.trusts_network,
                                                           .seals_always = request.seals_always,
                                                           .silence = request.silence});
  }
  if (far.kind == Place::ssh) {
    net::SshSettings ssh = *request.ssh;
    ssh.may_prompt = ssh.may_prompt && is_first;
    return std::make_unique<SshLink>(SshLink::Settings{.ssh = std::move(ssh),
                                                       .host = far.login,
                                                       .far_program = request.far_program,
                                                       .installs = request.installs_far_program,
                                                       .trusts_network = request.trusts_network,
                                                       .seals_always = request.seals_always,
                                                       .early_logins = early_logins,
                                                       .silence = request.silence});
  }
  return std::make_unique<DaemonLink>(
      far, DaemonLink::Settings{.anonymous = request.anonymous,
                                .trust = {request.authorities, request.tls_key},
                                .token = request.token,
                                .silence = request.silence});
}

Result<RailChoice> rail_to(const Request& request, const Location& far) {
  const bool by_ssh = far.kind == Place::ssh;
  if (request.rail == RailChoice::automatic) {
    return by_ssh && request.relay == nullptr ? RailChoice::ssh : RailChoice::tcp;
  }
  if (request.rail == RailChoice::ssh && request.relay != nullptr) {
    return fail(Errc::usage, "{}: data goes from host to host beside ssh (--rail tcp)",
                far.server());
  }
  if (request.rail == RailChoice::ssh && !by_ssh) {
    return fail(Errc::usage, "{} is not reached through ssh, so no rail of ssh goes there",
                far.server());
  }
  if (request.rail == RailChoice::fabric && by_ssh) {
    return with_hint(fail(Errc::unavailable, "{}: a fabric alone does not go there", far.server()),
                     "--rail fabric,ssh has the rails of ssh beside it");
  }
  return request.rail;
}

std::string_view name_of(RailChoice rail) {
  return rail == RailChoice::fabric ? "fabric" : rail == RailChoice::ssh ? "ssh" : "tcp";
}

int streams_of(const Request& request) {
  return request.streams == 0 ? usual_streams : request.streams;
}

}  // namespace cp::transfer
