// SPDX-License-Identifier: Apache-2.0
// One text of tests for every rail. A new one is added as a line in kRails.
#include "base/signals.hpp"
#include "fabric/library.hpp"
#include "net/fd_stream.hpp"
#include "net/tcp_listener.hpp"
#include "transfer/limits.hpp"
#include "transfer/local.hpp"
#include "transfer/preface.hpp"
#include "transfer/rail_count.hpp"
#include "transfer/rail_door.hpp"
#include "transfer/rail_host.hpp"
#include "transfer/receiver.hpp"
#include "transfer/scratch.hpp"
#include "transfer/sender.hpp"
#include "transfer/wake.hpp"

#include "catch.hpp"
#include <algorithm>
#include <array>
#include <future>
#include <thread>

using namespace cp::transfer;
using cp::Errc;

namespace {

constexpr std::uint32_t kWindow = 4;
constexpr auto kPatience = std::chrono::seconds(20);
const cp::net::Endpoint kAnyPort{cp::net::IpAddress::loopback(cp::net::Family::ipv4), 0};

constexpr const char* kWrites = "tcp;ofi_rxm";

struct RailKind {
  const char* name;
  RailChoice choice;
  const char* provider;
  bool sealed;
};

constexpr std::array kRails{
    RailKind{"tcp", RailChoice::tcp, "", false},
    RailKind{"tcp, sealed", RailChoice::tcp, "", true},
    RailKind{"ssh", RailChoice::ssh, "", false},
    RailKind{"fabric:tcp", RailChoice::fabric, "tcp", false},
    RailKind{"fabric:tcp, sealed", RailChoice::fabric, "tcp", true},
    RailKind{"fabric:tcp;ofi_rxm", RailChoice::fabric, kWrites, false},
    RailKind{"fabric:tcp;ofi_rxm, sealed", RailChoice::fabric, kWrites, true},
    RailKind{"fabric:shm", RailChoice::fabric, "shm", false},
    RailKind{"fabric:shm, sealed", RailChoice::fabric, "shm", true}};

// The keys of one stream of a session.
std::vector<RailKeys> one_rail(bool sealed, std::string server = "theirs") {
  cp::KernelRandom random;
  return derive_rail_keys({.binding = "",
                           .client = "ours",
                           .server = std::move(server),
                           .transfer = "t-1",
                           .epoch = 1,
                           .sealed = sealed},
                          {make_token(random)});
}

struct Ends {
  std::future<cp::Result<void>> carrying;  ///< the process that ssh started: ends with its stream
  std::unique_ptr<ChunkSender> sender;
  std::unique_ptr<ChunkReceiver> receiver;
};

// Takes one plain TCP connection as a server does, and hands it to DESK.
void deliver_one(cp::net::TcpListener& listener, RailDesk& desk) {
  const auto never = cp::net::StopFd::make({});
  auto stream = listener.accept(**never);
  std::array<std::byte, Preface::encoded_bytes> preface{};
  std::string claim(limits::claim_bytes, '\0');
  static_cast<void>(stream->receive_all(preface));
  static_cast<void>(stream->receive_all(std::as_writable_bytes(std::span(claim))));
  static_cast<void>(desk.deliver(claim, std::make_unique<cp::net::TcpStream>(*std::move(stream))));
}

// Both ends of one stream, as pipes that sshd made carry it: another process of the far user, here
// a thread, hands them to the session.
Ends connected_by_pipes() {
  cp::survive_closed_pipes();
  cp::KernelRandom random;
  RailDesk desk;
  cp::fabric::Loader fabrics;
  auto door = RailDoor::open(desk, random);
  REQUIRE(door);
  const auto rails = one_rail(false);
  auto host = make_rail_host({.kind = RailChoice::ssh, .rails = rails, .door = (*door)->name()},
                             desk, fabrics);
  REQUIRE(host);
  RailPlace place;
  (*host)->offer(place);
  auto there = cp::make_pipe();
  auto back = cp::make_pipe();
  REQUIRE(there);
  REQUIRE(back);
  auto carrying = std::async(std::launch::async, hand_over, place.door, rails.front().claim,
                             std::move(there->read), std::move(back->write));
  auto client = cp::net::FdStream::make(std::move(back->read), std::move(there->write));
  REQUIRE(client);
  std::array<std::byte, Preface::encoded_bytes> preface{};
  REQUIRE((*client)->receive_all(preface) == preface.size());
  REQUIRE(hear_rail_answer(**client, rails.front(), cp::SystemClock().steady() + kPatience));
  // The word went out before the stream lay on the desk.
  door->reset();
  auto taken = (*host)->collect({}, {});
  REQUIRE(taken);
  return {std::move(carrying), *make_stream_carrier(*std::move(client))->as_sender(kWindow),
          *taken->front()->as_receiver(kWindow)};
}

// Both ends of one stream, made as server and client make them.
Ends connected(const RailKind& kind) {
  if (kind.choice == RailChoice::ssh) {
    return connected_by_pipes();
  }
  RailDesk desk;
  cp::fabric::Loader fabrics;
  auto listener = cp::net::TcpListener::bind(kAnyPort);
  REQUIRE(listener);
  const auto rails = one_rail(kind.sealed);
  auto host = make_rail_host(
      {.kind = kind.choice, .provider = kind.provider, .rails = rails, .host = "127.0.0.1"}, desk,
      fabrics);
  REQUIRE(host);
  RailPlace place;
  (*host)->offer(place);
  std::thread server;
  if (kind.choice == RailChoice::tcp || kind.provider == std::string_view(kWrites)) {
    server = std::thread([&] { deliver_one(*listener, desk); });
  }
  auto connecting = std::async(std::launch::async, [&] {
    return connect_rails(place, rails, *listener->local(), fabrics, kPatience, {});
  });
  auto taken = (*host)->collect(kPatience, {});
  auto client = connecting.get();
  if (server.joinable()) {
    server.join();
  }
  REQUIRE(taken);
  REQUIRE(client);
  auto receivers = as_receivers(*std::move(taken), kWindow);
  auto senders = as_senders(*std::move(client), kWindow);
  REQUIRE(receivers);
  REQUIRE(senders);
  return {{}, std::move(senders->front()), std::move(receivers->front())};
}

std::byte byte_at(std::uint64_t chunk, std::size_t i) {
  return static_cast<std::byte>((i * 2654435761U + chunk * 97) >> 9U);
}

// Sends one chunk of LENGTH bytes that only chunk NUMBER has.
cp::Result<void> send_one(ChunkSender& sender, std::uint64_t number, std::uint32_t length) {
  CP_TRY_ASSIGN(const auto slot, sender.slot());
  for (std::size_t i = 0; i < length; ++i) {
    slot[i] = byte_at(number, i);
  }
  return sender.send({.id = number, .length = length, .digest = leaf_digest(slot.first(length))});
}

bool is_chunk(const ReceivedChunk& chunk, std::uint64_t number, std::uint32_t length) {
  if (chunk.header.id != number || chunk.header.sequence != number ||
      chunk.payload.size() != length || leaf_digest(chunk.payload) != chunk.header.digest) {
    return false;
  }
  for (std::size_t i = 0; i < length; ++i) {
    if (chunk.payload[i] != byte_at(number, i)) {
      return false;
    }
  }
  return true;
}

// A whole window of these fits whatever buffers lie between, so that sending needs no receiver.
constexpr std::uint32_t kSmall = 4096;
constexpr std::array<std::uint32_t, 5> kLengths{1, limits::chunk_bytes, 4096, 65'537,
                                                limits::chunk_bytes - 1};
std::uint32_t length_of(std::uint64_t number) { return kLengths[number % kLengths.size()]; }

// Takes up to COUNT chunks and says that each is placed; how many came right.
std::uint64_t take_all(ChunkReceiver& receiver, std::uint64_t count) {
  for (std::uint64_t number = 1; number <= count; ++number) {
    const auto chunk = receiver.next();
    if (!chunk || !*chunk || !is_chunk(**chunk, number, length_of(number)) || !receiver.placed()) {
      return number - 1;
    }
  }
  return count;
}

template <class Test>
void on_every_rail(Test test) {
  for (const RailKind& kind : kRails) {
    CAPTURE(kind.name);
    if (kind.choice == RailChoice::fabric && !cp::fabric::Library::load()) {
      CP_LEAVE_OUT("there is no libfabric");
      continue;
    }
    test(connected(kind));
  }
}

class NoFailures final : public ReceiveEvents {
 public:
  void item_failed(const ItemFailed& /*failed*/) override { ++failures; }
  std::atomic<int> failures{0};
};

// A file that goes from a directory to another, over whatever streams.
struct Moving {
  static constexpr std::size_t chunks = 16;
  Scratch scratch;
  Tally tally;
  NoFailures events;
  std::vector<Source> sources;
  std::unique_ptr<Receiver> receiver;
  cp::Result<Wake> wake = Wake::make();

