// SPDX-License-Identifier: Apache-2.0
#include "transfer/rail_host.hpp"

#include "fabric/listener.hpp"
#include "net/tcp_stream.hpp"
#include "transfer/fabric_rail.hpp"
#include "transfer/preface.hpp"
#include "transfer/tcp_door.hpp"

#include <algorithm>

namespace cp::transfer {
namespace {

class TcpHost final : public RailHost {
 public:
  TcpHost(RailDesk& desk, std::vector<RailKeys> rails) : reservation_(desk, std::move(rails)) {}

  void offer(Opened& /*opened*/) const override {}
  Result<Carriers> collect(std::chrono::nanoseconds patience, std::stop_token stop) override {
    return reservation_.collect(patience, std::move(stop));
  }

 private:
  RailDesk::Reservation reservation_;
};

/// Streams of connections of ssh: as many as the client could open.
class DoorHost final : public RailHost {
 public:
  DoorHost(RailDesk& desk, std::vector<RailKeys> rails, std::string door)
      : reservation_(desk, std::move(rails)), door_(std::move(door)) {}

  void offer(Opened& opened) const override { opened.door = door_; }
  Result<Carriers> collect(std::chrono::nanoseconds /*patience*/,
                           std::stop_token /*stop*/) override {
    Carriers carriers = reservation_.take_arrived();
    return carriers.empty() ? Result<Carriers>(fail(Errc::protocol, "the other end has no stream"))
                            : std::move(carriers);
  }
  bool waits_for_client() const override { return true; }

 private:
  RailDesk::Reservation reservation_;
  std::string door_;
};

/// TCP streams of a session that ssh carries, which come to a port of its own.
class TcpDoorHost final : public RailHost {
 public:
  TcpDoorHost(std::unique_ptr<TcpDoor> door, std::string address, RailDesk& desk,
              std::vector<RailKeys> rails)
      : door_(std::move(door)), address_(std::move(address)), host_(desk, std::move(rails)) {}

  void offer(Opened& opened) const override {
    opened.address = address_;
    opened.port = door_->port();
  }
  Result<Carriers> collect(std::chrono::nanoseconds patience, std::stop_token stop) override {
    return host_.collect(patience, std::move(stop));
  }

 private:
  std::unique_ptr<TcpDoor> door_;
  std::string address_;
  TcpHost host_;
};

Result<std::unique_ptr<RailHost>> make_tcp_host(RailWish wish, RailDesk& desk) {
  if (wish.door.empty()) {
    return std::make_unique<TcpHost>(desk, std::move(wish.rails));
  }
  const std::string& host = wish.asked_address.empty() ? wish.host : wish.asked_address;
  const auto address = net::IpAddress::parse(host);
  if (!address) {
    return fail(Errc::unavailable, "nobody knows at which address this host was reached");
  }
  auto door = TcpDoor::open(*address, wish.ports, desk);
  if (!door && !wish.asked_address.empty()) {
    // What others call this host may be no address of its own.
    door = TcpDoor::open(net::IpAddress::any(address->family), wish.ports, desk);
  }
  if (!door) {
    return tl::unexpected<Error>(door.error());
  }
  return std::make_unique<TcpDoorHost>(*std::move(door), host, desk, std::move(wish.rails));
}

class FabricHost final : public RailHost {
 public:
  FabricHost(std::unique_ptr<fabric::Listener> listener, std::string provider,
             std::vector<RailKeys> rails)
      : listener_(std::move(listener)), provider_(std::move(provider)), rails_(std::move(rails)) {}

