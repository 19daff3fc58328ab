// SPDX-License-Identifier: Apache-2.0
#include "transfer/sum_talk.hpp"

#include "base/escape.hpp"
#include "base/thread.hpp"
#include "transfer/conversation.hpp"
#include "transfer/limits.hpp"
#include "transfer/murmur.hpp"
#include "transfer/path.hpp"
#include "transfer/tree_sum.hpp"
#include "transfer/wake.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

namespace cp::transfer {
namespace {

constexpr int kSumThreads = 2;
// Of files in one batch, so that the other end reads while we do.
constexpr std::uint64_t kBatchBytes = std::uint64_t{64} << 20U;

// ENTRY as it is told, with the number ID.
Entry told_as(const Entry& entry, std::uint64_t id) {
  Entry told = entry;
  told.extras = nullptr;
  told.stamp = {};
  told.id = id;
  return told;
}

/// Gathers sums by the batch. While one is on its way the next one fills.
class Gathering final : public SumSink {
 public:
  Gathering(const SumHere& what, std::stop_source& ended) : what_(what), ended_(ended) {}

  void begins(const Source& /*source*/, const Entry& entry) override {
    what_.begins({told_as(entry, 1)});
  }
  void summed(const Source& source, const Entry& entry, const std::string& sum) override {
    std::unique_lock lock(mutex_);
    batch_.items.push_back({told_as(entry, batch_.items.size() + 1), sum, source.show(entry.path)});
    text_bytes_ += entry.path.size() + entry.target.size() + batch_.items.back().from.size();
    file_bytes_ += entry.size;
    const bool is_full = batch_.items.size() == limits::batch_entries ||
                         text_bytes_ > limits::message_bytes / 4 || file_bytes_ > kBatchBytes;
    if (is_full) {
      hand_over(lock);
    }
  }
  void failed(const Source& source, const Entry& entry, const Error& error) override {
    const std::scoped_lock lock(mutex_);
    what_.failed({.path = source.show(entry.path), .error = error});
  }
  Result<void> finish() {
    std::unique_lock lock(mutex_);
    hand_over(lock);
    return result_;
  }
  Result<void> result() {
    const std::scoped_lock lock(mutex_);
    return result_;
  }

 private:
  void hand_over(std::unique_lock<std::mutex>& lock) {
    const Summed batch = std::exchange(batch_, {});
    text_bytes_ = 0;
    file_bytes_ = 0;
    if (batch.items.empty() || !result_) {
      return;
    }
    lock.unlock();
    auto taken = [&] {
      const std::scoped_lock turn(taking_);
      return what_.take(batch);
    }();
    lock.lock();
    if (!taken && result_) {
      result_ = std::move(taken);
      ended_.request_stop();
    }
  }

  const SumHere& what_;
  std::stop_source& ended_;
  std::mutex taking_;
  std::mutex mutex_;  ///< guards what follows
  Summed batch_;
  std::size_t text_bytes_ = 0;
  std::uint64_t file_bytes_ = 0;
  Result<void> result_;
};

// RESULT of talking with an end that was there before, and may be again.
Result<void> told(Result<void> result) {
  return !result && result.error().code == Errc::unavailable
             ? fail(Errc::timed_out, "the other end is gone")
             : result;
}

// The root itself has no path.
Result<void> check_path_of(const Entry& entry) {
  return entry.path.empty() ? Result<void>() : check_path(entry.path);
}

/// Items of one batch, compared by whoever has a hand free.
class SharedBatch {
 public:
  SharedBatch(const Summed& summed, Counterpart& counterpart, const TellFailed& failed)
      : summed_(summed), counterpart_(counterpart), failed_(failed) {}

  void work() {
    const std::size_t count = summed_.items.size();
    for (std::size_t i = next_++; i < count && !counterpart_.was_stopped(); i = next_++) {
      const Summed::Item& item = summed_.items[i];
      if (const auto same = counterpart_.check(item.entry, item.sum); !same) {
        failed_({.path = item.from, .error = same.error()});
      }
    }
  }

 private:
  const Summed& summed_;
  Counterpart& counterpart_;
  const TellFailed& failed_;
  std::atomic<std::size_t> next_{0};
};

/// What the other end may still say of one batch.
class Awaited {
 public:
  explicit Awaited(const Summed& summed) {
    for (const Summed::Item& item : summed.items) {
      names_.insert(item.from);
    }
  }
  Result<void> take(const ItemFailed& item) {
    const auto name = names_.find(item.path);
    if (name == names_.end()) {
      return fail(Errc::protocol, "it says of {} what nobody asked", escape::terminal(item.path));
    }
    names_.erase(name);
    return {};
  }

 private:
  std::multiset<std::string, std::less<>> names_;
};

/// Hears what the other end sums.
class Hearing {
 public:
  explicit Hearing(const SumThere& what) : what_(what) {}