  Moving() {
    std::string big(chunks * limits::chunk_bytes, '\0');
    for (std::size_t i = 0; i < big.size(); ++i) {
      big[i] = static_cast<char>(byte_at(i / limits::chunk_bytes, i));
    }
    scratch.write("src/big", big);
    sources.push_back(*open_source(scratch.at("src/")));
    scratch.make_directory("dst");
    receiver = *Receiver::open({.landing = {*Confined::open(scratch.at("dst"))},
                                .durability = Durability::none,
                                .id = "t-test"},
                               events, tally);
  }

  // Places what comes by STREAM, and no more than the chunk LAST, of which it says nothing.
  void place(ChunkReceiver& stream, std::uint64_t last) {
    for (std::uint64_t number = 1;; ++number) {
      const auto chunk = stream.next();
      if (!chunk || !*chunk || !receiver->take((*chunk)->header, (*chunk)->payload) ||
          number == last || !stream.placed()) {
        return;
      }
    }
  }

  // Over FIRST, which dies, and SECOND, whose far end only takes anything after that.
  cp::Result<void> run(Ends first, Ends second, bool is_memory,
                       const std::shared_ptr<RailCount>& dying,
                       const std::shared_ptr<RailCount>& lasting) {
    const auto die = [&] {
      place(*first.receiver, 3);
      // Of shared memory both ends are in this process: what one unmaps the other has no more.
      if (is_memory) {
        first.receiver->interrupt();
      } else {
        first.receiver.reset();
      }
    };
    const auto dead = std::async(std::launch::async, die).share();
    const auto taking = std::async(std::launch::async, [&] {
      dead.wait();
      place(*second.receiver, 0);
    });
    LocalFarEnd far(*receiver);
    std::vector<std::unique_ptr<ChunkSender>> streams;
    streams.push_back(std::move(first.sender));
    streams = counted(std::move(streams), dying);
    std::vector<std::unique_ptr<ChunkSender>> others;
    others.push_back(std::move(second.sender));
    streams.push_back(std::move(counted(std::move(others), lasting).front()));
    Sender sender({.sources = sources,
                   .walk = {},
                   .far = far,
                   .tally = tally,
                   .streams = std::move(streams),
                   .changed = [this] { wake->signal(); }});
    sender.start();
    while (!sender.state()) {
      wake->wait(std::chrono::milliseconds(100));
    }
    return *sender.state();
  }
};

}  // namespace

