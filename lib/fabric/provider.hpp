// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace cp::fabric {

/// Used when nobody names a provider. As a connected endpoint (FI_EP_MSG) it is the same on the
/// wire in libfabric 1.17 and later ones, and it tells of a peer's death.
inline constexpr std::string_view default_provider = "tcp";

/// How chunks go by a provider.
enum class Manner : std::uint8_t {
  connected,      ///< as messages between connected endpoints (FI_EP_MSG)
  shared_memory,  ///< as messages between reliable endpoints (FI_EP_RDM) on one host
  writes,         ///< as remote writes with immediate data between reliable endpoints
};

/// How this suite uses PROVIDER; whether there is such a one only opening it tells.
Manner manner_of(std::string_view provider);

}  // namespace cp::fabric
