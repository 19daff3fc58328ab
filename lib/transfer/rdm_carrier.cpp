// SPDX-License-Identifier: Apache-2.0
#include "transfer/rdm_carrier.hpp"

#include "base/random.hpp"
#include "base/text.hpp"
#include "fabric/provider.hpp"
#include "fabric/rdm_endpoint.hpp"
#include "transfer/shared_proof.hpp"
#include "transfer/shm_rail.hpp"
#include "transfer/write_rail.hpp"

#include <array>

namespace cp::transfer {
namespace {

using fabric::Manner;

constexpr std::string_view kMet = "met";
constexpr std::chrono::milliseconds kLook{1};
// Words of a client in shared memory, and how often it says them; two do.
constexpr std::string_view kLookNow = "look";
constexpr std::string_view kSent = "sent";
constexpr int kCalls = 4;

// One that breaks cuts the stream beside it, from which alone the far end hears of it.
class HangingUpSender final : public ChunkSender {
 public:
  explicit HangingUpSender(std::unique_ptr<ChunkSender> sender) : sender_(std::move(sender)) {}
  Result<std::span<std::byte>> slot() override { return watched(sender_->slot()); }
  Result<void> send(ChunkHeader header) override { return watched(sender_->send(header)); }
  std::uint64_t placed() const override { return sender_->placed(); }
  Result<void> drain() override { return watched(sender_->drain()); }
  void interrupt() override { sender_->interrupt(); }

 private:
  template <class T>
  Result<T> watched(Result<T> result) {
    if (!result) {
      sender_->interrupt();
    }
    return result;
  }
  std::unique_ptr<ChunkSender> sender_;
};

class RdmCarrier final : public Carrier {
 public:
  RdmCarrier(Manner manner, WriteParts parts) : manner_(manner), parts_(std::move(parts)) {}
  Result<std::unique_ptr<ChunkSender>> as_sender(std::uint32_t window) override {
    CP_TRY_ASSIGN(auto sender, manner_ == Manner::writes
                                   ? WriteSender::open(std::move(parts_), window)
                                   : ShmSender::open(std::move(parts_), window));
    return std::make_unique<HangingUpSender>(std::move(sender));
  }
  Result<std::unique_ptr<ChunkReceiver>> as_receiver(std::uint32_t window) override {
    return manner_ == Manner::writes ? WriteReceiver::open(std::move(parts_), window)
                                     : ShmReceiver::open(std::move(parts_), window);
  }

