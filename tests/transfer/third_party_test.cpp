// SPDX-License-Identifier: Apache-2.0
#include "transfer/third_party.hpp"

#include "net/fd_stream.hpp"
#include "scratch.hpp"
#include "transfer/control.hpp"
#include "transfer/deputy.hpp"
#include "transfer/deputy_message.hpp"
#include "transfer/endpoint.hpp"
#include "transfer/limits.hpp"
#include "transfer/order.hpp"
#include "transfer/preface.hpp"
#include "transfer/receiver.hpp"
#include "transfer/relay_guard.hpp"
#include "transfer/source.hpp"

#include "catch.hpp"
#include <array>
#include <functional>
#include <optional>
#include <random>
#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>

using namespace cp::transfer;
using cp::Errc;

namespace {

Open wish_for(Direction direction) {
  Open open{.direction = direction,
            .rail = RailChoice::tcp,
            .secret = std::string(limits::key_bytes, 's')};
  if (direction == Direction::push) {
    open.destination = "in";
    open.names = {"data"};
  } else {
    open.sources = {"data"};
  }
  return open;
}

std::string preface_of(Purpose purpose) {
  const auto bytes = encode(Preface{.purpose = purpose});
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string message(MessageType type, const std::string& body) {
  return encode_header(type, body.size()) + body;
}

std::string hello() { return message(MessageType::hello, "{}"); }

// What a client says first, with OPEN.
std::string talk(const Open& open) {
  return preface_of(Purpose::control) + hello() + message(MessageType::open, to_text(open));
}

Open open_in(const std::string& passed) {
  const std::size_t at = Preface::encoded_bytes + hello().size() + Message::header_bytes;
  return *parse_open(std::string_view(passed).substr(at));
}

Outcome outcome_of(std::string rail, std::uint64_t files) {
  Outcome outcome;
  outcome.account.id = "t-01M8233HY9NHH45D4A69ZNK920";
  outcome.account.rail = std::move(rail);
  outcome.account.streams = 2;
  outcome.account.result = FinalResult{.files = files, .bytes = 5};
  return outcome;
}

// A deputy that serves in this process, and its caller's end of the connection.
class InProcess {
 public:
  explicit InProcess(std::chrono::nanoseconds silence) : silence_(silence) {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    caller_ = std::make_unique<Control>(stream_of(ends[0]));
    deputy_ = std::make_unique<Control>(stream_of(ends[1]));
    thread_ = std::thread([this] { served_ = serve_order(*deputy_, "", stop_.get_token()); });
  }
  ~InProcess() {
    caller_->shutdown();
    end();
  }

  Control& caller() { return *caller_; }
  const std::optional<cp::Result<std::string>>& served() const { return served_; }
  void stop() { stop_.request_stop(); }
  void end() {
    if (thread_.joinable()) {
      thread_.join();
    }
  }

  void give(std::vector<std::string> sources, std::string destination) {
    Open wish{.sources = std::move(sources), .destination = std::move(destination)};
    wish.durability = Durability::none;
    auto order = order_of({.silence = silence_}, std::move(wish));
    REQUIRE(order);
    order->id = "t-01M8233HY9NHH45D4A69ZNK920";
    REQUIRE(caller_->send(MessageType::hello, to_text(Hello{"0", limits::chunk_bytes, "", 4})));
    REQUIRE(caller_->expect(MessageType::hello));
    REQUIRE(caller_->send(MessageType::order, to_text(*order)));
  }
  // How it ended; FAILED gets what failed before.
  Outcome outcome(std::vector<ItemFailed>& failed) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < deadline) {
      REQUIRE(caller_->stream().wait(deadline));
      REQUIRE(caller_->take_in());
      for (auto message = caller_->next(); message && *message; message = caller_->next()) {
        if ((*message)->type == MessageType::outcome) {
          auto outcome = decode<Outcome>((*message)->body);
          REQUIRE(outcome);
          return *std::move(outcome);
        }
        const auto word = decode<Word>((*message)->body);
        REQUIRE(word);
        if (word->kind == Word::Kind::failed) {
          failed.push_back(word->failed);
        }
      }
    }
    FAIL("no outcome came");
    return {};
  }

 private:
  static std::unique_ptr<cp::net::Stream> stream_of(int fd) {
    return *cp::net::FdStream::make(cp::UniqueFd(fd), {});
  }

  std::chrono::nanoseconds silence_;
  std::stop_source stop_;
  std::unique_ptr<Control> caller_;
  std::unique_ptr<Control> deputy_;
  std::optional<cp::Result<std::string>> served_;
  std::thread thread_;
};

