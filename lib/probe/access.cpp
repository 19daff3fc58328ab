// SPDX-License-Identifier: Apache-2.0
#include "probe/access.hpp"

#include "identity/resolved.hpp"
#include "model/json.hpp"
#include "probe/target.hpp"

#include <algorithm>
#include <array>

namespace cp::probe {
namespace {

std::string reason_of_trust(const std::string& trust, bool allow_unsigned) {
  if (trust == "verified" || (trust == "unsigned" && allow_unsigned)) {
    return "";
  }
  return trust == "unsigned" ? "unsigned" : "verification_failed";
}

void take_entry(const model::Json& entry, ProbeAccess& access) {
  const std::string role = model::text_at(entry, "role").value_or("");
  const std::string url = model::text_at(entry, "url").value_or("");
  if (role == "probe") {
    // Of an open set of URL types, those of other probes are not for us.
    if (auto host = parse_stamp_url(url)) {
      access.reflectors.push_back(std::move(*host));
    }
  } else if (role == "launch" && url == "local:") {
    access.is_this_machine = access.is_own;
  }
}

}  // namespace

ProbeAccess access_of(const identity::Resolved& resource, bool allow_unsigned) {
  ProbeAccess access;
  access.is_own = resource.own_authority && resource.trust == "verified";
  access.resource = std::make_shared<const identity::Resolved>(resource);
  access.reason = reason_of_trust(resource.trust, allow_unsigned);
  if (!access.reason.empty()) {
    return access;
  }
  const model::Json* entries = model::find(resource.record, "access");
  if (entries != nullptr && entries->is_array()) {
    for (const model::Json& entry : *entries) {
      take_entry(entry, access);
    }
  }
  if (access.reflectors.empty() && !access.is_this_machine) {
    access.reason = "no_probe_access";
  }
  return access;
}

bool may_probe(const net::IpAddress& address, bool is_own) {
  constexpr std::array<std::uint8_t, 4> broadcast{255, 255, 255, 255};
  const bool is_broadcast = address.family == net::Family::ipv4 &&
                            std::equal(broadcast.begin(), broadcast.end(), address.bytes.begin());
  if (address.is_multicast() || address.is_unspecified() || is_broadcast) {
    return false;
  }
  return is_own || !address.is_loopback();
}

}  // namespace cp::probe