// Both ends of shared memory are in this process: what one end made there the other one uses after
// it heard of it over a socket, which the thread sanitizer does not take for an order.
extern "C" const char* __tsan_default_suppressions();  // NOLINT: the sanitizer's name
extern "C" const char* __tsan_default_suppressions() { return "race:libfabric.so.1\n"; }

TEST_CASE("rail: chunks arrive whole, in order, and many more than the window") {
  on_every_rail([](Ends ends) {
    constexpr std::uint64_t kCount = 60;
    auto taking = std::async(std::launch::async, [&] { return take_all(*ends.receiver, kCount); });
    for (std::uint64_t number = 1; number <= kCount; ++number) {
      REQUIRE(send_one(*ends.sender, number, length_of(number)));
    }
    REQUIRE(ends.sender->drain());
    CHECK(taking.get() == kCount);
    CHECK(ends.sender->placed() == kCount);
  });
}

TEST_CASE("rail: of a compressed chunk only what travels is carried, and what it stands for told") {
  on_every_rail([](Ends ends) {
    auto taking = std::async(std::launch::async, [&] {
      auto chunk = ends.receiver->next();
      return chunk && *chunk && (*chunk)->header.length == limits::chunk_bytes &&
             (*chunk)->header.compressed == 1000 && (*chunk)->payload.size() == 1000 &&
             (*chunk)->payload[999] == byte_at(1, 999) && ends.receiver->placed();
    });
    const auto slot = ends.sender->slot();
    REQUIRE(slot);
    for (std::size_t i = 0; i < 1000; ++i) {
      (*slot)[i] = byte_at(1, i);
    }
    REQUIRE(ends.sender->send({.id = 1, .length = limits::chunk_bytes, .compressed = 1000}));
    REQUIRE(ends.sender->drain());
    CHECK(taking.get());
  });
}