 private:
  Manner manner_;
  WriteParts parts_;
};

std::string random_name() {
  std::array<std::byte, 16> bytes{};
  KernelRandom().fill(bytes);
  return text::to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

/// One endpoint on its way to another.
class Introduction {
 public:
  Introduction(std::string provider, SessionEnd end, Meeting meeting)
      : provider_(std::move(provider)),
        end_(end),
        manner_(fabric::manner_of(provider_)),
        parts_{.endpoint = nullptr,
               .tether = std::make_unique<Tether>(std::move(meeting.stream)),
               .sealing = std::move(meeting.sealing)} {}

  Result<void> open(const std::shared_ptr<const fabric::Library>& library) {
    std::string host;
    if (manner_ == Manner::writes) {
      CP_TRY_ASSIGN(host, parts_.tether->local_host());
    }
    CP_TRY_ASSIGN(parts_.endpoint,
                  fabric::RdmEndpoint::open(library, provider_, host, random_name()));
    CP_TRY_ASSIGN(const std::string address, parts_.endpoint->address());
    CP_TRY(parts_.tether->say(address));
    return manner_ == Manner::writes ? Result<void>() : parts_.tether->say(proof_.text());
  }

  Result<void> meet(SteadyTime deadline) {
    std::string host;
    CP_TRY_ASSIGN(const std::string address, parts_.tether->hear(deadline));
    if (manner_ == Manner::writes) {
      CP_TRY_ASSIGN(host, parts_.tether->peer_host());
    } else {
      CP_TRY_ASSIGN(const std::string proof, parts_.tether->hear(deadline));
      CP_TRY(check_shared(proof));
    }
    return parts_.endpoint->meet(address, host);
  }

  Result<std::unique_ptr<Carrier>> finish(SteadyTime deadline) {
    CP_TRY(parts_.endpoint->prepare(byte_, 1));
    if (manner_ == Manner::writes) {
      CP_TRY(end_ == SessionEnd::client ? call(deadline) : hear_call(deadline));
    } else {
      CP_TRY(end_ == SessionEnd::client ? call_in_turns(deadline) : hear_in_turns(deadline));
      parts_.endpoint->hide();
    }
    return std::make_unique<RdmCarrier>(manner_, std::move(parts_));
  }

  void interrupt() { parts_.tether->interrupt(); }

 private:
  static Result<void> check_met(std::string_view word) {
    return word == kMet ? Result<void>() : fail(Errc::protocol, "an endpoint that does not meet");
  }

  // A byte that makes the provider connect, for which both ends have to look.
  Result<void> call(SteadyTime deadline) {
    std::array<std::byte, kMet.size() + 1> word{};
    bool is_posted = false;
    bool is_sent = false;
    bool is_heard = false;
    while (!is_sent || !is_heard) {
      if (!is_posted) {
        CP_TRY_ASSIGN(is_posted, parts_.endpoint->send(0, byte_));
      }
      CP_TRY_ASSIGN(const bool has_ended, look(deadline));
      is_sent = is_sent || has_ended;
      if (!is_heard) {
        CP_TRY_ASSIGN(is_heard, parts_.tether->take_now(word));
      }
    }
    return check_met({reinterpret_cast<const char*>(word.data()) + 1, kMet.size()});
  }

  Result<void> hear_call(SteadyTime deadline) {
    bool is_posted = false;
    for (bool has_ended = false; !has_ended;) {
      if (!is_posted) {
        CP_TRY_ASSIGN(is_posted, parts_.endpoint->receive(0, byte_));
      }
      std::array<std::byte, 1> nothing;
      CP_TRY(parts_.tether->take_now(nothing));
      CP_TRY_ASSIGN(has_ended, look(deadline));
    }
    return parts_.tether->say(kMet);
  }

  // In shared memory one end at a time calls the provider (shm_rail.hpp), which first only tells
  // the other one of us, and sends after that one has looked.
  Result<void> call_in_turns(SteadyTime deadline) {
    for (int i = 0; i < kCalls; ++i) {
      CP_TRY_ASSIGN(const bool is_posted, parts_.endpoint->send(0, byte_));
      CP_TRY(parts_.tether->say(is_posted ? kSent : kLookNow));
      CP_TRY_ASSIGN(const std::string word, parts_.tether->hear(deadline));
      CP_TRY(check_met(word));
      if (is_posted) {
        CP_TRY(parts_.endpoint->poll());
        return {};
      }
    }
    return fail(Errc::unavailable, "the fabric does not lead to the other end");
  }

  Result<void> hear_in_turns(SteadyTime deadline) {
    CP_TRY(parts_.endpoint->receive(0, byte_));
    for (int i = 0; i < kCalls; ++i) {
      CP_TRY_ASSIGN(const std::string word, parts_.tether->hear(deadline));
      CP_TRY_ASSIGN(const auto completion, parts_.endpoint->poll());
      if ((word == kSent) != completion.has_value()) {
        break;
      }
      CP_TRY(parts_.tether->say(kMet));
      if (completion) {
        return {};
      }
    }
    return fail(Errc::unavailable, "the fabric does not lead to the other end");
  }

  // Whether an operation has ended.
  Result<bool> look(SteadyTime deadline) {
    if (SystemClock().steady() > deadline) {
      return fail(Errc::unavailable, "the fabric does not lead to the other end");
    }
    CP_TRY_ASSIGN(const auto completion, parts_.endpoint->wait(kLook));
    return completion.has_value();
  }

  std::string provider_;
  SessionEnd end_;
  Manner manner_;
  std::array<std::byte, 1> byte_{};
  WriteParts parts_;
  SharedProof proof_;
};

Result<Carriers> introduce(const std::shared_ptr<const fabric::Library>& library,
                           const std::string& provider, SessionEnd end,
                           std::vector<Meeting> meetings, SteadyTime deadline,
                           const std::stop_token& stop) {
  std::vector<std::unique_ptr<Introduction>> introductions;
  for (Meeting& meeting : meetings) {
    introductions.push_back(std::make_unique<Introduction>(provider, end, std::move(meeting)));
  }
  Carriers carriers;
  for (const auto& introduction : introductions) {
    CP_TRY(introduction->open(library));
  }
  for (const auto& introduction : introductions) {
    const std::stop_callback interrupt(stop, [&] { introduction->interrupt(); });
    CP_TRY(introduction->meet(deadline));
  }
  for (const auto& introduction : introductions) {
    const std::stop_callback interrupt(stop, [&] { introduction->interrupt(); });
    CP_TRY_ASSIGN(auto carrier, introduction->finish(deadline));
    carriers.push_back(std::move(carrier));
  }
  return carriers;
}

}  // namespace

Result<Carriers> make_rdm_carriers(const std::shared_ptr<const fabric::Library>& library,
                                   const std::string& provider, SessionEnd end,
                                   std::vector<Meeting> meetings, SteadyTime deadline,
                                   const std::stop_token& stop) {
  auto carriers = introduce(library, provider, end, std::move(meetings), deadline, stop);
  // Being interrupted cuts the streams.
  return carriers || !stop.stop_requested() ? std::move(carriers)
                                            : fail(Errc::timed_out, "interrupted");
}

}  // namespace cp::transfer
