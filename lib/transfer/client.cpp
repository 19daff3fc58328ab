// SPDX-License-Identifier: Apache-2.0
#include "transfer/client.hpp"

#include "net/host_port.hpp"
#include "transfer/limits.hpp"
#include "transfer/preface.hpp"
#include "transfer/rail_host.hpp"

#include <array>

namespace cp::transfer {
namespace {

constexpr auto kConnectPatience = std::chrono::seconds(10);

Result<net::TcpStream> connect_to_any(const std::vector<net::Endpoint>& addresses,
                                      const std::stop_token& stop) {
  Result<net::TcpStream> stream = fail(Errc::not_found, "the host has no address");
  for (const net::Endpoint& address : addresses) {
    stream = net::TcpStream::connect(address, kConnectPatience, stop);
    if (stream) {
      break;
    }
  }
  return stream;
}

}  // namespace

Client::Client(net::TcpStream stream, std::chrono::nanoseconds silence, std::stop_token stop)
    : control_(std::move(stream), silence), silence_(silence), stop_(std::move(stop)) {}

Result<std::unique_ptr<Client>> Client::connect(const Location& location,
                                                std::chrono::nanoseconds silence,
                                                std::stop_token stop) {
  CP_TRY_ASSIGN(const auto addresses, net::resolve({location.host, location.port}));
  for (const net::Endpoint& address : addresses) {
    if (!address.address.is_loopback()) {
      return fail(Errc::denied,
                  "{} is no loopback address: clear service is for this machine alone",
                  address.address.to_string());
    }
  }
  CP_TRY_ASSIGN(auto stream, connect_to_any(addresses, stop));
  CP_TRY(stream.set_patience(silence));
  auto client = std::make_unique<Client>(std::move(stream), silence, stop);
  const std::stop_callback interrupt(stop, [&] { client->control_.shutdown(); });
  CP_TRY(client->greet());
  return client;
}

Result<void> Client::greet() {
  net::TcpStream& stream = control_.stream();
  CP_TRY(stream.send(encode(Preface{.purpose = Purpose::control})));
  std::array<std::byte, Preface::encoded_bytes> bytes{};
  CP_TRY_ASSIGN(const std::size_t have,
                stream.receive_all(bytes, SystemClock().steady() + silence_));
  if (have != bytes.size()) {
    return fail(Errc::protocol, "the other end is no cpxfer");
  }
  CP_TRY(decode_preface(bytes));
  CP_TRY(control_.send(MessageType::hello,
                       to_text(Hello{.version = CP_VERSION, .chunk_bytes = limits::chunk_bytes})));
  CP_TRY_ASSIGN(const Message hello, control_.expect(MessageType::hello));
  CP_TRY(parse_hello(hello.body));
  return {};
}

Result<Opened> Client::open(const Open& open) {
  const std::stop_callback interrupt(stop_, [this] { control_.shutdown(); });
  if (open.rail == RailChoice::fabric && !open.dry_run) {
    // While the server loads its own.
    fabrics_.start();
  }
  CP_TRY(control_.send(MessageType::open, to_text(open)));
  CP_TRY_ASSIGN(const Message message, control_.expect(MessageType::opened));
  return parse_opened(message.body);
}

Result<Carriers> Client::connect_rails(const Opened& opened) {
  CP_TRY_ASSIGN(auto carriers, transfer::connect_rails(opened, control_.stream().peer(), fabrics_,
                                                       kConnectPatience, stop_));
  CP_TRY(control_.send(MessageType::rails_ready, "{}"));
  return carriers;
}

}  // namespace cp::transfer
