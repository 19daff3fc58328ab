// SPDX-License-Identifier: Apache-2.0
#include "transfer/tree_sum.hpp"

#include "base/thread.hpp"
#include "transfer/limits.hpp"
#include "transfer/wake.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace cp::transfer {
namespace {

constexpr auto kSumTick = std::chrono::milliseconds(100);
constexpr std::size_t kWaitingFiles = 1024;

/// Files on their way from the walk to the threads that read them, bounded.
class FileQueue {
 public:
  explicit FileQueue(std::stop_token stop) : stop_(std::move(stop)) {}

  bool push(const Source& source, Entry entry) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait(lock, stop_, [this] { return files_.size() < kWaitingFiles; })) {
      return false;
    }
    files_.emplace_back(&source, std::move(entry));
    changed_.notify_all();
    return true;
  }
  void close() {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  std::optional<std::pair<const Source*, Entry>> take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, stop_, [this] { return !files_.empty() || closed_; });
    if (files_.empty() || stop_.stop_requested()) {
      return std::nullopt;
    }
    auto file = std::move(files_.front());
    files_.pop_front();
    changed_.notify_all();
    return file;
  }

 private:
  std::stop_token stop_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::pair<const Source*, Entry>> files_;
  bool closed_ = false;
};

class Summing final : private WalkSink {
 public:
  Summing(const SumTrees& what, SumSink& sink, Tally& tally, std::stop_token stop)
      : what_(what), sink_(sink), tally_(tally), stop_(std::move(stop)), queue_(stop_) {}

  Result<void> run(const std::function<void()>& tick) {
    CP_TRY_ASSIGN(const Wake wake, Wake::make());
    Result<void> walked;
    std::atomic<int> working = 0;
    std::vector<std::jthread> threads;
    const auto start = [&](auto part) -> Result<void> {
      ++working;
      auto thread = start_thread([&working, &wake, part] {
        part();
        --working;
        wake.signal();
      });
      if (!thread) {
        --working;
        return tl::unexpected<Error>(thread.error());
      }
      threads.push_back(*std::move(thread));
      return {};
    };
    // Fewer take longer.
    Result<void> started = start([this] { work(); });
    for (int i = 1; i < what_.threads && started; ++i) {
      started = start([this] { work(); });
    }
    if (!threads.empty()) {
      started = start([&] {
        walked = walk_all();
        queue_.close();
      });
    }
    if (!started) {
      queue_.close();
    }
    while (working != 0) {
      wake.wait(kSumTick);
      wake.clear();
      tick();
    }
    threads.clear();
    CP_TRY(started);
    return stop_.stop_requested() ? fail(Errc::timed_out, "interrupted") : walked;
  }

 private:
  Result<void> walk_all() {
    for (const Source& source : what_.sources) {
      source_ = &source;
      CP_TRY(walk(source, what_.walk, *this, stop_));
    }
    tally_.walk_ended = true;
    return {};
  }

  Result<void> found(Entry entry) override {
    if (entry.type == EntryType::directory) {
      sink_.summed(*source_, entry, "");
      return {};
    }
    ++tally_.files_found;
    if (entry.type == EntryType::link) {
      const Digest target = link_digest(entry.target);
      sink_.summed(*source_, entry,
                   {reinterpret_cast<const char*>(target.bytes.data()), target.bytes.size()});
      ++tally_.files_placed;
      return {};
    }
    tally_.bytes_found += entry.size;
    return queue_.push(*source_, std::move(entry)) ? Result<void>()
                                                   : fail(Errc::timed_out, "interrupted");
  }

  Result<void> cannot_move(std::string_view path, const Error& error) override {
    ++tally_.files_found;
    sink_.failed(*source_, Entry{.path = std::string(path)}, error);
    return {};
  }

  void work() {
    std::vector<std::byte> buffer(limits::leaf_bytes);
    while (const auto file = queue_.take()) {
      const auto& [source, entry] = *file;
      if (entry.size >= long_file_bytes) {
        sink_.begins(*source, entry);
      }
      const auto sum = sum_file(*source, entry, what_.kind, what_.threads, buffer, stop_);
      if (!sum) {
        sink_.failed(*source, entry, sum.error());
        continue;
      }
      sink_.summed(*source, entry, *sum);
      ++tally_.files_placed;
      tally_.bytes_placed += entry.size;
    }
  }

  const SumTrees& what_;
  SumSink& sink_;
  Tally& tally_;
  std::stop_token stop_;
  FileQueue queue_;
  const Source* source_ = nullptr;  ///< the walk's
};

}  // namespace

void SummedTree::add(const Entry& entry, const std::string& sum) {
  if (!entry.path.empty()) {
    const Digest digest = entry_digest(entry.type, entry.path, std::as_bytes(std::span(sum)));
    const std::scoped_lock lock(mutex_);
    tree_.add(digest);
  }
}

Digest SummedTree::digest() const {
  const std::scoped_lock lock(mutex_);
  return tree_.value();
}

Result<void> sum_trees(const SumTrees& what, SumSink& sink, Tally& tally,
                       const std::function<void()>& tick, const std::stop_token& stop) {
  return Summing(what, sink, tally, stop).run(tick);
}

}  // namespace cp::transfer
