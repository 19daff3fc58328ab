// SPDX-License-Identifier: Apache-2.0
#include "transfer/more_streams.hpp"

#include "base/thread.hpp"
#include "net/tcp_path.hpp"

#include <algorithm>

namespace cp::transfer {
namespace {

// Nobody waits for the network meanwhile, whether it would let more through or not.
std::chrono::nanoseconds spent_elsewhere(const Tally& tally) {
  return std::chrono::nanoseconds(tally.reading_ns + tally.compressing_ns + tally.placing_ns +
                                  tally.pacing_ns);
}

}  // namespace

MoreStreams::MoreStreams(Client& client, const Opened& opened, const Tally& tally,
                         const Carriers& first, double bytes_per_second)
    : client_(client),
      opened_(opened),
      tally_(tally),
      count_(first.size()),
      control_(count_ + client.more_rails(), client.round_trip(), SystemClock().steady(),
               bytes_per_second) {
  for (const auto& carrier : first) {
    connections_.push_back(carrier->fd());
  }
}

MoreStreams::~MoreStreams() {
  stop_.request_stop();
  if (opening_.valid()) {
    opening_.wait();
  }
}

Carriers MoreStreams::take_opened() {
  if (!opening_.valid() ||
      opening_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
    return {};
  }
  auto carriers = within_means([&] { return opening_.get(); });
  if (!carriers || carriers->empty()) {
    control_.cannot_open();
    return {};
  }
  count_ += carriers->size();
  return *std::move(carriers);
}

void MoreStreams::begin_opening(std::size_t more) {
  const auto begun = within_means([&]() -> Result<void> {
    opening_ = std::async(std::launch::async, [this, more] {
      return client_.connect_more(opened_, more, stop_.get_token());
    });
    return {};
  });
  if (!begun) {
    control_.cannot_open();
  }
}

// The shortest, since one that hardly sends remembers what was.
std::optional<std::chrono::nanoseconds> MoreStreams::round_trip_now() const {
  std::optional<std::chrono::nanoseconds> shortest;
  for (const int fd : connections_) {
    const auto one = net::tcp_round_trip_now(fd);
    shortest = one && shortest ? std::min(*one, *shortest) : one ? one : shortest;
  }
  return shortest;
}

void MoreStreams::decide() {
  if (opening_.valid() || client_.more_rails() == 0) {
    return;
  }
  const StreamControl::Moment moment{.now = SystemClock().steady(),
                                     .streams = count_,
                                     .bytes = tally_.bytes_placed,
                                     .elsewhere = spent_elsewhere(tally_),
                                     .round_trip = round_trip_now()};
  const std::size_t more = control_.is_due(moment) ? control_.decide(moment) : 0;
  if (more != 0) {
    begin_opening(more);
  }
}

Carriers MoreStreams::tick() {
  Carriers opened = take_opened();
  decide();
  return opened;
}

}  // namespace cp::transfer
