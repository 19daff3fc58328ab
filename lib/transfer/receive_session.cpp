// SPDX-License-Identifier: Apache-2.0
#include "transfer/receive_session.hpp"

#include "base/file.hpp"
#include "base/thread.hpp"
#include "base/time.hpp"
#include "transfer/limits.hpp"
#include "transfer/path.hpp"
#include "transfer/stopwatch.hpp"

namespace cp::transfer {
namespace {

constexpr auto kLockPeriod = std::chrono::milliseconds(100);

}  // namespace

ReceiveSession::~ReceiveSession() { end_threads(); }

void ReceiveSession::end_threads() {
  {
    const std::scoped_lock lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
  for (const auto& stream : streams_) {
    stream->interrupt();
  }
  if (receiver_) {
    receiver_->interrupt();
  }
  threads_.clear();
}

Result<void> ReceiveSession::begin() {
  CP_TRY_ASSIGN(wake_, Wake::make());
  conversation_.emplace(parts_.control, *wake_, parts_.silence);
  return {};
}

Result<void> ReceiveSession::open(StreamOut::Settings settings) {
  CP_TRY(begin());
  ReceiveEvents& events = *this;
  receiver_ = std::make_unique<StreamOut>(std::move(settings), events, parts_.tally);
  return {};
}

Result<void> ReceiveSession::open(Receiver::Settings settings) {
  CP_TRY(begin());
  ReceiveEvents& events = *this;
  CP_TRY_ASSIGN(receiver_, Receiver::open(std::move(settings), events, parts_.tally));
  return {};
}

Result<void> ReceiveSession::tell_have() {
  for (const Have& have : receiver_->have()) {
    CP_TRY(parts_.control.send(have));
  }
  return {};
}

Result<FinalResult> ReceiveSession::run(std::vector<std::unique_ptr<ChunkReceiver>> streams,
                                        std::stop_token stop) {
  for (auto& stream : streams) {
    begin_stream(std::move(stream));
  }
  if (auto following = start_thread([this] { follow(); })) {
    threads_.push_back(*std::move(following));
  } else {
    fail_with(following.error());
  }
  const std::stop_callback interrupt(stop, [this] {
    fail_with({Errc::timed_out, "interrupted", {}});
  });
  auto result = converse();
  if (!result) {
    end_threads();
    receiver_->keep_whole();
    static_cast<void>(parts_.control.send_if_idle(SessionError{result.error()}));
  }
  return result;
}

Result<FinalResult> ReceiveSession::converse() {
  while (true) {
    CP_TRY(listen());
    if (const auto ended = outcome()) {
      CP_TRY(*ended);
      CP_TRY(parts_.control.send(**ended));
      return **ended;
    }
    CP_TRY(check_lock());
    parts_.tick();
    take_streams();
    speak();
  }
}

// A stream that gets no thread is one that was cut: it is the sender's to replace.
void ReceiveSession::begin_stream(std::unique_ptr<ChunkReceiver> stream) {
  auto thread = start_thread([this, &begun = *stream] { run_stream(begun); });
  if (thread) {
    threads_.push_back(*std::move(thread));
    streams_.push_back(std::move(stream));
  } else {
    stream->interrupt();
    if (threads_.empty()) {
      fail_with(thread.error());
    }
  }
}

void ReceiveSession::take_streams() {
  if (parts_.more_streams) {
    for (auto& stream : parts_.more_streams()) {
      begin_stream(std::move(stream));
    }
  }
}

// A connection that is cut without a word looks as if it were slow; its client knows better. While
// the end is being made nothing of it may be touched.
Result<void> ReceiveSession::check_lock() {
  if (SystemClock().steady() - looked_ < kLockPeriod) {
    return {};
  }
  looked_ = SystemClock().steady();
  const std::scoped_lock lock(mutex_);
  return !is_finishing_ && receiver_->is_asked_for(conversation_->heard())
             ? fail(Errc::timed_out, "the other end has come back by another connection")
             : Result<void>();
}

void ReceiveSession::begin_finishing() {
  const std::scoped_lock lock(mutex_);
  is_finishing_ = true;
  parts_.tally.is_finishing = true;
}

bool ReceiveSession::has_room() {
  const std::scoped_lock lock(mutex_);
  return heard_.size() < limits::waiting_messages;
}

Result<void> ReceiveSession::listen() {
  if (!has_room()) {
    conversation_->rest();
    return {};
  }
  CP_TRY(conversation_->wait());
  while (has_room()) {
    CP_TRY_ASSIGN(auto message, conversation_->next());
    if (!message) {
      break;
    }
    if (is_about_rails(message->type) && parts_.rail_message) {
      CP_TRY(parts_.rail_message(*message));
      continue;
    }
    const std::scoped_lock lock(mutex_);
    heard_.push_back(*std::move(message));
    changed_.notify_all();
  }
  return {};
}

// What was heard before the end is followed, too: it may make a file whole.
std::optional<Message> ReceiveSession::next_heard() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !heard_.empty() || is_ending_; });
  if (heard_.empty()) {
    return std::nullopt;
  }
  Message message = std::move(heard_.front());
  heard_.pop_front();
  return message;
}

void ReceiveSession::follow() {
  while (const auto message = next_heard()) {
    wake_->signal();
    if (const auto taken = take(*message); !taken) {
      conclude(tl::unexpected<Error>(taken.error()));
      return;
    }
  }
}