class Silence final : public ReceiveEvents {
 public:
  void item_failed(const ItemFailed& /*failed*/) override {}
};

}  // namespace

TEST_CASE("a deputy can ask the other host for nothing but what was ordered") {
  Open asked = wish_for(Direction::push);
  asked.destination = ".ssh";
  asked.names = {};
  asked.deletion = Deletion::always;
  asked.preserve.owner = true;
  asked.direction = Direction::pull;
  asked.sources = {".ssh/id_ed25519"};
  RelayGuard guard(wish_for(Direction::push));
  const auto passed = guard.pass(talk(asked));
  REQUIRE(passed);
  const Open open = open_in(*passed);
  CHECK(open.direction == Direction::push);
  CHECK(open.destination == "in");
  CHECK(open.names == std::vector<std::string>{"data"});
  CHECK(open.sources.empty());
  CHECK(open.deletion == Deletion::none);
  CHECK_FALSE(open.preserve.owner);
}

TEST_CASE("what only the deputy knows goes on to the other host") {
  Open asked = wish_for(Direction::push);
  asked.secret = std::string(limits::key_bytes, 'x');
  asked.sealed = true;
  asked.streams = 3;
  asked.incoming = {.sources = 1, .name = "data", .is_directory = true};
  asked.data_address = "10.0.0.1";
  RelayGuard guard(wish_for(Direction::push));
  const std::string whole = talk(asked);
  std::string passed;
  for (const char byte : whole) {
    const auto some = guard.pass(std::string(1, byte));
    REQUIRE(some);
    passed += *some;
  }
  const Open open = open_in(passed);
  CHECK(open.secret == asked.secret);
  CHECK(open.sealed);
  CHECK(open.streams == 3);
  CHECK(open.incoming.name == "data");
  CHECK(open.incoming.is_directory);
  CHECK(open.data_address == "10.0.0.1");
  CHECK(*guard.pass("anything later") == "anything later");
}

TEST_CASE("what does not begin a client's talk goes nowhere") {
  const Open open = wish_for(Direction::pull);
  const std::string begun = preface_of(Purpose::control) + hello();
  for (const std::string& bytes :
       {preface_of(Purpose::rail), preface_of(Purpose::order), std::string(16, 'x'),
        preface_of(Purpose::control) + message(MessageType::open, to_text(open)),
        preface_of(Purpose::control) + message(MessageType::order, "{}"),
        begun + message(MessageType::rails_ready, "{}"), begun + hello(),
        begun + message(MessageType::open, "{}"), begun + std::string(16, '\xff')}) {
    RelayGuard guard(open);
    const auto passed = guard.pass(bytes);
    REQUIRE_FALSE(passed);
    CHECK(passed.error().code == Errc::protocol);
  }
}

