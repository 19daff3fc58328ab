// SPDX-License-Identifier: Apache-2.0
#include "transfer/report.hpp"

#include "transfer/limits.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace cp::transfer {
namespace {

constexpr auto kBetweenReports = std::chrono::milliseconds(100);

}  // namespace

Report::Report(const Request& request, Observer& observer, std::string id)
    : request_(request), observer_(observer), started_(SystemClock().steady()) {
  account_.id = std::move(id);
  account_.started_at = SystemClock().now();
}

void Report::begin(std::string rail, std::string provider, std::size_t streams, bool encrypted) {
  account_.rail = std::move(rail);
  account_.provider = std::move(provider);
  account_.streams = streams;
  account_.encrypted = encrypted;
}

void Report::set_path(std::uint32_t window, std::chrono::nanoseconds round_trip) {
  account_.window = std::uint64_t{window} * limits::chunk_bytes;
  account_.round_trip = round_trip;
}

std::shared_ptr<RailCount> Report::rail(const std::string& kind, const std::string& provider) {
  auto& counts = account_.rails;
  const auto found = std::ranges::find_if(counts, [&](const auto& count) {
    return count->kind() == kind && (provider.empty() || count->provider() == provider);
  });
  if (found != counts.end()) {
    return *found;
  }
  counts.push_back(std::make_shared<RailCount>(kind, provider));
  return counts.back();
}

// Each once, and only where another carries.
void Report::tell_lost_rails() {
  for (const auto& count : account_.rails) {
    const auto error = account_.rails.size() > 1 ? count->error() : std::nullopt;
    if (error && std::ranges::count(told_lost_, count.get()) == 0) {
      told_lost_.push_back(count.get());
      observer_.rail_lost(count->name(), *error);
    }
  }
}

void Report::take_failed() {
  for (ItemFailed& item : tally_.take_failed()) {
    observer_.item_failed(item.error, item.path);
    ++account_.failed_count;
    if (account_.failed.size() < limits::failures_listed) {
      account_.failed.push_back(std::move(item));
    }
  }
}

void Report::tick() {
  take_failed();
  tell_lost_rails();
  const SteadyTime now = SystemClock().steady();
  if (now - shown_ < kBetweenReports) {
    return;
  }
  shown_ = now;
  observer_.progress({.files_done = tally_.files_placed + tally_.files_skipped,
                      .files_total = tally_.files_found,
                      .bytes_moved = tally_.bytes_placed + tally_.bytes_skipped,
                      .bytes_total = tally_.bytes_found,
                      .walk_ended = tally_.walk_ended,
                      .bottleneck = tally_.bottleneck()});
}

void Report::begin_again() {
  observer_.lost(*account_.error);
  account_.error.reset();
  account_.failed.clear();
  account_.failed_count = 0;
  ++account_.connections;
  for (const auto& count : account_.rails) {
    count->begin_again();
  }
  tally_.begin_again();
}

model::Json Report::finish() {
  take_failed();
  tell_lost_rails();
  account_.duration = SystemClock().steady() - started_;
  return to_record(request_, account_, tally_);
}

}  // namespace cp::transfer