TEST_CASE("rail: a sender keeps within the window that it was granted") {
  on_every_rail([](Ends ends) {
    for (std::uint64_t number = 1; number <= kWindow; ++number) {
      REQUIRE(send_one(*ends.sender, number, kSmall));
    }
    std::atomic<bool> has_slot{false};
    auto waiting = std::async(std::launch::async, [&] {
      const bool got = ends.sender->slot().has_value();
      has_slot = true;
      return got;
    });
    // Everything that is on its way comes in while nothing was placed, and no slot is given.
    for (std::uint64_t number = 1; number <= kWindow; ++number) {
      const auto chunk = ends.receiver->next();
      REQUIRE(chunk);
      REQUIRE(chunk->has_value());
      CHECK_FALSE(has_slot);
      if (number == kWindow) {
        CHECK(ends.receiver->placed());
      }
    }
    CHECK(waiting.get());
  });
}

TEST_CASE("rail: a drained stream has nothing unplaced") {
  on_every_rail([](Ends ends) {
    REQUIRE(ends.sender->drain());
    auto draining = std::async(std::launch::async, [&] {
      const bool drained =
          send_one(*ends.sender, 1, length_of(1)).has_value() && ends.sender->drain().has_value();
      return drained ? ends.sender->placed() : 0;
    });
    CHECK(take_all(*ends.receiver, 1) == 1);
    CHECK(draining.get() == 1);
  });
}

TEST_CASE("rail: a receiver whose sender has gone comes to an end") {
  on_every_rail([](Ends ends) {
    auto taking = std::async(std::launch::async, [&] { return take_all(*ends.receiver, 1); });
    REQUIRE(send_one(*ends.sender, 1, length_of(1)));
    REQUIRE(ends.sender->drain());
    CHECK(taking.get() == 1);
    ends.sender.reset();
    const auto end = ends.receiver->next();
    REQUIRE(end);
    CHECK_FALSE(end->has_value());
  });
}

TEST_CASE("rail: a sender whose receiver has gone fails and knows what was placed") {
  on_every_rail([](Ends ends) {
    auto taking = std::async(std::launch::async, [&] { return take_all(*ends.receiver, 1); });
    REQUIRE(send_one(*ends.sender, 1, length_of(1)));
    REQUIRE(ends.sender->drain());
    CHECK(taking.get() == 1);
    ends.receiver.reset();
    cp::Result<void> sent;
    for (std::uint64_t number = 2; number < 100 && sent; ++number) {
      sent = send_one(*ends.sender, number, limits::chunk_bytes);
    }
    REQUIRE_FALSE(sent);
    CHECK(sent.error().code == Errc::timed_out);
    CHECK(ends.sender->placed() == 1);
  });
}

TEST_CASE("rail: an interrupted end waits no longer") {
  on_every_rail([](Ends ends) {
    auto receiving = std::async(std::launch::async, [&] {
      const auto chunk = ends.receiver->next();
      return chunk && chunk->has_value();
    });
    ends.receiver->interrupt();
    CHECK_FALSE(receiving.get());
    for (std::uint64_t number = 1; number <= kWindow; ++number) {
      // The other end is gone by now, or not yet.
      static_cast<void>(send_one(*ends.sender, number, kSmall));
    }
    auto waiting = std::async(std::launch::async, [&] { return ends.sender->slot().has_value(); });
    ends.sender->interrupt();
    CHECK_FALSE(waiting.get());
  });
}

TEST_CASE("rail: what one leaves that dies is carried by another, of whatever kind") {
  for (std::size_t i = 0; i < kRails.size(); ++i) {
    const RailKind& first = kRails[i];
    const RailKind& second = kRails[(i + 1) % kRails.size()];
    CAPTURE(first.name, second.name);
    if (first.provider == std::string_view(kWrites)) {
      // libfabric 1.17 does not survive that an endpoint is closed while a write comes in.
      continue;
    }
    const bool needs_fabric =
        first.choice == RailChoice::fabric || second.choice == RailChoice::fabric;
    if (needs_fabric && !cp::fabric::Library::load()) {
      CP_LEAVE_OUT("there is no libfabric");
      continue;
    }
    Moving moving;
    const auto dying = std::make_shared<RailCount>("dying", "");
    const auto lasting = std::make_shared<RailCount>("lasting", "");
    REQUIRE(moving.run(connected(first), connected(second),
                       std::string_view(first.provider) == "shm", dying, lasting));
    const auto result = moving.receiver->finish();
    REQUIRE(result);
    CHECK(result->files == 1);
    CHECK(moving.scratch.read("dst/big") == moving.scratch.read("src/big"));
    CHECK(moving.events.failures == 0);
    CHECK(dying->streams() == 0);
    REQUIRE(dying->error());
    CHECK(dying->error()->code == Errc::timed_out);
    CHECK(lasting->streams() == 1);
    CHECK_FALSE(lasting->error());
    CHECK(dying->bytes() >= 3 * std::uint64_t{limits::chunk_bytes});
    CHECK(dying->bytes() + lasting->bytes() == moving.tally.bytes_carried);
    CHECK(moving.tally.bytes_carried > Moving::chunks * limits::chunk_bytes);
  }
}

