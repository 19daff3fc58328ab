// SPDX-License-Identifier: Apache-2.0
#include "transfer/sender.hpp"

#include "base/thread.hpp"
#include "transfer/planner.hpp"
#include "transfer/stopwatch.hpp"
#include "transfer/stream_in.hpp"

#include <algorithm>
#include <deque>

namespace cp::transfer {
namespace {

// Enough that no stream waits for the planner; a pack's entries are what fills memory.
constexpr std::size_t kQueuedWork = 64;
// For the words of the far end, while other streams hold what may be on its way.
constexpr auto kBetweenLooks = std::chrono::milliseconds(5);

template <class Call>
auto timed(std::atomic<std::uint64_t>& total, Call call) {
  const Stopwatch watch(total);
  return call();
}

}  // namespace

/// What one stream has taken and the far end has not placed yet, oldest first.
struct Sender::Unfinished {
  struct Size {
    std::uint32_t plain;
    std::uint32_t on_wire;
  };

  WorkQueue& queue;
  LevelControl& levels;
  Squeezer squeezer;
  SmallFiles small;
  std::deque<Work> work;
  std::deque<Size> sizes;  ///< of what was sent of it
  std::uint64_t placed = 0;

  void settle(std::uint64_t placed_now) {
    const auto count = static_cast<std::size_t>(placed_now - placed);
    for (std::size_t i = 0; i < count; ++i) {
      levels.placed(sizes.front().plain, sizes.front().on_wire);
      sizes.pop_front();
    }
    work.erase(work.begin(), work.begin() + static_cast<std::ptrdiff_t>(count));
    placed = placed_now;
    if (count != 0) {
      queue.done(count);
    }
  }
};

Sender::Sender(Parts parts)
    : parts_(std::move(parts)),
      queue_(kQueuedWork),
      pacer_(parts_.bytes_per_second),
      levels_(parts_.streams.size(), std::max(1U, std::thread::hardware_concurrency()),
              SystemClock().steady()),
      idle_cores_(SystemClock().steady()) {}

Sender::~Sender() { end(); }

void Sender::end() {
  interrupt({Errc::timed_out, "interrupted", {}});
  running_.clear();
}

void Sender::start() {
  streams_alive_ = parts_.streams.size();
  threads_ = parts_.streams.size() + 1;
  auto planner = start_thread([this] { run_planner(); });
  if (!planner) {
    interrupt(planner.error());
    return;
  }
  running_.push_back(*std::move(planner));
  for (const auto& stream : parts_.streams) {
    begin_stream(*stream);
  }
}

// Those that there are; they stay as long as the sender.
std::vector<ChunkSender*> Sender::streams() const {
  const std::scoped_lock lock(mutex_);
  std::vector<ChunkSender*> streams;
  for (const auto& stream : parts_.streams) {
    streams.push_back(stream.get());
  }
  return streams;
}

// A stream that gets no thread is one that broke.
void Sender::begin_stream(ChunkSender& stream) {
  auto thread = start_thread([this, &stream] { run_stream(stream); });
  if (thread) {
    running_.push_back(*std::move(thread));
    return;
  }
  stream_broke(thread.error());
  thread_ended();
}

void Sender::join(std::unique_ptr<ChunkSender> stream) {
  ChunkSender& joined = *stream;
  {
    const std::scoped_lock lock(mutex_);
    if (error_ || threads_ == 0) {
      return;
    }
    ++streams_alive_;
    ++threads_;
    parts_.streams.push_back(std::move(stream));
    levels_.set_streams(streams_alive_);
  }
  begin_stream(joined);
}

std::optional<Result<void>> Sender::state() const {
  const std::scoped_lock lock(mutex_);
  if (error_) {
    return tl::unexpected<Error>(*error_);
  }
  return ended_ ? std::optional(Result<void>()) : std::nullopt;
}

void Sender::interrupt(const Error& why) {
  {
    const std::scoped_lock lock(mutex_);
    if (error_ || ended_) {
      return;
    }
    error_ = why;
  }
  stop_.request_stop();
  queue_.abandon();
  for (ChunkSender* const stream : streams()) {
    stream->interrupt();
  }
  parts_.changed();
}

void Sender::thread_ended() {
  {
    const std::scoped_lock lock(mutex_);
    if (--threads_ != 0 || error_) {
      return;
    }
    // Before the far end hears of it, whose answer may be faster than this thread.
    ended_ = true;
  }
  if (const auto told = parts_.far.tell(Finish{}); !told) {
    const std::scoped_lock lock(mutex_);
    error_ = told.error();
  }
  parts_.changed();
}

Result<void> Sender::plan_stream(const Source& source) {
  ReadEvents& events = *this;
  CP_TRY(StreamIn({.source = source,
                   .far = parts_.far,
                   .queue = queue_,
                   .tally = parts_.tally,
                   .events = events,
                   .is_given_up = stream_is_given_up_,
                   .stop = stop_.get_token()})
             .run());
  parts_.tally.walk_ended = true;
  return parts_.far.tell(totals_of(parts_.tally));
}

Result<void> Sender::plan() {
  if (parts_.sources.front().is_stream()) {
    return plan_stream(parts_.sources.front());
  }
  ReadEvents& events = *this;
  Planner planner({.far = parts_.far,
                   .queue = queue_,
                   .tally = parts_.tally,
                   .have = parts_.have,
                   .announced = [this](const auto& file) { remember(file); },
                   .events = events,
                   .stop = stop_.get_token(),
                   .knows_extras = parts_.knows_extras,
                   .answers = parts_.offers_first ? &answers_ : nullptr,
                   .tells_present = parts_.tells_present});
  for (const Source& source : parts_.sources) {
    CP_TRY(planner.begin(source));
    CP_TRY(walk(source, parts_.walk, planner, stop_.get_token()));
  }
  CP_TRY(planner.flush());
  parts_.tally.walk_ended = true;
  return parts_.far.tell(totals_of(parts_.tally));
}

void Sender::run_planner() {
  if (const auto planned = plan(); !planned) {
    interrupt(planned.error());
  }
  queue_.close();
  thread_ended();
}

void Sender::run_stream(ChunkSender& stream) {
  Compressors& compressors = parts_.compressors != nullptr ? *parts_.compressors : compressors_;
  Unfinished unfinished{queue_,
                        levels_,
                        Squeezer(parts_.compression, levels_, compressors),
                        SmallFiles(read_way_of_environment()),
                        {},
                        {},
                        0};
  const auto fed = feed(stream, unfinished);
  paces_.remove(&stream);
  queue_.put_back({std::make_move_iterator(unfinished.work.begin()),
                   std::make_move_iterator(unfinished.work.end())});
  if (!fed) {
    stream_broke(fed.error());
  }
  thread_ended();
}

// While too much is on its way, and not for want of work, what comes back makes room by the chunk.
Result<std::optional<Work>> Sender::next_work(ChunkSender& stream, Unfinished& unfinished) {
  const auto appetite = [&](std::size_t left) { return paces_.should_take(&stream, left); };
  auto work = queue_.try_take(appetite);
  while (!work && queue_.is_held_back(kBetweenLooks)) {
    CP_TRY(stream.slot());
    unfinished.settle(stream.placed());
    work = queue_.try_take(appetite);
  }
  if (work) {
    return work;
  }
  CP_TRY(stream.drain());
  unfinished.settle(stream.placed());
  return queue_.take(stop_.get_token(), appetite);
}

Result<void> Sender::feed(ChunkSender& stream, Unfinished& unfinished) {
  while (true) {
    CP_TRY_ASSIGN(auto work, next_work(stream, unfinished));
    if (!work) {
      return {};
    }
    const SteadyTime began = SystemClock().steady();
    CP_TRY_ASSIGN(const bool is_sent, send_one(stream, *std::move(work), unfinished));
    if (is_sent) {
      paces_.took(&stream, SystemClock().steady() - began);
    }
  }
}

// Whether there was something to send.
Result<bool> Sender::send_one(ChunkSender& stream, Work work, Unfinished& unfinished) {
  unfinished.work.push_back(std::move(work));
  CP_TRY_ASSIGN(const auto slot, timed(parts_.tally.sending_ns, [&] { return stream.slot(); }));
  unfinished.settle(stream.placed());
  auto header = timed(parts_.tally.reading_ns, [&] {
    return read_chunk(unfinished.work.back(), slot, unfinished.small, *this);
  });
  if (!header) {
    interrupt(header.error());
    return tl::unexpected<Error>(header.error());
  }
  if (!*header) {
    unfinished.work.pop_back();
    queue_.done(1);
    return false;
  }
  const ChunkHeader chunk = timed(parts_.tally.compressing_ns,
                                  [&] { return unfinished.squeezer.squeeze(**header, slot); });
  parts_.tally.carried(chunk);
  unfinished.sizes.push_back({chunk.length, chunk.on_wire()});
  steer();
  timed(parts_.tally.pacing_ns, [&] { pacer_.wait(chunk.on_wire(), stop_.get_token()); });
  CP_TRY(timed(parts_.tally.sending_ns, [&] { return stream.send(chunk); }));
  return true;
}

void Sender::steer() {
  const SteadyTime now = SystemClock().steady();
  const std::unique_lock lock(steering_, std::try_to_lock);
  if (parts_.compression.mode != Compression::Mode::automatic || !lock || !levels_.is_due(now)) {
    return;
  }
  levels_.decide({.now = now,
                  .sending = std::chrono::nanoseconds(parts_.tally.sending_ns),
                  .pacing = std::chrono::nanoseconds(parts_.tally.pacing_ns),
                  .compressing = std::chrono::nanoseconds(parts_.tally.compressing_ns),
                  .placing = std::chrono::nanoseconds(parts_.tally.placing_ns),
                  .idle_cores = idle_cores_.since_last(now)});
}

void Sender::stream_broke(const Error& why) {
  bool was_last = false;
  {
    const std::scoped_lock lock(mutex_);
    was_last = --streams_alive_ == 0;
    levels_.set_streams(streams_alive_);
  }
  if (was_last) {
    interrupt(why);
  }
}

void Sender::remember(const std::shared_ptr<SourceFile>& file) {
  const std::scoped_lock lock(mutex_);
  files_.emplace(file->entry().id, file);
}

Result<void> Sender::file_ended(const SourceFile& file, const FileEnd& end) {
  forget(file.entry().id);
  return parts_.far.tell(end);
}

Result<void> Sender::source_failed(const Source& source, const Entry& entry, const Error& error) {
  const ItemFailed failed{.path = source.show(entry.path), .id = entry.id, .error = error};
  parts_.tally.failed(failed);
  forget(entry.id);
  if (parts_.tells_present) {
    CP_TRY(parts_.far.tell(Present{{{entry.path, false}}}));
  }
  return parts_.far.tell(failed);
}

void Sender::far_failed(const ItemFailed& failed) {
  if (const auto file = forget(failed.id)) {
    file->give_up();
  }
  stream_is_given_up_ = true;
  parts_.tally.failed(failed);
}

std::shared_ptr<SourceFile> Sender::forget(std::uint64_t id) {
  const std::scoped_lock lock(mutex_);
  const auto found = files_.find(id);
  if (found == files_.end()) {
    return nullptr;
  }
  auto file = std::move(found->second);
  files_.erase(found);
  return file;
}

}  // namespace cp::transfer
