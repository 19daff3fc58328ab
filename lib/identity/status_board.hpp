// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "identity/estate.hpp"
#include "identity/registry_status.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>

namespace cp::identity {

/// How a registry stands, for all threads that serve it. Counting takes seconds where thousands of
/// prefixes lie below, so a thread of its own does it: soon after somebody looked, a minute after
/// the last time otherwise, and never more than a twentieth of its time.
class StatusBoard {
 public:
  /// Counts once, and goes on with ESTATE, which has an authority. Errors as registry_status.
  static Result<std::unique_ptr<StatusBoard>> open(std::unique_ptr<Estate> estate);

  /// The newest count, which says when it was made. Any thread; waits for nothing.
  std::shared_ptr<const RegistryStatus> look();

 private:
  StatusBoard(std::unique_ptr<Estate> estate, std::shared_ptr<const RegistryStatus> first);
  void run(const std::stop_token& stop);

  std::unique_ptr<Estate> estate_;
  RegistryView view_;
  std::mutex mutex_;  ///< guards the next two
  std::shared_ptr<const RegistryStatus> newest_;
  bool has_been_looked_at_ = false;
  std::condition_variable_any changed_;
  std::jthread counting_;  ///< ends before all else
};

}  // namespace cp::identity
