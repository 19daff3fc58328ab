// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "identity/resolves.hpp"
#include "jobs/job.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

/// Where a job may run, from what the user names and from offers. What an offer says of its own
/// trust, URLs and prices is not believed (SECURITY §3).
namespace cp::jobs {

/// Whether TEXT names a resource (a code, "@label/name") and not a provider's URL.
bool is_resource_name(std::string_view text);

/// The place that the user names: a provider's URL. usage, unavailable.
Result<Candidate> candidate_at(std::string_view url);

/// The places that the verified record of RESOLVED gives for launching RESOURCES, in its order.
/// denied when the record is not verified; when its only URLs act on this machine and it is not
/// this machine's own authority's; when it gives none that this release can launch at.
Result<std::vector<Candidate>> candidates_of(const identity::Resolved& resolved,
                                             const model::JobResources& resources);

/// Told of an offer that is not used, and why.
using Refused = std::function<void(const Error& error, const std::string& offer)>;

/// The places of OFFERS in their order, each resolved and verified anew in REGISTRY. Those that
/// cannot be used are told to REFUSED.
std::vector<Candidate> candidates_of_offers(const std::vector<model::Json>& offers,
                                            const identity::Resolves& registry,
                                            const model::JobResources& resources,
                                            const Refused& refused);

/// What the `demand` of OFFER asks for goes into SPEC where SPEC does not say.
void take_demand(const model::Json& offer, model::JobSpec& spec);

/// denied when SPEC wants more than OFFER's units.
Result<void> fits_offer(const model::Json& offer, const model::JobSpec& spec);

}  // namespace cp::jobs
