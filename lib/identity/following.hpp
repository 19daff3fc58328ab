// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "identity/descent.hpp"
#include "identity/registry_client.hpp"
#include "identity/sync.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace cp::identity {

/// Follows several stations at once, each on a thread with stores of its own, so that one that
/// hangs, wherever in its answers, holds nobody up. To be used by one thread.
class Followers {
 public:
  using MakeClient = std::function<std::unique_ptr<RegistryClient>()>;
  static constexpr std::size_t kAtOnce = 6;

  struct Followed {
    Station station;
    /// Of its registries, in order, up to the first that is complete; an error as sync_feed's.
    Result<std::vector<Synced>> feeds;
  };

  /// The stores are those in STATE_DIRECTORY; MAKE is called by the threads. All of them end when
  /// STOP is asked. Borrows CLOCK and RUN.
  Followers(std::string state_directory, const Clock& clock, SyncRun& run, MakeClient make,
            const std::stop_token& stop);
  ~Followers();

  bool has_room() const { return threads_.size() < kAtOnce; }
  bool is_idle() const { return threads_.empty(); }
  void follow(Station station);
  /// The next that was followed; waits for it. Somebody must be under way.
  Followed next();

 private:
  Result<std::vector<Synced>> follow_all(const Station& station) const;

  std::string state_directory_;
  const Clock& clock_;
  SyncRun& run_;
  MakeClient make_;
  std::stop_source end_;
  std::stop_callback<std::function<void()>> on_stop_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<int, Followed>> done_;
  int last_ = 0;
  std::map<int, std::jthread> threads_;
};

}  // namespace cp::identity
