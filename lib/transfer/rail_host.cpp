// SPDX-License-Identifier: Apache-2.0
#include "transfer/rail_host.hpp"

#include "base/random.hpp"
#include "base/thread.hpp"
#include "fabric/listener.hpp"
#include "fabric/provider.hpp"
#include "fabric/rdm_endpoint.hpp"
#include "net/tcp_stream.hpp"
#include "transfer/fabric_rail.hpp"
#include "transfer/preface.hpp"
#include "transfer/rail_door.hpp"
#include "transfer/rdm_carrier.hpp"
#include "transfer/tcp_door.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <future>

namespace cp::transfer {
namespace {

using fabric::Manner;

constexpr const char* kReliableEndpoints = "rdm";
constexpr const char* kConnectedEndpoints = "msg";

SteadyTime deadline_of(std::chrono::nanoseconds patience) {
  return SystemClock().steady() + patience;
}

class TcpHost final : public RailHost {
 public:
  TcpHost(RailDesk& desk, std::vector<RailKeys> rails, std::size_t more)
      : at_once_(rails.size() - more), reservation_(desk, std::move(rails)) {}

  void offer(RailPlace& /*place*/) const override {}
  Result<Carriers> collect(std::chrono::nanoseconds patience, std::stop_token stop) override {
    return reservation_.collect(at_once_, patience, std::move(stop));
  }
  Carriers take_more() override { return reservation_.take_arrived(); }

 private:
  std::size_t at_once_;
  RailDesk::Reservation reservation_;
};

/// Streams of connections of ssh: as many as the client could open.
class DoorHost final : public RailHost {
 public:
  DoorHost(RailDesk& desk, std::vector<RailKeys> rails, std::string door)
      : reservation_(desk, std::move(rails)), door_(std::move(door)) {}

  void offer(RailPlace& place) const override { place.door = door_; }
  Result<Carriers> collect(std::chrono::nanoseconds /*patience*/,
                           std::stop_token /*stop*/) override {
    Carriers carriers = reservation_.take_arrived();
    return carriers.empty() ? Result<Carriers>(fail(Errc::protocol, "the other end has no stream"))
                            : std::move(carriers);
  }
  Carriers take_more() override { return reservation_.take_arrived(); }
  bool waits_for_client() const override { return true; }

 private:
  RailDesk::Reservation reservation_;
  std::string door_;
};

/// TCP streams of a session that ssh carries, which come to a port of its own.
class TcpDoorHost final : public RailHost {
 public:
  TcpDoorHost(std::unique_ptr<TcpDoor> door, std::string address, RailDesk& desk,
              std::vector<RailKeys> rails, std::size_t more)
      : door_(std::move(door)), address_(std::move(address)), host_(desk, std::move(rails), more) {}

  void offer(RailPlace& place) const override {
    place.address = address_;
    place.port = door_->port();
  }
  Result<Carriers> collect(std::chrono::nanoseconds patience, std::stop_token stop) override {
    return host_.collect(patience, std::move(stop));
  }
  Carriers take_more() override { return host_.take_more(); }

