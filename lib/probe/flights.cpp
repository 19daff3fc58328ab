// SPDX-License-Identifier: Apache-2.0
#include "probe/flights.hpp"

#include <algorithm>
#include <bit>

namespace cp::probe {

Flights::Flights(std::size_t needed, std::uint32_t first_sequence)
    : ring_(std::bit_ceil(std::clamp<std::size_t>(needed, 64, kMost))),
      mask_(ring_.size() - 1),
      first_(first_sequence) {}

Flight& Flights::next() {
  Flight& flight = at(next_);
  flight = {};
  flight.sequence = first_ + static_cast<std::uint32_t>(next_);
  return flight;
}

Flight* Flights::find(std::uint32_t sequence) {
  // Of all launches with this sequence number (they wrap), the last one.
  const auto behind =
      static_cast<std::uint32_t>(first_ + static_cast<std::uint32_t>(next_) - sequence);
  if (behind == 0 || behind > next_ || behind > ring_.size()) {
    return nullptr;
  }
  return &at(next_ - behind);
}

}  // namespace cp::probe
