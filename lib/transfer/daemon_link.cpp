// SPDX-License-Identifier: Apache-2.0
#include "transfer/daemon_link.hpp"

#include "net/host_port.hpp"
#include "net/tcp_stream.hpp"
#include "transfer/limits.hpp"
#include "transfer/rail_host.hpp"

namespace cp::transfer {
namespace {

Result<net::TcpStream> connect_to_any(const std::vector<net::Endpoint>& addresses,
                                      const std::stop_token& stop) {
  Result<net::TcpStream> stream = fail(Errc::not_found, "the host has no address");
  for (const net::Endpoint& address : addresses) {
    stream = net::TcpStream::connect(address, limits::connect_patience, stop);
    if (stream) {
      break;
    }
  }
  return stream;
}

}  // namespace

Result<std::unique_ptr<net::Stream>> DaemonLink::connect(const std::stop_token& stop) {
  CP_TRY_ASSIGN(const auto addresses, net::resolve({location_.host, location_.port}));
  for (const net::Endpoint& address : addresses) {
    if (!address.address.is_loopback()) {
      return fail(Errc::denied,
                  "{} is no loopback address: clear service is for this machine alone",
                  address.address.to_string());
    }
  }
  CP_TRY_ASSIGN(auto stream, connect_to_any(addresses, stop));
  CP_TRY(stream.set_patience(silence_));
  peer_ = stream.peer();
  return std::make_unique<net::TcpStream>(std::move(stream));
}

Result<void> DaemonLink::prepare(Open& open, const Hello& /*far*/) {
  if (open.rail == RailChoice::fabric && !open.dry_run) {
    // While the server loads its own.
    fabrics_.start();
  }
  return {};
}

Result<Carriers> DaemonLink::open_rails(const Opened& opened, const std::vector<RailKeys>& rails,
                                        const std::stop_token& stop) {
  return connect_rails(opened, rails, peer_, fabrics_, limits::connect_patience, stop);
}

}  // namespace cp::transfer
