// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "fabric/library.hpp"
#include "net/stream.hpp"
#include "transfer/carrier.hpp"
#include "transfer/session_keys.hpp"

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace cp::transfer {

/// A stream beside which endpoints are to meet, and how chunks over them are sealed.
struct Meeting {
  std::unique_ptr<net::Stream> stream;
  Sealing sealing;
};

/// Which end of a session this is.
enum class SessionEnd : std::uint8_t { client, server };

/// Opens an endpoint of PROVIDER (of fabric::Manner::shared_memory or writes) beside each of
/// MEETINGS, and lets it meet that of the other end, which does the same. unavailable when they do
/// not reach each other, timed_out at DEADLINE or on STOP, protocol.
Result<Carriers> make_rdm_carriers(const std::shared_ptr<const fabric::Library>& library,
                                   const std::string& provider, SessionEnd end,
                                   std::vector<Meeting> meetings, SteadyTime deadline,
                                   const std::stop_token& stop);

}  // namespace cp::transfer