TEST_CASE("an order comes as it was given") {
  Request request{.sources = {"./data"}, .destination = "cpx://h:1/in"};
  request.rail = RailChoice::fabric;
  request.streams = 0;
  request.tls_key = "sha256:00";
  request.silence = std::chrono::seconds(7);
  request.data_host = "far";
  request.trusts_network = true;
  request.sync.update = true;
  request.selection.names = {{"a\xff", "b"}};
  Open wish{.sources = request.sources,
            .destination = request.destination,
            .selection = request.selection,
            .sync = request.sync,
            .key = Digest{},
            .id = "t-01M8233HY9NHH45D4A69ZNK920",
            .token = "secret",
            .ports = PortRange{4000, 4010}};
  auto order = order_of(request, wish);
  REQUIRE(order);
  order->id = wish.id;
  order->authorities = "-----BEGIN\n" + std::string(100'000, '\n') + "x\n";
  const auto come = parse_order(to_text(*order));
  REQUIRE(come);
  CHECK(come->authorities == order->authorities);
  const Request there = request_of(*come);
  CHECK(there.sources == request.sources);
  CHECK(there.destination == request.destination);
  CHECK(there.rail == RailChoice::fabric);
  CHECK(there.streams == 0);
  CHECK(there.token == "secret");
  CHECK(there.tls_key == "sha256:00");
  CHECK(there.silence == std::chrono::seconds(7));
  CHECK(there.data_host == "far");
  CHECK(there.trusts_network);
  CHECK(there.sync.update);
  CHECK(there.selection.names == request.selection.names);
  CHECK(there.resume);
  CHECK(there.key == Digest{}.hex());
  CHECK(there.ports->last == 4010);
}

TEST_CASE("an order that cannot be is refused") {
  const auto order =
      order_of({.sources = {"a"}, .destination = "b"}, Open{.sources = {"a"}, .destination = "b"});
  REQUIRE(order);
  Order good = *order;
  good.id = "t-01M8233HY9NHH45D4A69ZNK920";
  good.silence = std::chrono::seconds(1);
  REQUIRE(parse_order(to_text(good)));
  for (const std::string text : {"", "{}", "[]", "{\"wish\":{}}", "{\"wish\":1}"}) {
    CHECK(parse_order(text).error().code == Errc::protocol);
  }
  Order bad = good;
  bad.id = "../../x";
  CHECK_FALSE(parse_order(to_text(bad)));
  bad = good;
  bad.streams = 1000;
  CHECK_FALSE(parse_order(to_text(bad)));
  bad = good;
  bad.silence = {};
  CHECK_FALSE(parse_order(to_text(bad)));
}

TEST_CASE("what a deputy says comes as it was said, and cut or too long is refused") {
  const auto check = [](const auto& message) {
    using T = std::decay_t<decltype(message)>;
    const std::string body = encode(message);
    REQUIRE(decode<T>(body));
    CHECK(encode(*decode<T>(body)) == body);
    for (std::size_t size = 0; size < body.size(); ++size) {
      REQUIRE_FALSE(decode<T>(body.substr(0, size)));
    }
    REQUIRE_FALSE(decode<T>(body + "x"));
  };
  check(Word{.kind = Word::Kind::progress, .figures = {{1, 2, 3}, true}});
  check(Word{.kind = Word::Kind::failed, .failed = {"p\xff", 0, {Errc::io, "m", "h"}}});
  check(Word{.kind = Word::Kind::would_land, .from = "a", .to = "b"});
  check(outcome_of("tcp", 3));
  check(Relayed{.is_end = false, .bytes = "some"});
  check(Relayed{.is_end = true, .error = cp::Error{Errc::denied, "m", ""}});
}

TEST_CASE("no outcome is believed that no transfer can have") {
  REQUIRE(decode<Outcome>(encode(outcome_of("local", 1))));
  for (const auto& break_it : std::vector<std::function<void(Account&)>>{
           [](Account& account) { account.id = "x\n"; },
           [](Account& account) { account.rail = "\x1b[31m"; },
           [](Account& account) { account.provider = "a b"; },
           [](Account& account) { account.streams = 10'000; },
           [](Account& account) { account.attempt = 0; },
           [](Account& account) { account.result.reset(); }}) {
    Outcome outcome = outcome_of("tcp", 1);
    break_it(outcome.account);
    CHECK(decode<Outcome>(encode(outcome)).error().code == Errc::protocol);
  }
}

TEST_CASE("noise from a deputy is refused and harms nobody") {
  std::mt19937 random(7);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(random() % 200, '\0');
    for (char& c : bytes) {
      c = static_cast<char>(random());
    }
    (void)decode<Word>(bytes);
    (void)decode<Outcome>(bytes);
    (void)decode<Relayed>(bytes);
    RelayGuard guard(wish_for(Direction::push));
    (void)guard.pass(preface_of(Purpose::control) + hello() + bytes);
  }
}

TEST_CASE("figures of a tally come back") {
  Tally one;
  one.files_found = 1;
  one.pacing_ns = 15;
  one.walk_ended = true;
  Tally other;
  set_figures(figures_of(one), other);
  CHECK(other.files_found == 1);
  CHECK(other.pacing_ns == 15);
  CHECK(other.walk_ended);
}

TEST_CASE("an operand leads to the same place however it is written") {
  for (const char* text : {"/a", "a", "./a:b", "-", "@x/y", "../a", "h:p", "u@h:~/x", "h:./~/x",
                           "u@[::1]:x", "h:./:x", "cpx://h:1/a%25b", "cpx://[::1]:7/", "h:"}) {
    CAPTURE(text);
    const auto location = parse_location(text);
    REQUIRE(location);
    const auto again = parse_location(location->operand());
    REQUIRE(again);
    CHECK(again->kind == location->kind);
    CHECK(again->server() == location->server());
    CHECK((again->path == location->path || again->path == "./" + location->path));
  }
  CHECK(Location{Place::here, "", 0, "-"}.operand() == "./-");
  CHECK(Location{Place::here, "", 0, "h:x"}.operand() == "./h:x");
}

TEST_CASE("what was not asked for does not land") {
  const Scratch scratch;
  scratch.make_directory("dst");
  Silence events;
  Tally tally;
  const auto receiver_of = [&](std::vector<std::string> names, std::string renamed_from) {
    auto landing = land(OpenGround(), scratch.at("dst"), {.is_directory = true});
    REQUIRE(landing);
    if (!renamed_from.empty()) {
      landing->renamed_from = std::move(renamed_from);
      landing->renamed_to = "new";
    }
    auto receiver = Receiver::open({.landing = *std::move(landing),
                                    .durability = Durability::none,
                                    .names = std::move(names),
                                    .id = "t-01M8233HY9NHH45D4A69ZNK920"},
                                   events, tally);
    REQUIRE(receiver);
    return *std::move(receiver);
  };
  const auto directory = [](const char* path) {
    return Entry{.type = EntryType::directory, .path = path, .metadata = {0755, 1, 0}};
  };
  {
    const auto receiver = receiver_of({"data", "more"}, "");
    CHECK(receiver->add(directory("data")));
    CHECK(receiver->add(directory("data/.ssh")));
    CHECK(receiver->add(directory("more")));
    for (const char* path : {"", ".ssh", "datax", "dat", ".ssh/data"}) {
      CHECK(receiver->add(directory(path)).error().code == Errc::protocol);
    }
  }
  {
    const auto receiver = receiver_of({}, "file");
    for (const char* path : {"", ".ssh", "file/x", "files"}) {
      CHECK(receiver->add(directory(path)).error().code == Errc::protocol);
    }
  }
  CHECK_FALSE(scratch.has("dst/.ssh"));
  CHECK(names_of({"a/data", "/more/"}, Placement::inside).empty());
  CHECK(names_of({"a/data", "b/.."}, Placement::inside).empty());
  CHECK(names_of({"a/data"}, Placement::exact).empty());
  CHECK(names_of({"a/data", "more"}, Placement::inside) ==
        std::vector<std::string>{"data", "more"});
}

TEST_CASE("a deputy carries its order out and tells how it ended") {
  const Scratch scratch;
  scratch.write("src/a", "12345");
  REQUIRE(::mkfifo(scratch.at("src/pipe").c_str(), 0600) == 0);
  InProcess deputy(std::chrono::seconds(20));
  deputy.give({scratch.at("src/")}, scratch.at("dst"));
  std::vector<ItemFailed> failed;
  const Outcome outcome = deputy.outcome(failed);
  deputy.end();
  CHECK(deputy.served()->has_value());
  CHECK_FALSE(outcome.refused);
  CHECK(outcome.account.rail == "local");
  REQUIRE(outcome.account.result);
  CHECK(outcome.account.result->bytes == 5);
  REQUIRE(failed.size() == 1);
  CHECK(failed.front().path == scratch.at("src/pipe"));
  CHECK(scratch.read("dst/a") == "12345");
}

TEST_CASE("a deputy tells why it has begun nothing, and has no deputy itself") {
  const Scratch scratch;
  for (const auto& [source, code] : std::vector<std::pair<std::string, Errc>>{
           {scratch.at("nothing"), Errc::not_found}, {"host:x", Errc::usage}}) {
    InProcess deputy(std::chrono::seconds(20));
    deputy.give({source}, source == "host:x" ? "other:y" : scratch.at("dst"));
    std::vector<ItemFailed> failed;
    const Outcome outcome = deputy.outcome(failed);
    REQUIRE(outcome.refused);
    CHECK(outcome.refused->code == code);
  }
}

TEST_CASE("a deputy ends when its caller is gone, says nothing, or speaks out of turn") {
  const Scratch scratch;
  scratch.write("src/a", "12345");
  const auto served = [&](std::chrono::nanoseconds silence, const auto& act) {
    InProcess deputy(silence);
    // The other host never answers: the client waits for it.
    deputy.give({scratch.at("src/")}, "other:dst");
    act(deputy);
    deputy.end();
    return *deputy.served();
  };
  const auto long_time = std::chrono::seconds(60);
  CHECK_FALSE(served(long_time, [](InProcess& deputy) { deputy.caller().shutdown(); }));
  CHECK(served(std::chrono::seconds(1), [](InProcess&) {}).error().code == Errc::timed_out);
  CHECK(served(long_time,
               [](InProcess& deputy) { REQUIRE(deputy.caller().send(MessageType::finish, "")); })
            .error()
            .code == Errc::protocol);
  CHECK(served(long_time, [](InProcess& deputy) {
    // It has begun when its client says something to the other host.
    REQUIRE(deputy.caller().expect(MessageType::relayed));
    deputy.stop();
  }));
}