  void offer(Opened& opened) const override {
    opened.provider = provider_;
    opened.port = listener_->port();
  }
  Result<Carriers> collect(std::chrono::nanoseconds patience, std::stop_token stop) override {
    Carriers carriers;
    while (!rails_.empty()) {
      // Each claim is good for once.
      RailKeys keys;
      const auto take = [&](std::string_view claim) -> std::optional<std::string> {
        const auto found = std::ranges::find_if(
            rails_, [&](const RailKeys& rail) { return same_secret(claim, rail.claim); });
        if (found == rails_.end()) {
          return std::nullopt;
        }
        keys = *found;
        rails_.erase(found);
        return keys.answer;
      };
      CP_TRY_ASSIGN(auto connection, listener_->accept(take, patience, stop));
      carriers.push_back(make_fabric_carrier(std::move(connection), keys.of_server()));
    }
    return carriers;
  }

 private:
  std::unique_ptr<fabric::Listener> listener_;
  std::string provider_;
  std::vector<RailKeys> rails_;
};

Result<std::unique_ptr<RailHost>> make_fabric_host(RailWish wish, fabric::Loader& fabrics) {
  CP_TRY_ASSIGN(auto library, fabrics.get());
  std::string provider =
      wish.provider.empty() ? std::string(fabric::default_provider) : wish.provider;
  CP_TRY_ASSIGN(auto listener, fabric::Listener::open(std::move(library), provider, wish.host));
  return std::make_unique<FabricHost>(std::move(listener), std::move(provider),
                                      std::move(wish.rails));
}

Result<Carriers> connect_fabric(const Opened& opened, const std::vector<RailKeys>& rails,
                                const net::Endpoint& server, fabric::Loader& fabrics,
                                std::chrono::nanoseconds patience, const std::stop_token& stop) {
  CP_TRY_ASSIGN(const auto library, fabrics.get());
  Carriers carriers;
  for (const RailKeys& keys : rails) {
    CP_TRY_ASSIGN(auto connection, fabric::Connection::connect(
                                       library, opened.provider, server.address.to_string(),
                                       opened.port, keys.claim, keys.answer, patience, stop));
    carriers.push_back(make_fabric_carrier(std::move(connection), keys.of_client()));
  }
  return carriers;
}

Result<Carriers> connect_tcp(const std::vector<RailKeys>& rails, const net::Endpoint& server,
                             std::chrono::nanoseconds patience, const std::stop_token& stop) {
  std::vector<std::unique_ptr<net::TcpStream>> streams;
  for (const RailKeys& keys : rails) {
    CP_TRY_ASSIGN(auto stream, net::TcpStream::connect(server, patience, stop));
    CP_TRY(stream.send(encode(Preface{.purpose = Purpose::rail}),
                       std::as_bytes(std::span(keys.claim))));
    streams.push_back(std::make_unique<net::TcpStream>(std::move(stream)));
  }
  const SteadyTime deadline = SystemClock().steady() + patience;
  Carriers carriers;
  for (std::size_t i = 0; i < rails.size(); ++i) {
    const std::stop_callback interrupt(stop, [&] { streams[i]->shutdown(); });
    CP_TRY(hear_rail_answer(*streams[i], rails[i], deadline));
    carriers.push_back(make_stream_carrier(std::move(streams[i]), rails[i].of_client()));
  }
  return carriers;
}

}  // namespace

Result<std::unique_ptr<RailHost>> make_rail_host(RailWish wish, RailDesk& desk,
                                                 fabric::Loader& fabrics) {
  if (wish.kind == RailChoice::fabric) {
    return make_fabric_host(std::move(wish), fabrics);
  }
  if (wish.kind == RailChoice::ssh) {
    return std::make_unique<DoorHost>(desk, std::move(wish.rails), wish.door);
  }
  return make_tcp_host(std::move(wish), desk);
}

Result<Carriers> connect_rails(const Opened& opened, const std::vector<RailKeys>& rails,
                               const net::Endpoint& server, fabric::Loader& fabrics,
                               std::chrono::nanoseconds patience, const std::stop_token& stop) {
  return opened.provider.empty() ? connect_tcp(rails, server, patience, stop)
                                 : connect_fabric(opened, rails, server, fabrics, patience, stop);
}

}  // namespace cp::transfer
