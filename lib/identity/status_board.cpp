// SPDX-License-Identifier: Apache-2.0
#include "identity/status_board.hpp"

#include <algorithm>
#include <chrono>

namespace cp::identity {
namespace {

constexpr std::chrono::nanoseconds kLeastPause = std::chrono::milliseconds(500);
constexpr std::chrono::nanoseconds kLongestPause = std::chrono::minutes(1);
constexpr int kRestPerWork = 20;

}  // namespace

Result<std::unique_ptr<StatusBoard>> StatusBoard::open(std::unique_ptr<Estate> estate) {
  RegistryView view(*estate);
  CP_TRY_ASSIGN(RegistryStatus first, registry_status(view));
  return std::unique_ptr<StatusBoard>(
      new StatusBoard(std::move(estate), std::make_shared<const RegistryStatus>(std::move(first))));
}

StatusBoard::StatusBoard(std::unique_ptr<Estate> estate,
                         std::shared_ptr<const RegistryStatus> first)
    : estate_(std::move(estate)),
      view_(*estate_),
      newest_(std::move(first)),
      counting_([this](const std::stop_token& stop) { run(stop); }) {}

std::shared_ptr<const RegistryStatus> StatusBoard::look() {
  const std::scoped_lock lock(mutex_);
  has_been_looked_at_ = true;
  changed_.notify_all();
  return newest_;
}

void StatusBoard::run(const std::stop_token& stop) {
  std::chrono::nanoseconds pause = kLeastPause;
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    changed_.wait_for(lock, stop, pause, [] { return false; });
    changed_.wait_for(lock, stop, kLongestPause, [this] { return has_been_looked_at_; });
    has_been_looked_at_ = false;
    lock.unlock();
    const auto begin = std::chrono::steady_clock::now();
    auto counted = registry_status(view_);
    const auto spent = std::chrono::steady_clock::now() - begin;
    pause = std::max(kLeastPause, kRestPerWork * std::chrono::nanoseconds(spent));
    lock.lock();
    // A store that is held for a moment leaves the older count, which says its age.
    newest_ = counted ? std::make_shared<const RegistryStatus>(*std::move(counted)) : newest_;
  }
}

}  // namespace cp::identity
