// SPDX-License-Identifier: Apache-2.0
#include "transfer/dispatch.hpp"

#include "base/thread.hpp"
#include "model/json.hpp"
#include "transfer/at_server.hpp"
#include "transfer/far_link.hpp"
#include "transfer/limits.hpp"
#include "transfer/order.hpp"
#include "transfer/run_remote.hpp"
#include "transfer/source.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <future>

namespace cp::transfer {

// At once, unless one of them may ask for a password: nobody is asked for a second host once the
// first was no use.
Result<std::unique_ptr<net::Stream>> Dispatch::connect() {
  const bool is_first = report_.account().connections == 1;
  const bool may_ask = is_first && request_.ssh->may_prompt;
  std::future<Result<std::unique_ptr<net::Stream>>> other;
  if (roles_.other != nullptr) {
    other_link_ = link_to(request_, *roles_.other, is_first);
    other = std::async(may_ask ? std::launch::deferred : with_a_thread_if_any,
                       [this] { return at_server(*roles_.other, other_link_->connect(stop_)); });
  }
  std::unique_ptr<net::Stream> stream;
  if (other.valid() && may_ask) {
    CP_TRY_ASSIGN(stream, other.get());
  }
  link_ = link_to(request_, roles_.deputy, is_first);
  CP_TRY_ASSIGN(deputy_, at_server(roles_.deputy, Client::connect(*link_, request_.silence, stop_,
                                                                  Purpose::order)));
  return other.valid() ? other.get() : std::move(stream);
}

Result<void> Dispatch::meet() {
  CP_TRY_ASSIGN(auto stream, connect());
  const bool is_new = request_.reads_back || (request_.dry_run && request_.sync.any());
  if (is_new && deputy_->far().format < 6) {
    return at_server(
        roles_.deputy,
        Result<void>(with_hint(
            fail(Errc::unavailable, "its cpxfer {} is too old for {}", deputy_->far().version,
                 request_.reads_back ? "--verify=readback" : "this order"),
            "--install-remote brings this one")));
  }
  CP_TRY_ASSIGN(Order order, order_of(request_, ordered()));
  order.id = report_.account().id;
  const std::string text = to_text(order);
  if (text.size() > limits::message_bytes) {
    return fail(Errc::usage, "the names and rules do not fit into an order");
  }
  CP_TRY(at_server(roles_.deputy, deputy_->control().send(MessageType::order, text)));
  if (stream) {
    talk_ =
        std::make_unique<RelayTalk>(*other_link_, std::move(stream), deputy_->control(), allowed());
  }
  return {};
}

Result<Outcome> Dispatch::follow() {
  CP_TRY_ASSIGN(const Wake wake, Wake::make());
  // Whoever waits for the other host's disk still speaks.
  CP_TRY(deputy_->control().stream().set_patience(std::chrono::nanoseconds(0)));
  auto outcome = [&] {
    const std::stop_callback interrupt(stop_, [this] {
      deputy_->control().shutdown();
      if (talk_) {
        talk_->shutdown();
      }
    });
    return converse(wake);
  }();
  if (!outcome) {
    deputy_->control().shutdown();
  }
  talk_.reset();
  if (!outcome && stop_.stop_requested()) {
    return fail(Errc::timed_out, "interrupted");
  }
  return outcome ? std::move(outcome) : at_server(roles_.deputy, std::move(outcome));
}

Error Dispatch::named(Error error) const {
  const bool names_other =
      roles_.other != nullptr && error.message.starts_with(roles_.other->server() + ": ");
  if (!names_other) {
    error.message = fmt::format("{}: {}", roles_.deputy.server(), error.message);
  }
  // A hint goes into the record, where everything is text.
  error.hint = model::text_value(error.hint).is_string() ? error.hint : "";
  return error;
}

Open Dispatch::wish() const {
  Open open = open_of(request_, RailChoice::tcp, roles_.direction);
  open.id = report_.account().id;
  return open;
}

// As the deputy reads its operands: what is on its host is a path there.
Open Dispatch::ordered() const {
  Open open = wish();
  open.token = request_.token;
  open.streams = std::max(open.streams, 1);
  for (const Location& source : sources_) {
    open.sources.push_back(operand_there(source));
  }
  open.destination = operand_there(destination_);
  return open;
}

std::string Dispatch::operand_there(const Location& location) const {
  return location.server() == roles_.deputy.server()
             ? Location{Place::here, "", 0, location.path}.operand()
             : location.operand();
}

// What the deputy may ask of the other host.
Open Dispatch::allowed() const {
  Open open = wish();
  if (roles_.direction == Direction::push) {
    open.destination = destination_.path;
    open.names = names_of(paths_of_sources(), request_.placement);
  } else {
    open.sources = paths_of_sources();
  }
  open.secret = std::string(limits::key_bytes, '\0');
  return open;
}

std::vector<std::string> Dispatch::paths_of_sources() const {
  std::vector<std::string> paths;
  for (const Location& source : sources_) {
    paths.push_back(source.path);
  }
  return paths;
}

Result<Outcome> Dispatch::converse(const Wake& wake) {
  Conversation conversation(deputy_->control(), wake, request_.silence);
  while (true) {
    CP_TRY(conversation.wait());
    CP_TRY_ASSIGN(auto outcome, take_messages(conversation));
    if (outcome) {
      return *std::move(outcome);
    }
    report_.tick();
    if (conversation.should_speak()) {
      static_cast<void>(deputy_->control().send_if_idle(MessageType::ping, ""));
    }
  }
}

Result<std::optional<Outcome>> Dispatch::take_messages(Conversation& conversation) {
  while (true) {
    CP_TRY_ASSIGN(const auto message, conversation.next());
    if (!message) {
      return std::nullopt;
    }
    if (message->type == MessageType::outcome) {
      CP_TRY_ASSIGN(Outcome outcome, decode<Outcome>(message->body));
      return std::optional(std::move(outcome));
    }
    CP_TRY(take(*message));
  }
}

Result<void> Dispatch::take(const Message& message) {
  if (message.type == MessageType::word) {
    CP_TRY_ASSIGN(Word word, decode<Word>(message.body));
    hear(std::move(word));
    return {};
  }
  if (message.type == MessageType::relayed && talk_) {
    CP_TRY_ASSIGN(const Relayed relayed, decode<Relayed>(message.body));
    return talk_->carry_up(relayed);
  }
  return fail(Errc::protocol, "a message that no deputy sends");
}

void Dispatch::hear(Word word) {
  switch (word.kind) {
    case Word::Kind::progress:
      set_figures(word.figures, report_.tally());
      break;
    case Word::Kind::failed:
      word.failed.path = shown(word.failed.path);
      report_.tally().failed(std::move(word.failed));
      break;
    case Word::Kind::would_land:
      report_.observer().would_land(shown(word.from), shown(word.to));
      break;
    case Word::Kind::planned:
      hear_plan(word);
      break;
    case Word::Kind::would_delete:
      hear_deletion(shown(word.to));
      break;
  }
}

void Dispatch::hear_plan(const Word& word) {
  if (report_.account().plan.size() < limits::failures_listed) {
    report_.account().plan.emplace_back(shown(word.from), shown(word.to));
  }
}

void Dispatch::hear_deletion(const std::string& path) {
  Account& account = report_.account();
  ++account.would_delete_count;
  if (account.would_delete.size() < limits::failures_listed) {
    account.would_delete.push_back(path);
  }
  report_.observer().would_delete(path);
}

// PATH as the caller would write it, who is on neither host.
std::string Dispatch::shown(std::string_view path) const {
  const Location& far = roles_.direction == Direction::push ? destination_ : sources_.front();
  if (far.server() != roles_.deputy.server() && path.starts_with(far.prefix())) {
    return std::string(path);
  }
  return roles_.deputy.prefix() + std::string(path);
}

}  // namespace cp::transfer
