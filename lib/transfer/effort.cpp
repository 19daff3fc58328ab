// SPDX-License-Identifier: Apache-2.0
#include "transfer/effort.hpp"

#include "base/thread.hpp"

#include <condition_variable>
#include <ctime>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace cp::transfer {
namespace {

std::chrono::nanoseconds cpu_of_this_thread() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

/// What the threads have handed in so far.
class Gathering {
 public:
  explicit Gathering(std::size_t threads) : running_(threads) {}

  void add(const Result<std::uint64_t>& bytes) {
    const std::scoped_lock lock(mutex_);
    --running_;
    all_.cpu += cpu_of_this_thread();
    if (bytes) {
      all_.bytes += *bytes;
    } else if (!error_) {
      error_ = bytes.error();
    }
    changed_.notify_all();
  }

  /// Waits for all of them, or for what ends them early.
  void wait(const EffortBounds& bounds) {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, bounds.stop, bounds.latest, [&] { return running_ == 0 || error_; });
    const bool is_stopped = bounds.stop.stop_requested();
    if ((running_ != 0 || is_stopped) && !error_) {
      error_ = Error{Errc::timed_out, std::string(is_stopped ? "interrupted" : bounds.late), {}};
    }
  }
  bool failed() const {
    const std::scoped_lock lock(mutex_);
    return error_.has_value();
  }
  Result<Effort> all() const {
    return error_ ? Result<Effort>(tl::unexpected<Error>(*error_)) : all_;
  }

 private:
  mutable std::mutex mutex_;  ///< guards what follows
  std::condition_variable_any changed_;
  std::size_t running_;
  Effort all_;
  std::optional<Error> error_;
};

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace

double Effort::bits_per_second() const {
  return elapsed.count() <= 0 ? 0 : static_cast<double>(bytes) * 8 / seconds(elapsed);
}

double Effort::cpu_per_gigabyte() const {
  return bytes == 0 ? 0 : seconds(cpu) * 1e9 / static_cast<double>(bytes);
}

Result<Effort> work_together(
    std::size_t threads,
    const std::function<Result<std::uint64_t>(std::size_t, const std::stop_token&)>& work,
    const EffortBounds& bounds) {
  const SteadyTime start = SystemClock().steady();
  Gathering gathering(threads);
  std::stop_source halt;
  std::vector<std::jthread> running;
  for (std::size_t i = 0; i < threads; ++i) {
    auto thread = start_thread([&, i] { gathering.add(work(i, halt.get_token())); });
    if (thread) {
      running.push_back(*std::move(thread));
    } else {
      gathering.add(tl::unexpected<Error>(thread.error()));
    }
  }
  gathering.wait(bounds);
  if (gathering.failed()) {
    halt.request_stop();
    bounds.interrupt();
  }
  running.clear();
  auto all = gathering.all();
  if (all) {
    all->elapsed = SystemClock().steady() - start;
  }
  return all;
}

}  // namespace cp::transfer