TEST_CASE("rail: a stream that proves nothing finds no session") {
  cp::survive_closed_pipes();
  cp::KernelRandom random;
  RailDesk desk;
  auto door = RailDoor::open(desk, random);
  REQUIRE(door);
  const auto hand = [](const std::string& name, const std::string& token) {
    auto pipe = cp::make_pipe();
    REQUIRE(pipe);
    return hand_over(name, token, std::move(pipe->read), std::move(pipe->write));
  };
  const auto rails = one_rail(false);
  const auto elsewhere = hand(make_token(random), rails.front().claim);
  REQUIRE_FALSE(elsewhere);
  CHECK(elsewhere.error().code == Errc::not_found);
  // Let in and shown out: it returns, and nothing lies on the desk.
  RailDesk::Reservation reservation(desk, rails);
  std::string guess = rails.front().claim;
  guess.back() = static_cast<char>(guess.back() ^ 1);
  CHECK(hand((*door)->name(), guess));
  CHECK(hand((*door)->name(), std::string(limits::claim_bytes, 'x')));
  CHECK(reservation.take_arrived().empty());
}

TEST_CASE("rail: a server that does not have the session's key is left before any chunk") {
  RailDesk desk;
  auto listener = cp::net::TcpListener::bind(kAnyPort);
  REQUIRE(listener);
  // It knows the claim, as whoever listens in the middle does, and nothing else.
  const auto rails = one_rail(false);
  auto theirs = rails;
  theirs.front().answer = one_rail(false, "another").front().answer;
  RailDesk::Reservation reservation(desk, theirs);
  std::thread server([&] { deliver_one(*listener, desk); });
  cp::fabric::Loader fabrics;
  const auto carriers =
      connect_rails(RailPlace{}, rails, *listener->local(), fabrics, kPatience, {});
  server.join();
  REQUIRE_FALSE(carriers);
  CHECK(carriers.error().code == Errc::denied);
}

TEST_CASE("rail: streams that may come later are taken when they do, each once") {
  cp::fabric::Loader fabrics;
  RailDesk desk;
  auto listener = cp::net::TcpListener::bind(kAnyPort);
  REQUIRE(listener);
  cp::KernelRandom random;
  const auto rails = derive_rail_keys(
      {.binding = "", .client = "ours", .server = "theirs", .transfer = "t-1", .sealed = true},
      {make_token(random), make_token(random), make_token(random)});
  auto host = make_rail_host(
      {.kind = RailChoice::tcp, .rails = rails, .more = 2, .host = "127.0.0.1"}, desk, fabrics);
  REQUIRE(host);
  const auto connect = [&](const RailKeys& keys) {
    std::thread server([&] { deliver_one(*listener, desk); });
    auto carriers = connect_rails(RailPlace{}, {keys}, *listener->local(), fabrics, kPatience, {});
    server.join();
    return carriers;
  };
  REQUIRE(connect(rails[0]));
  CHECK((*host)->collect(kPatience, {})->size() == 1);
  CHECK((*host)->take_more().empty());
  auto late = connect(rails[2]);
  REQUIRE(late);
  auto taken = (*host)->take_more();
  REQUIRE(taken.size() == 1);
  CHECK((*host)->take_more().empty());
  auto sender = *late->front()->as_sender(kWindow);
  REQUIRE(send_one(*sender, 7, 100));
  const auto receiver = *taken.front()->as_receiver(kWindow);
  const auto chunk = receiver->next();
  REQUIRE(chunk);
  CHECK((*chunk)->header.id == 7);
  CHECK_FALSE(connect(rails[2]));
  CHECK(connect(rails[1]));
}
