// SPDX-License-Identifier: Apache-2.0
#include "fabric/listener.hpp"

#include "fabric/endpoint.hpp"

#include <array>
#include <netinet/in.h>
#include <sys/socket.h>

namespace cp::fabric {

struct Listener::Parts {
  SharedFabric fabric;
  Info info;
  Handle<fid_eq> events;
  Handle<fid_pep> endpoint;  ///< closed first
  std::uint16_t port = 0;
};

namespace {

Result<std::uint16_t> port_of(const Library& library, fid_pep& endpoint) {
  sockaddr_storage address{};
  std::size_t length = sizeof address;
  CP_TRY(check(library, fi_getname(&endpoint.fid, &address, &length), "fi_getname"));
  if (address.ss_family == AF_INET && length >= sizeof(sockaddr_in)) {
    return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
  }
  if (address.ss_family == AF_INET6 && length >= sizeof(sockaddr_in6)) {
    return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  }
  return fail(Errc::unavailable, "the fabric's address is no IP address");
}

}  // namespace

Listener::Listener(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Listener::~Listener() = default;
std::uint16_t Listener::port() const { return parts_->port; }

Result<std::unique_ptr<Listener>> Listener::open(std::shared_ptr<const Library> library,
                                                 const std::string& provider,
                                                 const std::string& host) {
  auto parts = std::make_unique<Parts>();
  CP_TRY_ASSIGN(parts->info, find_info(library, provider, host, "", FI_SOURCE));
  CP_TRY_ASSIGN(parts->fabric, open_fabric(library, *parts->info));
  CP_TRY_ASSIGN(parts->events, open_event_queue(*library, *parts->fabric.fabric));
  fid_pep* endpoint = nullptr;
  CP_TRY(check(*library,
               fi_passive_ep(parts->fabric.fabric.get(), parts->info.get(), &endpoint, nullptr),
               "fi_passive_ep"));
  parts->endpoint.reset(endpoint);
  CP_TRY(check(*library, fi_pep_bind(endpoint, &parts->events->fid, 0), "fi_pep_bind"));
  CP_TRY(check(*library, fi_listen(endpoint), "fi_listen"));
  CP_TRY_ASSIGN(parts->port, port_of(*library, *endpoint));
  return std::make_unique<Listener>(std::move(parts));
}

Result<std::unique_ptr<Connection>> Listener::accept(const Accepts& accepts,
                                                     std::chrono::nanoseconds patience,
                                                     const std::stop_token& stop) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  const Library& library = *parts_->fabric.library;
  while (true) {
    CP_TRY_ASSIGN(const CmEvent event, next_event(library, *parts_->events, deadline, stop));
    if (event.kind != FI_CONNREQ || event.info == nullptr) {
      continue;
    }
    Info info(event.info, {parts_->fabric.library});
    const auto answer = accepts(event.data);
    if (!answer) {
      fi_reject(parts_->endpoint.get(), info->handle, nullptr, 0);
      continue;
    }
    CP_TRY_ASSIGN(auto parts, make_endpoint(parts_->fabric, std::move(info)));
    CP_TRY(check(library, fi_accept(parts->endpoint.get(), answer->data(), answer->size()),
                 "fi_accept"));
    return finish_connecting(std::move(parts), "", deadline, stop);
  }
}

}  // namespace cp::fabric
