// SPDX-License-Identifier: Apache-2.0
#include "transfer/relay_link.hpp"

#include "fabric/loader.hpp"
#include "net/host_port.hpp"
#include "transfer/limits.hpp"
#include "transfer/rail_door.hpp"
#include "transfer/rail_host.hpp"

namespace cp::transfer {

Result<std::unique_ptr<net::Stream>> RelayLink::connect(const std::stop_token& /*stop*/) {
  CP_TRY_ASSIGN(auto stream, relay_.take_stream());
  CP_TRY(stream->set_patience(settings_.silence));
  return stream;
}

Result<void> RelayLink::prepare(Open& open, const Hello& far) {
  open.sealed = settings_.seals_always || !(settings_.trusts_network || is_here(far.door));
  if (!settings_.data_host.empty()) {
    CP_TRY_ASSIGN(const auto addresses, net::resolve({settings_.data_host, 0}));
    open.data_address = addresses.front().address.to_string();
  }
  return {};
}

Result<Carriers> RelayLink::open_rails(const RailPlace& place, const std::vector<RailKeys>& rails,
                                       const std::stop_token& stop) {
  const auto address = net::IpAddress::parse(place.address);
  if (!address || place.port == 0) {
    return fail(Errc::protocol, "the other end has no address for streams");
  }
  fabric::Loader none;
  auto carriers =
      connect_rails(place, rails, {*address, place.port}, none, limits::connect_patience, stop);
  if (!carriers && !stop.stop_requested()) {
    relay_.note_no_way();
  }
  return carriers;
}

Error RelayLink::explain(Error error) { return relay_.last_words().value_or(std::move(error)); }

}  // namespace cp::transfer
