// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "identity/descent.hpp"
#include "identity/registry_client.hpp"

#include <nlohmann/json.hpp>

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>

namespace cp::identity {

/// Asks several registries at once for their bootstrap, so that one that hangs holds nobody up.
/// What they say is used one after the other, by the thread that owns this.
class Asker {
 public:
  using MakeClient = std::function<std::unique_ptr<RegistryClient>()>;
  static constexpr std::size_t kAtOnce = 6;

  struct Answer {
    Station station;
    Result<nlohmann::ordered_json> bootstrap;  ///< of its first registry
    SteadyTime at;
  };

  /// MAKE is called by the threads. All of them end when STOP is asked.
  Asker(MakeClient make, const Clock& clock, const std::stop_token& stop);
  ~Asker();

  bool has_room() const { return threads_.size() < kAtOnce; }
  bool is_idle() const { return threads_.empty(); }
  /// Asks the first registry of STATION.
  void ask(Station station);
  /// The next that has answered, or failed to; waits for it. Somebody must be under way.
  Answer next();

 private:
  MakeClient make_;
  const Clock& clock_;
  std::stop_source end_;
  std::stop_callback<std::function<void()>> on_stop_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<int, Answer>> answers_;
  int last_ = 0;
  std::map<int, std::jthread> threads_;
};

}  // namespace cp::identity
