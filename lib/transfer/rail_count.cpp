// SPDX-License-Identifier: Apache-2.0
#include "transfer/rail_count.hpp"

#include <utility>

namespace cp::transfer {
namespace {

/// What a counted stream remembers of itself.
class Mark {
 public:
  explicit Mark(std::shared_ptr<RailCount> count) : count_(std::move(count)) {}

  RailCount& count() { return *count_; }
  void interrupt() { is_interrupted_ = true; }
  void broke(const Error& why) {
    if (!is_interrupted_ && !std::exchange(has_broken_, true)) {
      count_->broke(why);
    }
  }
  template <class T>
  Result<T> noted(Result<T> result) {
    if (!result) {
      broke(result.error());
    }
    return result;
  }

 private:
  std::shared_ptr<RailCount> count_;
  std::atomic<bool> is_interrupted_{false};
  bool has_broken_ = false;
};

class CountedSender final : public ChunkSender {
 public:
  CountedSender(std::unique_ptr<ChunkSender> stream, std::shared_ptr<RailCount> count)
      : stream_(std::move(stream)), mark_(std::move(count)) {}
  Result<std::span<std::byte>> slot() override { return mark_.noted(stream_->slot()); }
  Result<void> send(ChunkHeader header) override {
    mark_.count().carried(header);
    return mark_.noted(stream_->send(header));
  }
  std::uint64_t placed() const override { return stream_->placed(); }
  Result<void> drain() override { return mark_.noted(stream_->drain()); }
  void interrupt() override {
    mark_.interrupt();
    stream_->interrupt();
  }

 private:
  std::unique_ptr<ChunkSender> stream_;
  Mark mark_;
};

class CountedReceiver final : public ChunkReceiver {
 public:
  CountedReceiver(std::unique_ptr<ChunkReceiver> stream, std::shared_ptr<RailCount> count,
                  const Tally& tally)
      : stream_(std::move(stream)), mark_(std::move(count)), tally_(tally) {}
  Result<std::optional<ReceivedChunk>> next() override {
    CP_TRY_ASSIGN(auto chunk, mark_.noted(stream_->next()));
    if (chunk) {
      mark_.count().carried(chunk->header);
    } else if (!tally_.is_finishing) {
      mark_.broke({Errc::timed_out, "the stream ended before the transfer", {}});
    }
    return chunk;
  }
  Result<void> placed() override { return mark_.noted(stream_->placed()); }
  void interrupt() override {
    mark_.interrupt();
    stream_->interrupt();
  }

 private:
  std::unique_ptr<ChunkReceiver> stream_;
  Mark mark_;
  const Tally& tally_;
};

}  // namespace

std::string RailCount::provider() const {
  const std::scoped_lock lock(mutex_);
  return provider_;
}

std::string RailCount::name() const {
  const std::scoped_lock lock(mutex_);
  return provider_.empty() ? kind_ : kind_ + ":" + provider_;
}

void RailCount::set_provider(std::string provider) {
  const std::scoped_lock lock(mutex_);
  provider_ = std::move(provider);
}

void RailCount::joined(std::size_t streams) {
  const std::scoped_lock lock(mutex_);
  streams_ += streams;
  if (streams_ != 0) {
    error_.reset();
  }
}

void RailCount::broke(const Error& why) {
  const std::scoped_lock lock(mutex_);
  // One of a connection before counts no more.
  if (streams_ != 0 && --streams_ == 0) {
    error_ = why;
  }
}

void RailCount::cannot(const Error& why) {
  const std::scoped_lock lock(mutex_);
  error_ = why;
}

void RailCount::begin_again() {
  const std::scoped_lock lock(mutex_);
  streams_ = 0;
  error_.reset();
}

std::size_t RailCount::streams() const {
  const std::scoped_lock lock(mutex_);
  return streams_;
}

std::optional<Error> RailCount::error() const {
  const std::scoped_lock lock(mutex_);
  return error_;
}

std::vector<std::unique_ptr<ChunkSender>> counted(std::vector<std::unique_ptr<ChunkSender>> streams,
                                                  const std::shared_ptr<RailCount>& count) {
  for (auto& stream : streams) {
    stream = std::make_unique<CountedSender>(std::move(stream), count);
  }
  count->joined(streams.size());
  return streams;
}

std::vector<std::unique_ptr<ChunkReceiver>> counted(
    std::vector<std::unique_ptr<ChunkReceiver>> streams, const std::shared_ptr<RailCount>& count,
    const Tally& tally) {
  for (auto& stream : streams) {
    stream = std::make_unique<CountedReceiver>(std::move(stream), count, tally);
  }
  count->joined(streams.size());
  return streams;
}

}  // namespace cp::transfer
