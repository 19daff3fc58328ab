// SPDX-License-Identifier: Apache-2.0
#include "fabric/provider.hpp"

#include <algorithm>
#include <array>

namespace cp::fabric {
namespace {

struct Known {
  std::string_view provider;
  Manner manner;
};
// Whatever is not here has connected endpoints, or is of no use. tcp's own reliable endpoints are
// of another protocol in 1.17 than in later ones, those that ofi_rxm makes of it are of one.
constexpr std::array kKnown{Known{"shm", Manner::shared_memory},
                            Known{"tcp;ofi_rxm", Manner::writes}};

}  // namespace

Manner manner_of(std::string_view provider) {
  const auto* const found = std::ranges::find(kKnown, provider, &Known::provider);
  return found == kKnown.end() ? Manner::connected : found->manner;
}

}  // namespace cp::fabric
