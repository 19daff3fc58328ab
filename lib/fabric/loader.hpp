// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fabric/library.hpp"

#include <future>
#include <memory>
#include <mutex>

namespace cp::fabric {

/// The library for whoever may need it: loaded at most once, in the background where somebody sees
/// that it will be needed. Debian's libfabric 1.17 takes 330 ms, 205 of them in the constructors of
/// libpsm2 and libinfinipath, which measure the clock, and the rest reading /proc/kallsyms twice;
/// neither FI_PROVIDER nor hints change that. Safe on any thread.
class Loader {
 public:
  /// Begins to load, if nobody has yet, and returns at once.
  void start();
  /// The library, after waiting for it; unavailable where it is not installed.
  Result<std::shared_ptr<const Library>> get();

 private:
  using Loading = std::shared_future<Result<std::shared_ptr<const Library>>>;
  Loading begun();

  std::mutex mutex_;
  Loading loading_;
};

}  // namespace cp::fabric