 private:
  std::unique_ptr<TcpDoor> door_;
  std::string address_;
  TcpHost host_;
};

Result<std::unique_ptr<RailHost>> make_tcp_host(RailWish wish, RailDesk& desk) {
  if (wish.door.empty()) {
    return std::make_unique<TcpHost>(desk, std::move(wish.rails), wish.more);
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
  return std::make_unique<TcpDoorHost>(*std::move(door), host, desk, std::move(wish.rails),
                                       wish.more);
}

class FabricHost final : public RailHost {
 public:
  FabricHost(std::unique_ptr<fabric::Listener> listener, std::string provider, std::string address,
             std::vector<RailKeys> rails)
      : listener_(std::move(listener)),
        provider_(std::move(provider)),
        address_(std::move(address)),
        rails_(std::move(rails)) {}

  void offer(RailPlace& place) const override {
    place.provider = provider_;
    place.port = listener_->port();
    place.address = address_;
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
  std::string address_;
  std::vector<RailKeys> rails_;
};

/// Endpoints without connections, each beside a stream: of TCP, or in shared memory one that a door
/// lets in, which proves that both ends are one user's on one host.
class RdmHost final : public RailHost {
 public:
  RdmHost(std::shared_ptr<const fabric::Library> library, std::string provider,
          std::vector<RailKeys> rails, RailDesk& desk, std::unique_ptr<RailDoor> door)
      : library_(std::move(library)),
        provider_(std::move(provider)),
        count_(rails.size()),
        reservation_(desk, std::move(rails)),
        door_(std::move(door)) {}

  void offer(RailPlace& place) const override {
    place.provider = provider_;
    place.endpoint = kReliableEndpoints;
    place.door = door_ ? door_->name() : "";
  }
  Result<Carriers> collect(std::chrono::nanoseconds patience, std::stop_token stop) override {
    const SteadyTime deadline = deadline_of(patience);
    CP_TRY_ASSIGN(auto streams, reservation_.collect_streams(count_, patience, stop));
    std::vector<Meeting> meetings;
    for (ProvenStream& proven : streams) {
      meetings.push_back({std::move(proven.stream), proven.keys.of_server()});
    }
    return make_rdm_carriers(library_, provider_, SessionEnd::server, std::move(meetings), deadline,
                             stop);
  }

 private:
  std::shared_ptr<const fabric::Library> library_;
  std::string provider_;
  std::size_t count_;
  RailDesk::Reservation reservation_;
  std::unique_ptr<RailDoor> door_;
};

Result<std::unique_ptr<RailHost>> make_rdm_host(RailWish wish, RailDesk& desk,
                                                std::shared_ptr<const fabric::Library> library) {
  if (fabric::manner_of(wish.provider) == Manner::writes && !wish.door.empty()) {
    return fail(Errc::unavailable, "{} goes beside plain streams, which ssh has no port for",
                wish.provider);
  }
  CP_TRY(fabric::RdmEndpoint::look_for(library, wish.provider, wish.host));
  std::unique_ptr<RailDoor> door;
  if (fabric::manner_of(wish.provider) == Manner::shared_memory) {
    KernelRandom random;
    CP_TRY_ASSIGN(door, RailDoor::open(desk, random));
  }
  return std::make_unique<RdmHost>(std::move(library), std::move(wish.provider),
                                   std::move(wish.rails), desk, std::move(door));
}

Result<std::unique_ptr<RailHost>> make_fabric_host(RailWish wish, RailDesk& desk,
                                                   fabric::Loader& fabrics) {
  CP_TRY_ASSIGN(auto library, fabrics.get());
  std::string provider =
      wish.provider.empty() ? std::string(fabric::default_provider) : wish.provider;
  if (fabric::manner_of(provider) != Manner::connected) {
    return make_rdm_host(std::move(wish), desk, std::move(library));
  }
  const bool is_beside_ssh = !wish.door.empty();
  if (is_beside_ssh && wish.host.empty()) {
    return fail(Errc::unavailable, "nobody knows at which address this host was reached");
  }
  CP_TRY_ASSIGN(auto listener, fabric::Listener::open(std::move(library), provider, wish.host));
  return std::make_unique<FabricHost>(std::move(listener), std::move(provider),
                                      is_beside_ssh ? wish.host : "", std::move(wish.rails));
}

Result<Carriers> connect_endpoints(const std::shared_ptr<const fabric::Library>& library,
                                   const RailPlace& place, const std::vector<RailKeys>& rails,
                                   const net::Endpoint& server, std::chrono::nanoseconds patience,
                                   const std::stop_token& stop) {
  Carriers carriers;
  for (const RailKeys& keys : rails) {
    CP_TRY_ASSIGN(auto connection,
                  fabric::Connection::connect(library, place.provider, server.address.to_string(),
                                              place.port, keys.claim, keys.answer, patience, stop));
    carriers.push_back(make_fabric_carrier(std::move(connection), keys.of_client()));
  }
  return carriers;
}

using Streams = std::vector<std::unique_ptr<net::Stream>>;

// Each hears from the server that it has the session's key.
Result<void> hear_answers(const Streams& streams, const std::vector<RailKeys>& rails,
                          SteadyTime deadline, const std::stop_token& stop) {
  for (std::size_t i = 0; i < rails.size(); ++i) {
    const std::stop_callback interrupt(stop, [&] { streams[i]->shutdown(); });
    CP_TRY(hear_rail_answer(*streams[i], rails[i], deadline));
  }
  return {};
}

Result<std::unique_ptr<net::Stream>> open_one(const RailKeys& keys, const net::Endpoint& server,
                                              std::chrono::nanoseconds patience,
                                              const std::stop_token& stop) {
  CP_TRY_ASSIGN(auto connected, net::TcpStream::connect(server, patience, stop));
  std::unique_ptr<net::Stream> opened = std::make_unique<net::TcpStream>(std::move(connected));
  // It outlives the callback, which may still run while it is being returned.
  net::Stream& stream = *opened;
  CP_TRY(
      stream.send(encode(Preface{.purpose = Purpose::rail}), std::as_bytes(std::span(keys.claim))));
  const std::stop_callback interrupt(stop, [&stream] { stream.shutdown(); });
  CP_TRY(hear_rail_answer(stream, keys, deadline_of(patience)));
  return opened;
}

// All at once: each takes two round trips.
Result<Streams> open_tcp(const std::vector<RailKeys>& rails, const net::Endpoint& server,
                         std::chrono::nanoseconds patience, const std::stop_token& stop) {
  std::vector<std::future<Result<std::unique_ptr<net::Stream>>>> opening;
  for (const RailKeys& keys : rails) {
    opening.push_back(std::async(with_a_thread_if_any, open_one, std::cref(keys), std::cref(server),
                                 patience, std::cref(stop)));
  }
  Streams streams;
  Result<void> failed;
  for (auto& one : opening) {
    if (auto stream = one.get()) {
      streams.push_back(*std::move(stream));
    } else if (failed) {
      failed = tl::unexpected<Error>(stream.error());
    }
  }
  CP_TRY(failed);
  return streams;
}

Result<Streams> open_at_door(const RailPlace& place, const std::vector<RailKeys>& rails,
                             std::chrono::nanoseconds patience, const std::stop_token& stop) {
  Streams streams;
  for (const RailKeys& keys : rails) {
    auto stream = enter(place.door, keys.claim);
    if (!stream) {
      return with_hint(fail(Errc::unavailable,
                            "memory is shared with a server of the same user on this host alone"),
                       "--rail tcp goes there");
    }
    streams.push_back(*std::move(stream));
  }
  const SteadyTime deadline = deadline_of(patience);
  for (const auto& stream : streams) {
    std::array<std::byte, Preface::encoded_bytes> preface{};
    CP_TRY(stream->receive_all(preface, deadline));
    CP_TRY(decode_preface(preface));
  }
  CP_TRY(hear_answers(streams, rails, deadline, stop));
  return streams;
}

Result<Carriers> connect_rdm(const std::shared_ptr<const fabric::Library>& library,
                             const RailPlace& place, const std::vector<RailKeys>& rails,
                             const net::Endpoint& server, std::chrono::nanoseconds patience,
                             const std::stop_token& stop) {
  const bool by_tcp = fabric::manner_of(place.provider) == Manner::writes;
  CP_TRY_ASSIGN(auto streams, by_tcp ? open_tcp(rails, server, patience, stop)
                                     : open_at_door(place, rails, patience, stop));
  std::vector<Meeting> meetings;
  for (std::size_t i = 0; i < rails.size(); ++i) {
    meetings.push_back({std::move(streams[i]), rails[i].of_client()});
  }
  return make_rdm_carriers(library, place.provider, SessionEnd::client, std::move(meetings),
                           deadline_of(patience), stop);
}

Result<Carriers> connect_fabric(const RailPlace& place, const std::vector<RailKeys>& rails,
                                const net::Endpoint& server, fabric::Loader& fabrics,
                                std::chrono::nanoseconds patience, const std::stop_token& stop) {
  CP_TRY_ASSIGN(const auto library, fabrics.get());
  const bool is_connected = fabric::manner_of(place.provider) == Manner::connected;
  if (place.endpoint != (is_connected ? kConnectedEndpoints : kReliableEndpoints)) {
    return fail(Errc::unavailable, "the other end uses {} in a way that this cpxfer does not know",
                place.provider);
  }
  return is_connected ? connect_endpoints(library, place, rails, server, patience, stop)
                      : connect_rdm(library, place, rails, server, patience, stop);
}

Result<Carriers> connect_tcp(const std::vector<RailKeys>& rails, const net::Endpoint& server,
                             std::chrono::nanoseconds patience, const std::stop_token& stop) {
  CP_TRY_ASSIGN(auto streams, open_tcp(rails, server, patience, stop));
  Carriers carriers;
  for (std::size_t i = 0; i < rails.size(); ++i) {
    carriers.push_back(make_stream_carrier(std::move(streams[i]), rails[i].of_client()));
  }
  return carriers;
}

}  // namespace

Result<std::unique_ptr<RailHost>> make_rail_host(RailWish wish, RailDesk& desk,
                                                 fabric::Loader& fabrics) {
  if (wish.kind == RailChoice::fabric) {
    return make_fabric_host(std::move(wish), desk, fabrics);
  }
  if (wish.kind == RailChoice::ssh) {
    return std::make_unique<DoorHost>(desk, std::move(wish.rails), wish.door);
  }
  return make_tcp_host(std::move(wish), desk);
}

Result<Carriers> connect_rails(const RailPlace& place, const std::vector<RailKeys>& rails,
                               const net::Endpoint& server, fabric::Loader& fabrics,
                               std::chrono::nanoseconds patience, const std::stop_token& stop) {
  return place.provider.empty() ? connect_tcp(rails, server, patience, stop)
                                : connect_fabric(place, rails, server, fabrics, patience, stop);
}

}  // namespace cp::transfer
