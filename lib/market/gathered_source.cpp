// SPDX-License-Identifier: Apache-2.0
#include "market/gathered_source.hpp"

#include "identity/resolved.hpp"
#include "market/launching.hpp"
#include "model/json.hpp"
#include "provider/provider.hpp"

namespace cp::market {

GatheredSource::GatheredSource(identity::ResolverStore::Feed feed, identity::Gathered& gathered,
                               const Clock& clock)
    : feed_(std::move(feed)),
      name_("registry:" + feed_.prefix),
      gathered_(gathered),
      clock_(clock) {}

Result<Perception> GatheredSource::perceive(std::stop_token stop) {
  Perception perception;
  CP_TRY(gathered_.for_each(
      feed_,
      [&](identity::Resolved resolved) -> Result<void> {
        LiveResource resource;
        const std::string url = launch_url(resolved.record);
        // What acts on this machine is taken from its own authority alone (SECURITY §3).
        resource.is_runnable =
            resolved.trust == "verified" && !url.empty() && !provider::acts_on_this_machine(url);
        if (resolved.trust == "verified") {
          CP_TRY_ASSIGN(
              resource.state,
              gathered_.state(model::text_at(resolved.record, "id").value_or(""), resolved.anchor));
        }
        resource.record = std::move(resolved.record);
        resource.trust = std::move(resolved.trust);
        resource.anchor = std::move(resolved.anchor);
        perception.resources.push_back(std::move(resource));
        return {};
      },
      stop));
  if (feed_.synced_at > UnixTime()) {
    perception.age = std::chrono::floor<std::chrono::seconds>(clock_.now() - feed_.synced_at);
  }
  perception.is_stale = feed_.status != "complete";
  perception.problem =
      perception.is_stale ? feed_.status + (feed_.problem.empty() ? "" : ": " + feed_.problem) : "";
  return perception;
}

}  // namespace cp::market
