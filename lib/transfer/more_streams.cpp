// SPDX-License-Identifier: Apache-2.0
#include "transfer/more_streams.hpp"

#include "base/thread.hpp"

namespace cp::transfer {
namespace {

// Nobody waits for the network meanwhile, whether it would let more through or not.
std::chrono::nanoseconds spent_elsewhere(const Tally& tally) {
  return std::chrono::nanoseconds(tally.reading_ns + tally.compressing_ns + tally.placing_ns +
                                  tally.pacing_ns);
}

}  // namespace

MoreStreams::MoreStreams(Client& client, const Opened& opened, const Tally& tally,
                         std::size_t count)
    : client_(client),
      opened_(opened),
      tally_(tally),
      count_(count),
      control_(count + client.more_rails(), client.round_trip(), SystemClock().steady()) {}

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

void MoreStreams::decide() {
  const StreamControl::Moment moment{.now = SystemClock().steady(),
                                     .streams = count_,
                                     .bytes = tally_.bytes_placed,
                                     .elsewhere = spent_elsewhere(tally_)};
  if (opening_.valid() || !control_.is_due(moment)) {
    return;
  }
  if (const std::size_t more = control_.decide(moment)) {
    begin_opening(more);
  }
}

Carriers MoreStreams::tick() {
  Carriers opened = take_opened();
  decide();
  return opened;
}

}  // namespace cp::transfer
