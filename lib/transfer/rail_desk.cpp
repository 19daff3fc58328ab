// SPDX-License-Identifier: Apache-2.0
#include "transfer/rail_desk.hpp"

#include "transfer/limits.hpp"
#include "transfer/stream_rail.hpp"

#include <algorithm>

namespace cp::transfer {
namespace {

class StreamCarrier final : public Carrier {
 public:
  StreamCarrier(std::unique_ptr<net::Stream> stream, Sealing sealing)
      : stream_(std::move(stream)), sealing_(std::move(sealing)) {}
  Result<std::unique_ptr<ChunkSender>> as_sender(std::uint32_t window) override {
    return std::make_unique<StreamChunkSender>(std::move(stream_), window, sealing_);
  }
  Result<std::unique_ptr<ChunkReceiver>> as_receiver(std::uint32_t /*window*/) override {
    return std::make_unique<StreamChunkReceiver>(std::move(stream_), sealing_);
  }
  int fd() const override { return stream_->fd(); }

 private:
  std::unique_ptr<net::Stream> stream_;
  Sealing sealing_;
};

Carriers carriers_of(std::vector<ProvenStream> streams) {
  Carriers carriers;
  for (ProvenStream& proven : streams) {
    carriers.push_back(make_stream_carrier(std::move(proven.stream), proven.keys.of_server()));
  }
  return carriers;
}

}  // namespace

std::unique_ptr<Carrier> make_stream_carrier(std::unique_ptr<net::Stream> stream, Sealing sealing) {
  return std::make_unique<StreamCarrier>(std::move(stream), std::move(sealing));
}

Result<void> hear_rail_answer(net::Stream& stream, const RailKeys& keys, SteadyTime deadline) {
  std::string answer(limits::key_bytes, '\0');
  CP_TRY_ASSIGN(const std::size_t have,
                stream.receive_all(std::as_writable_bytes(std::span(answer)), deadline));
  return have == answer.size() && same_secret(answer, keys.answer)
             ? Result<void>()
             : fail(Errc::denied, "the other end of a stream does not have the session's key");
}

std::string make_token(Random& random) {
  std::string token(limits::token_bytes, '\0');
  random.fill(std::as_writable_bytes(std::span(token)));
  return token;
}

std::string RailDesk::token_of(const RailKeys& keys) {
  return keys.claim.substr(0, limits::token_bytes);
}

RailDesk::Reservation::Reservation(RailDesk& desk, std::vector<RailKeys> rails)
    : desk_(desk), rails_(std::move(rails)) {
  const std::scoped_lock lock(desk_.mutex_);
  for (const RailKeys& keys : rails_) {
    desk_.expected_.emplace(token_of(keys), Place{&keys, nullptr});
  }
}

RailDesk::Reservation::~Reservation() {
  const std::scoped_lock lock(desk_.mutex_);
  for (const RailKeys& keys : rails_) {
    desk_.expected_.erase(token_of(keys));
  }
}

bool RailDesk::Reservation::has_come(const RailKeys& keys) const {
  const auto place = desk_.expected_.find(token_of(keys));
  return place != desk_.expected_.end() && place->second.stream;
}

Result<std::vector<ProvenStream>> RailDesk::Reservation::collect_streams(
    std::size_t count, std::chrono::nanoseconds patience, std::stop_token stop) {
  {
    std::unique_lock lock(desk_.mutex_);
    const auto first = std::span(rails_).first(std::min(count, rails_.size()));
    const auto all_here = [&] {
      return std::ranges::all_of(first, [&](const RailKeys& keys) { return has_come(keys); });
    };
    if (!desk_.arrived_.wait_for(lock, stop, patience, all_here)) {
      return fail(Errc::timed_out, "the other end did not open its streams");
    }
  }
  return take_streams();
}

Result<Carriers> RailDesk::Reservation::collect(std::size_t count,
                                                std::chrono::nanoseconds patience,
                                                std::stop_token stop) {
  return collect_streams(count, patience, std::move(stop)).map(carriers_of);
}

Carriers RailDesk::Reservation::take_arrived() { return carriers_of(take_streams()); }

std::vector<ProvenStream> RailDesk::Reservation::take_streams() {
  const std::scoped_lock lock(desk_.mutex_);
  std::vector<ProvenStream> streams;
  for (const RailKeys& keys : rails_) {
    if (has_come(keys)) {
      const auto place = desk_.expected_.find(token_of(keys));
      streams.push_back({std::move(place->second.stream), keys});
      desk_.expected_.erase(place);
    }
  }
  return streams;
}

Result<void> RailDesk::deliver(std::string_view claim, std::unique_ptr<net::Stream> stream) {
  const std::scoped_lock lock(mutex_);
  const auto place = expected_.find(claim.substr(0, limits::token_bytes));
  if (place == expected_.end() || place->second.stream ||
      !same_secret(claim, place->second.keys->claim)) {
    return fail(Errc::denied, "a stream without a valid token");
  }
  // It is the first that this end says there, and fits whatever carries it.
  CP_TRY(stream->send(std::as_bytes(std::span(place->second.keys->answer))));
  place->second.stream = std::move(stream);
  arrived_.notify_all();
  return {};
}

}  // namespace cp::transfer