  /// Whether that was the last.
  Result<bool> take(const Message& message) {
    switch (message.type) {
      case MessageType::finish:
        return true;
      case MessageType::item_failed: {
        CP_TRY_ASSIGN(auto item, decode<ItemFailed>(message.body));
        what_.failed(std::move(item));
        return false;
      }
      case MessageType::sum_begun: {
        CP_TRY_ASSIGN(const auto begun, decode<SumBegun>(message.body));
        CP_TRY(check_path_of(begun.entry));
        what_.begins(begun);
        return false;
      }
      case MessageType::summed:
        CP_TRY(take_summed(message.body));
        return false;
      default:
        return fail(Errc::protocol, "a message that is no sum");
    }
  }

 private:
  Result<void> take_summed(std::string_view body) {
    CP_TRY_ASSIGN(const auto summed, decode<Summed>(body));
    for (const Summed::Item& item : summed.items) {
      CP_TRY(check_path_of(item.entry));
    }
    count_ += summed.items.size();
    if (count_ > limits::summed_items) {
      return fail(Errc::protocol, "more than {} items in one tree", limits::summed_items);
    }
    {
      const Murmur murmur(what_.control);
      CP_TRY(what_.take(summed));
    }
    return told(what_.control.send(Answer{}));
  }

  const SumThere& what_;
  std::uint64_t count_ = 0;
};

}  // namespace

Result<void> sum_here(const SumHere& what, const std::stop_token& stop) {
  std::stop_source ended;
  const std::stop_callback interrupt(stop, [&] { ended.request_stop(); });
  Gathering gathering(what, ended);
  const auto murmur = what.control == nullptr ? nullptr : std::make_unique<Murmur>(*what.control);
  const auto summed = sum_trees({.sources = what.sources,
                                 .kind = what.kind,
                                 .threads = kSumThreads,
                                 .walk = {.selection = what.selection}},
                                gathering, what.tally, what.tick, ended.get_token());
  CP_TRY(gathering.result());
  CP_TRY(summed);
  return gathering.finish();
}

Result<void> sum_there(const SumThere& what, const std::stop_token& stop) {
  CP_TRY_ASSIGN(const Wake wake, Wake::make());
  std::optional<Conversation> conversation(std::in_place, what.control, wake, what.silence);
  const std::stop_callback interrupt(stop, [&] { what.control.shutdown(); });
  Hearing hearing(what);
  while (true) {
    CP_TRY_ASSIGN(const auto message, conversation->next());
    if (!message) {
      what.tick();
      CP_TRY(conversation->wait());
      continue;
    }
    CP_TRY_ASSIGN(const bool is_last, hearing.take(*message));
    if (is_last) {
      return {};
    }
    // Whoever waited for us meanwhile had nothing to say.
    conversation.emplace(what.control, wake, what.silence);
  }
}

TakeSums check_here(Counterpart& counterpart, TellFailed failed) {
  return [&counterpart, failed = std::move(failed)](const Summed& summed) -> Result<void> {
    SharedBatch batch(summed, counterpart, failed);
    {
      const auto others =
          start_threads(summed.items.size() > 1 ? kSumThreads - 1 : 0, [&batch] { batch.work(); });
      batch.work();
    }
    return counterpart.was_stopped() ? fail(Errc::timed_out, "interrupted") : Result<void>();
  };
}

TellSumBegun begin_here(Counterpart& counterpart) {
  return [&counterpart](const SumBegun& begun) { counterpart.begin(begun.entry); };
}

TellSumBegun begin_there(Control& control) {
  // Whoever is gone is missed by the thread that hands the sums over.
  return [&control](const SumBegun& begun) { static_cast<void>(control.send(begun)); };
}

TakeSums check_there(Control& control, TellFailed failed, std::chrono::nanoseconds silence) {
  return [&control, failed = std::move(failed), silence](const Summed& summed) -> Result<void> {
    CP_TRY_ASSIGN(const Wake wake, Wake::make());
    CP_TRY(told(control.send(summed)));
    Conversation conversation(control, wake, silence);
    Awaited awaited(summed);
    while (true) {
      CP_TRY_ASSIGN(const auto message, conversation.next());
      if (!message) {
        CP_TRY(conversation.wait());
      } else if (message->type == MessageType::answer) {
        return decode<Answer>(message->body).and_then([](const Answer& answer) {
          return answer.items.empty() ? Result<void>()
                                      : fail(Errc::protocol, "an answer to what nobody asked");
        });
      } else if (message->type == MessageType::item_failed) {
        CP_TRY_ASSIGN(auto item, decode<ItemFailed>(message->body));
        CP_TRY(awaited.take(item));
        failed(std::move(item));
      } else {
        return fail(Errc::protocol, "a message that says nothing of sums");
      }
    }
  };
}

}  // namespace cp::transfer