Result<void> ReceiveSession::take(const Message& message) {
  switch (message.type) {
    case MessageType::entries: {
      CP_TRY_ASSIGN(const auto entries, decode<Entries>(message.body));
      for (const Entry& entry : entries.entries) {
        CP_TRY(receiver_->add(entry));
      }
      return {};
    }
    case MessageType::file_end: {
      CP_TRY_ASSIGN(const auto end, decode<FileEnd>(message.body));
      return receiver_->end(end);
    }
    case MessageType::item_failed:
      return take_source_failure(message);
    case MessageType::totals: {
      CP_TRY_ASSIGN(const auto totals, decode<Totals>(message.body));
      parts_.tally.files_found = totals.files;
      parts_.tally.bytes_found = totals.bytes;
      parts_.tally.walk_ended = totals.walk_ended;
      parts_.tally.files_skipped = totals.files_skipped;
      parts_.tally.bytes_skipped = totals.bytes_skipped;
      return {};
    }
    case MessageType::kept: {
      CP_TRY_ASSIGN(const auto kept, decode<Kept>(message.body));
      return receiver_->keep(kept);
    }
    case MessageType::offer: {
      CP_TRY_ASSIGN(const auto offer, decode<Offer>(message.body));
      return receiver_->offer(offer);
    }
    case MessageType::same: {
      CP_TRY_ASSIGN(const auto same, decode<Same>(message.body));
      return receiver_->take(same);
    }
    case MessageType::present: {
      CP_TRY_ASSIGN(const auto present, decode<Present>(message.body));
      return receiver_->take(present);
    }
    case MessageType::finish:
      begin_finishing();
      conclude(receiver_->finish());
      return {};
    default:
      return fail(Errc::protocol, "a message that only a receiver sends");
  }
}

Result<void> ReceiveSession::take_source_failure(const Message& message) {
  CP_TRY_ASSIGN(auto failed, decode<ItemFailed>(message.body));
  receiver_->failed_at_source(failed.id);
  failed.path = parts_.source + failed.path;
  parts_.tally.failed(std::move(failed));
  return {};
}

std::optional<Result<FinalResult>> ReceiveSession::outcome() {
  const std::scoped_lock lock(mutex_);
  return outcome_;
}

// When that fails, there may still be the peer's last words to hear.
void ReceiveSession::speak() {
  if (conversation_->should_speak()) {
    static_cast<void>(parts_.control.send_if_idle(Placed{.files = parts_.tally.files_placed,
                                                         .bytes = parts_.tally.bytes_placed,
                                                         .placing_ns = parts_.tally.placing_ns}));
    if (const auto durable = take_durable()) {
      static_cast<void>(parts_.control.send_if_idle(*durable));
    }
  }
}

// The words of the next tick: syncs come in bursts.
void ReceiveSession::became_durable(const Durable& all) {
  parts_.tally.bytes_durable = all.bytes;
  const std::scoped_lock lock(mutex_);
  durable_ = all;
}

std::optional<Durable> ReceiveSession::take_durable() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(durable_, std::nullopt);
}

void ReceiveSession::conclude(Result<FinalResult> result) {
  {
    const std::scoped_lock lock(mutex_);
    if (!outcome_) {
      outcome_ = std::move(result);
    }
  }
  wake_->signal();
}

void ReceiveSession::fail_with(const Error& error) { conclude(tl::unexpected<Error>(error)); }

void ReceiveSession::run_stream(ChunkReceiver& stream) {
  const auto placed = place_all(stream);
  // What the far end would still send by it goes by another.
  stream.interrupt();
  // A stream that was cut is the sender's to replace; what breaks the rules ends the session.
  if (!placed && placed.error().code != Errc::timed_out) {
    fail_with(placed.error());
  }
}

Result<std::span<const std::byte>> ReceiveSession::plain_of(const ReceivedChunk& chunk,
                                                            ZstdExpander& expander) {
  if (!chunk.header.is_compressed()) {
    return chunk.payload;
  }
  if (!parts_.expands) {
    return fail(Errc::protocol, "a chunk with a feature that was not agreed on");
  }
  return expander.expand(chunk.payload, chunk.header.length);
}

Result<void> ReceiveSession::place_all(ChunkReceiver& stream) {
  ZstdExpander expander;
  while (true) {
    CP_TRY_ASSIGN(const auto chunk, stream.next());
    if (!chunk) {
      return {};
    }
    CP_TRY_ASSIGN(const auto plain, plain_of(*chunk, expander));
    if (leaf_digest(plain) != chunk->header.digest) {
      return fail(Errc::protocol, "a chunk that does not match its digest");
    }
    parts_.tally.carried(chunk->header);
    {
      const Stopwatch placing(parts_.tally.placing_ns);
      CP_TRY(receiver_->take(chunk->header, plain));
    }
    CP_TRY(stream.placed());
  }
}

// Should this not reach the sender, the session ends anyway.
void ReceiveSession::answered(const Answer& answer) {
  static_cast<void>(parts_.control.send(answer));
}

void ReceiveSession::item_failed(const ItemFailed& failed) {
  // Should this not reach the sender, the session ends anyway.
  static_cast<void>(parts_.control.send(failed));
  ItemFailed shown = failed;
  shown.path = shown_in(parts_.destination, failed.path);
  parts_.tally.failed(std::move(shown));
}

}  // namespace cp::transfer
