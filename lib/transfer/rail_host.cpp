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
  TcpHost(RailDesk& desk, std::size_t streams) : reservation_(desk, streams) {}

  void offer(Opened& opened) const override { opened.tokens = reservation_.tokens(); }
  Result<Carriers> collect(std::chrono::nanoseconds patience, std::stop_token stop) override {
    CP_TRY_ASSIGN(auto streams, reservation_.collect(patience, std::move(stop)));
    Carriers carriers;
    for (auto& stream : streams) {
      carriers.push_back(make_stream_carrier(std::move(stream)));
    }
    return carriers;
  }

 private:
  RailDesk::Reservation reservation_;
};

/// Streams of connections of ssh: as many as the client could open.
class DoorHost final : public RailHost {
 public:
  DoorHost(RailDesk& desk, std::size_t streams, std::string door)
      : reservation_(desk, streams), door_(std::move(door)) {}

  void offer(Opened& opened) const override {
    opened.tokens = reservation_.tokens();
    opened.door = door_;
  }
  Result<Carriers> collect(std::chrono::nanoseconds /*patience*/,
                           std::stop_token /*stop*/) override {
    Carriers carriers;
    for (auto& stream : reservation_.take_arrived()) {
      carriers.push_back(make_stream_carrier(std::move(stream)));
    }
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
              std::size_t streams)
      : door_(std::move(door)), address_(std::move(address)), host_(desk, streams) {}

  void offer(Opened& opened) const override {
    host_.offer(opened);
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

Result<std::unique_ptr<RailHost>> make_tcp_host(const RailWish& wish, RailDesk& desk) {
  if (wish.door.empty()) {
    return std::make_unique<TcpHost>(desk, wish.streams);
  }
  const auto address = net::IpAddress::parse(wish.host);
  if (!address) {
    return fail(Errc::unavailable, "nobody knows at which address this host was reached");
  }
  CP_TRY_ASSIGN(auto door, TcpDoor::open(*address, desk));
  return std::make_unique<TcpDoorHost>(std::move(door), wish.host, desk, wish.streams);
}

class FabricHost final : public RailHost {
 public:
  FabricHost(std::unique_ptr<fabric::Listener> listener, std::string provider,
             std::vector<std::string> tokens)
      : listener_(std::move(listener)),
        provider_(std::move(provider)),
        tokens_(std::move(tokens)) {}

  void offer(Opened& opened) const override {
    opened.tokens = tokens_;
    opened.provider = provider_;
    opened.port = listener_->port();
  }
  Result<Carriers> collect(std::chrono::nanoseconds patience, std::stop_token stop) override {
    Carriers carriers;
    while (!tokens_.empty()) {
      // Each token is good for once.
      const auto take = [this](std::string_view token) { return std::erase(tokens_, token) != 0; };
      CP_TRY_ASSIGN(auto connection, listener_->accept(take, patience, stop));
      carriers.push_back(make_fabric_carrier(std::move(connection)));
    }
    return carriers;
  }

 private:
  std::unique_ptr<fabric::Listener> listener_;
  std::string provider_;
  std::vector<std::string> tokens_;
};

Result<std::unique_ptr<RailHost>> make_fabric_host(const RailWish& wish, fabric::Loader& fabrics,
                                                   Random& random) {
  CP_TRY_ASSIGN(auto library, fabrics.get());
  std::string provider =
      wish.provider.empty() ? std::string(fabric::default_provider) : wish.provider;
  CP_TRY_ASSIGN(auto listener, fabric::Listener::open(std::move(library), provider, wish.host));
  std::vector<std::string> tokens(wish.streams);
  std::ranges::generate(tokens, [&] { return make_token(random); });
  return std::make_unique<FabricHost>(std::move(listener), std::move(provider), std::move(tokens));
}

Result<Carriers> connect_fabric(const Opened& opened, const net::Endpoint& server,
                                fabric::Loader& fabrics, std::chrono::nanoseconds patience,
                                const std::stop_token& stop) {
  CP_TRY_ASSIGN(const auto library, fabrics.get());
  Carriers carriers;
  for (const std::string& token : opened.tokens) {
    CP_TRY_ASSIGN(auto connection,
                  fabric::Connection::connect(library, opened.provider, server.address.to_string(),
                                              opened.port, token, patience, stop));
    carriers.push_back(make_fabric_carrier(std::move(connection)));
  }
  return carriers;
}

Result<Carriers> connect_tcp(const Opened& opened, const net::Endpoint& server,
                             std::chrono::nanoseconds patience, const std::stop_token& stop) {
  Carriers carriers;
  for (const std::string& token : opened.tokens) {
    CP_TRY_ASSIGN(auto stream, net::TcpStream::connect(server, patience, stop));
    CP_TRY(stream.send(encode(Preface{.purpose = Purpose::rail}), std::as_bytes(std::span(token))));
    carriers.push_back(make_stream_carrier(std::make_unique<net::TcpStream>(std::move(stream))));
  }
  return carriers;
}

}  // namespace

Result<std::unique_ptr<RailHost>> make_rail_host(const RailWish& wish, RailDesk& desk,
                                                 fabric::Loader& fabrics, Random& random) {
  if (wish.kind == RailChoice::fabric) {
    return make_fabric_host(wish, fabrics, random);
  }
  if (wish.kind == RailChoice::ssh) {
    return std::make_unique<DoorHost>(desk, wish.streams, wish.door);
  }
  return make_tcp_host(wish, desk);
}

Result<Carriers> connect_rails(const Opened& opened, const net::Endpoint& server,
                               fabric::Loader& fabrics, std::chrono::nanoseconds patience,
                               const std::stop_token& stop) {
  return opened.provider.empty() ? connect_tcp(opened, server, patience, stop)
                                 : connect_fabric(opened, server, fabrics, patience, stop);
}

}  // namespace cp::transfer
