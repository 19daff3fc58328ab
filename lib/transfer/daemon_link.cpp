// SPDX-License-Identifier: Apache-2.0
#include "transfer/daemon_link.hpp"

#include "net/host_port.hpp"
#include "net/tcp_path.hpp"
#include "net/tcp_stream.hpp"
#include "transfer/limits.hpp"
#include "transfer/preface.hpp"
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

Result<void> DaemonLink::check_addresses(const std::vector<net::Endpoint>& addresses) const {
  for (const net::Endpoint& address : addresses) {
    if (settings_.anonymous && !address.address.is_loopback()) {
      return fail(Errc::denied,
                  "{} is no loopback address: clear service is for this machine alone",
                  address.address.to_string());
    }
  }
  return {};
}

Result<std::unique_ptr<net::Stream>> DaemonLink::secure(net::TcpStream tcp,
                                                        const std::stop_token& stop) {
  CP_TRY_ASSIGN(const auto context, net::TlsContext::client(settings_.trust, tls_protocol));
  const bool is_loopback = peer_.address.is_loopback();
  auto connection = context->connect(std::move(tcp), location_.host,
                                     SystemClock().steady() + limits::connect_patience, stop);
  if (!connection) {
    return connection.error().code == Errc::protocol && is_loopback
               ? with_hint(tl::unexpected<Error>(connection.error()),
                           "a server in clear text on this machine wants --anonymous")
               : tl::unexpected<Error>(connection.error());
  }
  CP_TRY(connection->stream->set_patience(settings_.silence));
  binding_ = connection->exporter;
  return std::move(connection->stream);
}

Result<std::unique_ptr<net::Stream>> DaemonLink::connect(const std::stop_token& stop) {
  CP_TRY_ASSIGN(const auto addresses, net::resolve({location_.host, location_.port}));
  CP_TRY(check_addresses(addresses));
  CP_TRY_ASSIGN(auto stream, connect_to_any(addresses, stop));
  peer_ = stream.peer();
  round_trip_ = net::tcp_round_trip(stream.fd());
  if (!settings_.anonymous) {
    return secure(std::move(stream), stop);
  }
  CP_TRY(stream.set_patience(settings_.silence));
  return std::make_unique<net::TcpStream>(std::move(stream));
}

Result<void> DaemonLink::prepare(Open& open, const Hello& /*far*/) {
  open.sealed = !settings_.anonymous;
  open.token = settings_.token;
  if (open.rail == RailChoice::fabric && !open.dry_run) {
    // While the server loads its own.
    fabrics_.start();
  }
  return {};
}

Result<Carriers> DaemonLink::open_rails(const RailPlace& place, const std::vector<RailKeys>& rails,
                                        const std::stop_token& stop) {
  return connect_rails(place, rails, peer_, fabrics_, limits::connect_patience, stop);
}

}  // namespace cp::transfer
