// SPDX-License-Identifier: Apache-2.0
#include "transfer/deputy.hpp"

#include "base/fd.hpp"
#include "base/thread.hpp"
#include "transfer/carry_out.hpp"
#include "transfer/conversation.hpp"
#include "transfer/deputy_message.hpp"
#include "transfer/limits.hpp"
#include "transfer/order.hpp"
#include "transfer/outbox.hpp"
#include "transfer/relay.hpp"
#include "transfer/report.hpp"
#include "transfer/wake.hpp"

#include <atomic>
#include <cerrno>
#include <sys/mman.h>
#include <thread>

namespace cp::transfer {
namespace {

/// Hands on to the caller what the transfer's observer is told.
class Voice final : public Observer {
 public:
  explicit Voice(Outbox& outbox) : outbox_(outbox) {}
  /// Whose figures go with the progress; borrowed.
  void watch(Tally& tally) { tally_ = &tally; }

  void progress(const Progress& /*now*/) override {
    if (outbox_.is_empty()) {
      outbox_.put(Word{.kind = Word::Kind::progress, .figures = figures_of(*tally_)});
    }
  }
  void item_failed(const Error& error, std::string_view path) override {
    outbox_.put(Word{.kind = Word::Kind::failed, .failed = {std::string(path), 0, error}});
  }
  void would_land(std::string_view from, std::string_view to) override {
    outbox_.put(
        Word{.kind = Word::Kind::would_land, .from = std::string(from), .to = std::string(to)});
  }
  void would_delete(std::string_view path) override {
    outbox_.put(Word{.kind = Word::Kind::would_delete, .to = std::string(path)});
  }

 private:
  Outbox& outbox_;
  Tally* tally_ = nullptr;
};

/// TEXT as a file that has no name and is gone with this.
class TextFile {
 public:
  static Result<TextFile> make(std::string_view text) {
    UniqueFd fd(::memfd_create("cpxfer", MFD_CLOEXEC));
    if (!fd) {
      return fail_errno(errno, "memfd_create");
    }
    CP_TRY(write_all(fd.get(), text));
    return TextFile(std::move(fd));
  }
  std::string path() const { return fmt::format("/proc/self/fd/{}", fd_.get()); }

 private:
  explicit TextFile(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

class Deputy {
 public:
  Deputy(Control& control, std::string archive, std::stop_token stop)
      : control_(control), archive_(std::move(archive)), stop_(std::move(stop)) {}

  Result<std::string> run() {
    auto order = hear();
    if (!order) {
      static_cast<void>(control_.send(SessionError{order.error()}));
      return tl::unexpected<Error>(order.error());
    }
    CP_TRY_ASSIGN(wake_, Wake::make());
    CP_TRY_ASSIGN(relay_, Relay::make(control_));
    // It is the conversation that hears whether the caller is alive.
    CP_TRY(control_.stream().set_patience(std::chrono::nanoseconds(0)));
    return serve(*order);
  }

 private:
  Result<Order> hear() {
    const std::stop_callback interrupt(stop_, [this] { control_.shutdown(); });
    CP_TRY_ASSIGN(const Message hello, control_.expect(MessageType::hello));
    CP_TRY(parse_hello(hello.body));
    CP_TRY(control_.send(MessageType::hello, to_text(Hello{.version = CP_VERSION,
                                                           .chunk_bytes = limits::chunk_bytes})));
    CP_TRY_ASSIGN(const Message order, control_.expect(MessageType::order));
    return parse_order(order.body);
  }

  Result<std::string> serve(const Order& order) {
    const std::stop_callback interrupt(stop_, [this] { stopping_.request_stop(); });
    Outbox outbox(control_);
    Outcome outcome;
    std::thread client([&] {
      outcome = carry_out_order(order, outbox);
      is_done_ = true;
      wake_->signal();
    });
    const auto conversed = converse(order.silence);
    if (!conversed) {
      stopping_.request_stop();
      control_.shutdown();
    }
    client.join();
    CP_TRY(control_.stream().set_patience(order.silence));
    relay_.reset();
    outbox.put(outcome);
    outbox.close();
    CP_TRY(conversed);
    return std::string("carried out a transfer for its caller");
  }

  // With the caller, until the transfer has ended.
  Result<void> converse(std::chrono::nanoseconds silence) {
    Conversation conversation(control_, *wake_, silence);
    while (!is_done_) {
      if (auto heard = listen(conversation); !heard) {
        relay_->close();
        return heard;
      }
      if (conversation.should_speak()) {
        static_cast<void>(control_.send_if_idle(MessageType::ping, ""));
      }
    }
    return {};
  }

  Result<void> listen(Conversation& conversation) {
    CP_TRY(conversation.wait());
    while (true) {
      CP_TRY_ASSIGN(const auto message, conversation.next());
      if (!message) {
        return {};
      }
      if (message->type != MessageType::relayed) {
        return fail(Errc::protocol, "a message that only a deputy sends");
      }
      CP_TRY_ASSIGN(const Relayed relayed, decode<Relayed>(message->body));
      relay_->deliver(relayed);
    }
  }

  Outcome carry_out_order(const Order& order, Outbox& outbox) {
    Outcome outcome;
    Request request = request_of(order);
    request.archive = archive_;
    request.relay = relay_.get();
    std::optional<TextFile> authorities;
    if (!order.authorities.empty()) {
      auto file = TextFile::make(order.authorities);
      if (!file) {
        outcome.refused = file.error();
        return outcome;
      }
      authorities.emplace(*std::move(file));
      request.authorities = authorities->path();
    }
    Voice voice(outbox);
    Report report(request, voice, order.id);
    voice.watch(report.tally());
    if (const auto done = carry_out(request, report, stopping_.get_token()); !done) {
      outcome.refused = done.error();
    }
    // The last that failed are told, too.
    static_cast<void>(report.finish());
    for (const auto& [from, to] : report.account().plan) {
      outbox.put(Word{.kind = Word::Kind::planned, .from = from, .to = to});
    }
    outcome.has_no_way = relay_->has_no_way();
    outcome.account = report.account();
    outcome.figures = figures_of(report.tally());
    return outcome;
  }

  Control& control_;
  std::string archive_;
  std::stop_token stop_;
  std::stop_source stopping_;
  std::optional<Wake> wake_;
  std::unique_ptr<Relay> relay_;
  std::atomic<bool> is_done_{false};
};

}  // namespace

Result<std::string> serve_order(Control& control, std::string archive, std::stop_token stop) {
  return within_means([&] { return Deputy(control, std::move(archive), std::move(stop)).run(); });
}

}  // namespace cp::transfer
