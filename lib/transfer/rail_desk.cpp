// SPDX-License-Identifier: Apache-2.0
#include "transfer/rail_desk.hpp"

#include "transfer/limits.hpp"
#include "transfer/stream_rail.hpp"

#include <algorithm>

namespace cp::transfer {
namespace {

class StreamCarrier final : public Carrier {
 public:
  explicit StreamCarrier(std::unique_ptr<net::Stream> stream) : stream_(std::move(stream)) {}
  Result<std::unique_ptr<ChunkSender>> as_sender(std::uint32_t window) override {
    return std::make_unique<StreamChunkSender>(std::move(stream_), window);
  }
  Result<std::unique_ptr<ChunkReceiver>> as_receiver(std::uint32_t /*window*/) override {
    return std::make_unique<StreamChunkReceiver>(std::move(stream_));
  }

 private:
  std::unique_ptr<net::Stream> stream_;
};

}  // namespace

std::unique_ptr<Carrier> make_stream_carrier(std::unique_ptr<net::Stream> stream) {
  return std::make_unique<StreamCarrier>(std::move(stream));
}

std::string make_token(Random& random) {
  std::string token(limits::token_bytes, '\0');
  random.fill(std::as_writable_bytes(std::span(token)));
  return token;
}

RailDesk::Reservation::Reservation(RailDesk& desk, std::size_t count) : desk_(desk) {
  const std::scoped_lock lock(desk_.mutex_);
  for (std::size_t i = 0; i < count; ++i) {
    tokens_.push_back(make_token(desk_.random_));
    desk_.expected_.emplace(tokens_.back(), nullptr);
  }
}

RailDesk::Reservation::~Reservation() {
  const std::scoped_lock lock(desk_.mutex_);
  for (const std::string& token : tokens_) {
    desk_.expected_.erase(token);
  }
}

Result<std::vector<std::unique_ptr<net::Stream>>> RailDesk::Reservation::collect(
    std::chrono::nanoseconds patience, std::stop_token stop) {
  std::unique_lock lock(desk_.mutex_);
  const auto all_here = [&] {
    return std::ranges::all_of(
        tokens_, [&](const std::string& token) { return desk_.expected_.at(token) != nullptr; });
  };
  if (!desk_.arrived_.wait_for(lock, stop, patience, all_here)) {
    return fail(Errc::timed_out, "the other end did not open its streams");
  }
  std::vector<std::unique_ptr<net::Stream>> streams;
  for (const std::string& token : tokens_) {
    streams.push_back(std::move(desk_.expected_.at(token)));
  }
  return streams;
}

std::vector<std::unique_ptr<net::Stream>> RailDesk::Reservation::take_arrived() {
  const std::scoped_lock lock(desk_.mutex_);
  std::vector<std::unique_ptr<net::Stream>> streams;
  for (const std::string& token : tokens_) {
    if (auto& stream = desk_.expected_.at(token)) {
      streams.push_back(std::move(stream));
    }
    desk_.expected_.erase(token);
  }
  tokens_.clear();
  return streams;
}

Result<void> RailDesk::deliver(const std::string& token, std::unique_ptr<net::Stream> stream) {
  const std::scoped_lock lock(mutex_);
  const auto place = expected_.find(token);
  if (place == expected_.end() || place->second) {
    return fail(Errc::denied, "a stream without a valid token");
  }
  place->second = std::move(stream);
  arrived_.notify_all();
  return {};
}

}  // namespace cp::transfer
