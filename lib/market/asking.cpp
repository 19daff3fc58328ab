// SPDX-License-Identifier: Apache-2.0
#include "market/asking.hpp"

#include "base/thread.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace cp::market {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kMostAtOnce = 256;
constexpr std::chrono::milliseconds kStopInterval{50};  // how late a stop may be noticed

// The sources that are waited for, and the threads that ask them.
class Inquiry {
 public:
  void add(LiveSource& source, std::chrono::milliseconds deadline, Result<Perception>& answer) {
    asked_.push_back({&source, deadline, &answer, {}, {}, Phase::waiting});
  }

  void begin() {
    threads_ = start_threads(std::min(asked_.size(), kMostAtOnce), [this] { work(); });
  }

  /// Returns when every source has answered or was stopped.
  void wait(const std::stop_token& stop) {
    if (threads_.empty()) {
      work();  // each is held by its own patience then
    }
    std::unique_lock lock(mutex_);
    while (done_ < asked_.size()) {
      const auto now = steady_clock::now();
      auto wake = now + kStopInterval;
      for (Asked& one : asked_) {
        if (one.phase != Phase::asked) {
          continue;
        }
        const auto end = one.begun + one.deadline;
        if (end <= now || stop.stop_requested()) {
          one.stop.request_stop();
        } else {
          wake = std::min(wake, end);
        }
      }
      is_stopped_ = stop.stop_requested();
      changed_.wait_until(lock, wake);
    }
    lock.unlock();
    threads_.clear();
  }

 private:
  enum class Phase : std::uint8_t { waiting, asked, done };
  struct Asked {
    LiveSource* source;
    std::chrono::milliseconds deadline;
    Result<Perception>* answer;
    std::stop_source stop;
    steady_clock::time_point begun;
    Phase phase;
  };

  static Result<Perception> ask(Asked& one) {
    Result<Perception> answer = one.source->perceive(one.stop.get_token());
    if (!answer && one.stop.stop_requested()) {
      const std::chrono::duration<double> limit = one.deadline;
      return fail(Errc::timed_out, "timed out after {} s", limit.count());
    }
    return answer;
  }

  void work() {
    std::unique_lock lock(mutex_);
    while (next_ < asked_.size()) {
      Asked& one = asked_[next_++];
      one.begun = steady_clock::now();
      one.phase = Phase::asked;
      if (is_stopped_) {
        one.stop.request_stop();
      }
      lock.unlock();
      Result<Perception> answer = within_means([&] { return ask(one); });
      lock.lock();
      *one.answer = std::move(answer);
      one.phase = Phase::done;
      ++done_;
      changed_.notify_one();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Asked> asked_;
  std::size_t next_ = 0;
  std::size_t done_ = 0;
  bool is_stopped_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace

std::vector<Result<Perception>> ask_all(std::span<LiveSource* const> sources, std::stop_token stop,
                                        const std::function<void()>& meanwhile) {
  std::vector<Result<Perception>> answers(sources.size());
  Inquiry inquiry;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    if (const auto deadline = sources[i]->deadline()) {
      inquiry.add(*sources[i], *deadline, answers[i]);
    }
  }
  inquiry.begin();
  for (std::size_t i = 0; i < sources.size(); ++i) {
    if (!sources[i]->deadline()) {
      answers[i] = sources[i]->perceive(stop);
    }
  }
  if (meanwhile) {
    meanwhile();
  }
  inquiry.wait(stop);
  return answers;
}

}  // namespace cp::market
