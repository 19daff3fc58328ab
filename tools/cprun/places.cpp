// SPDX-License-Identifier: Apache-2.0
#include "places.hpp"

#include "identity/resolved.hpp"
#include "identity/resolver.hpp"
#include "jobs/candidates.hpp"
#include "model/offer_set.hpp"

#include <nlohmann/json.hpp>

namespace cprun {
namespace {

using cp::Errc;
using cp::Result;
using cp::cli::Context;
using cp::jobs::Candidate;
using cp::model::Json;

Result<std::unique_ptr<cp::identity::Resolver>> open_resolver(const Context& context) {
  CP_TRY_ASSIGN(const cp::Paths paths, context.paths());
  return cp::identity::Resolver::open_configured(
      paths, context.clock(), [&](std::string_view key) { return context.setting(key); });
}

Result<std::vector<Candidate>> places_of_offers(Context& context, cp::model::JobSpec& spec,
                                                const std::string& file) {
  cp::model::JsonReader reader({file});
  CP_TRY_ASSIGN(const auto set,
                cp::model::read_offers(reader, context.arguments().has("allow-partial")));
  if (set.offers.empty()) {
    return cp::fail(Errc::failed, "there is no offer to run on");
  }
  cp::jobs::take_demand(set.offers.front(), spec);
  const auto refused = [&](const cp::Error& error, const std::string& offer) {
    context.warn((offer.empty() ? "an offer" : offer) + " is not used: " + error.message);
  };
  std::vector<Json> fitting;
  for (const auto& offer : set.offers) {
    if (const auto fits = cp::jobs::fits_offer(offer, spec)) {
      fitting.push_back(offer);
    } else {
      refused(fits.error(), cp::model::text_at(offer, "resource").value_or(""));
    }
  }
  CP_TRY_ASSIGN(const auto resolver, open_resolver(context));
  auto places = cp::jobs::candidates_of_offers(fitting, *resolver, spec.resources, refused);
  if (places.empty()) {
    return cp::fail(Errc::failed, "none of the {} offers can be used", set.offers.size());
  }
  return places;
}

}  // namespace

Result<std::vector<Candidate>> read_places(Context& context, cp::model::JobSpec& spec) {
  const auto& given = context.arguments();
  if (const auto offers = given.text("offers")) {
    if (given.is_given("on")) {
      return cp::fail(Errc::usage, "--offers and --on exclude each other");
    }
    return places_of_offers(context, spec, *offers);
  }
  const std::string on = given.text("on").value_or("local:");
  if (!cp::jobs::is_resource_name(on)) {
    CP_TRY_ASSIGN(auto place, cp::jobs::candidate_at(on));
    return std::vector{std::move(place)};
  }
  CP_TRY_ASSIGN(const auto resolver, open_resolver(context));
  CP_TRY_ASSIGN(const auto resolved, resolver->resolve(on));
  for (const std::string& note : resolved.notes) {
    context.warn(note);
  }
  auto places = cp::jobs::candidates_of(resolved, spec.resources);
  if (!places) {
    places.error().message = on + ": " + places.error().message;
  }
  return places;
}

}  // namespace cprun
