// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/bench.hpp"
#include "transfer/client.hpp"
#include "transfer/effort.hpp"
#include "transfer/message.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

namespace cp::transfer {

/// Which rail is measured, and in which direction.
struct RailCase {
  RailChoice rail = RailChoice::tcp;
  std::string provider;  ///< of a fabric
  Direction direction = Direction::push;
};

struct RailFigure {
  Effort effort;  ///< as this end saw it
  std::size_t streams = 0;
  std::string provider;
  bool encrypted = false;
  /// As the other end says; only its bound was checked.
  std::chrono::nanoseconds far_cpu{};
  std::string far_version;
};

/// A connection to the other end, which knows measurements; for one.
struct Reached {
  std::unique_ptr<Link> link;
  std::unique_ptr<Client> client;
};

/// unavailable for an end that is too old; errors as Link and Client have them.
Result<Reached> reach(const BenchRequest& request, bool is_first, const std::stop_token& stop);

/// Measures one rail; ends after REQUEST's time and its patience at the latest, whatever the other
/// end does. protocol when the other end says something that cannot be; its own reason when it gave
/// one; errors as Link and Client have them.
Result<RailFigure> measure_rail(Reached& reached, const BenchRequest& request,
                                const RailCase& which, const std::stop_token& stop);

/// Whether the other end's word of its part, of bytes and of time of processors, can be true beside
/// what this end, with so many STREAMS, has seen: protocol when not.
Result<void> check_claim(const Measured& claim, const Effort& seen, std::size_t streams,
                         std::chrono::nanoseconds patience);

}  // namespace cp::transfer
