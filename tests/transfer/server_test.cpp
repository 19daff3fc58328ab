// SPDX-License-Identifier: Apache-2.0
#include "transfer/server.hpp"

#include "model/json.hpp"
#include "net/tcp_stream.hpp"
#include "transfer/client.hpp"
#include "transfer/daemon_link.hpp"
#include "transfer/limits.hpp"
#include "transfer/pack.hpp"
#include "transfer/preface.hpp"
#include "transfer/scratch.hpp"
#include "transfer/stream_rail.hpp"
#include "transfer/transfer.hpp"
#include "transfer/zstd.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <random>
#include <thread>

using namespace cp::transfer;
using cp::Errc;
namespace fs = std::filesystem;
namespace net = cp::net;

namespace {

class Log final : public ServerEvents {
 public:
  void session_ended(const net::Endpoint& /*peer*/, std::string_view what) override {
    const std::scoped_lock lock(mutex_);
    lines_.emplace_back(what);
    changed_.notify_all();
  }
  // The first COUNT lines, once they are there.
  std::vector<std::string> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(20), [&] { return lines_.size() >= count; });
    return lines_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
};

// A server for scratch/srv that runs as long as this lives.
struct Served {
  Scratch scratch;
  Log log;
  cp::KernelRandom random;
  std::unique_ptr<Server> server;
  std::stop_source stop;
  std::thread thread;
  net::Endpoint address;

  explicit Served(std::chrono::nanoseconds silence = std::chrono::seconds(20)) {
    auto opened = Server::open({.listen = {net::IpAddress::loopback(net::Family::ipv4), 0},
                                .root = scratch.make_directory("srv"),
                                .silence = silence},
                               random, log);
    REQUIRE(opened);
    server = *std::move(opened);
    address = *server->address();
    thread = std::thread([this] { static_cast<void>(server->run(stop.get_token())); });
  }
  ~Served() { end(); }
  void end() {
    stop.request_stop();
    if (thread.joinable()) {
      thread.join();
    }
  }
  std::string url(std::string_view path) const {
    return "cpx://" + address.to_string() + std::string(path);
  }
  DaemonLink link() const {
    return {{Place::daemon, "127.0.0.1", address.port, "/"},
            {.anonymous = true, .trust = {}, .token = "", .silence = std::chrono::seconds(10)}};
  }
  net::TcpStream connect() const {
    auto stream = net::TcpStream::connect(address, std::chrono::seconds(5), {});
    REQUIRE(stream);
    return *std::move(stream);
  }
};

cp::Result<cp::model::Json> carry_to_server(std::vector<std::string> sources,
                                            std::string destination, Request request = {}) {
  Observer silent;
  request.sources = std::move(sources);
  request.destination = std::move(destination);
  request.anonymous = true;
  return run(request, silent, {});
}

std::string outcome_of(const cp::Result<cp::model::Json>& record) {
  if (!record) {
    return record.error().message;
  }
  const auto failure = record->find("error");
  return failure == record->end() ? record->at("state").get<std::string>()
                                  : failure->at("message").get<std::string>();
}

std::string noise(std::size_t size) {
  std::mt19937_64 random(size);
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i + 8 <= size; i += 8) {
    const std::uint64_t word = random();
    std::memcpy(&bytes[i], &word, 8);
  }
  return bytes;
}

void plant_many(const Scratch& scratch) {
  scratch.write("src/empty", "");
  scratch.write("src/-rf", "dash");
  scratch.write("src/\xff\n", "odd");
  scratch.write("src/d/e/big", noise((9U << 20U) + 1));
  scratch.write("src/d/medium", noise(300'000));
  scratch.make_directory("src/hollow");
  fs::create_symlink("d/medium", scratch.at("src/link"));
  for (int i = 0; i < 500; ++i) {
    scratch.write("src/many/" + std::to_string(i), std::to_string(i * i));
  }
}

void check_same(const Scratch& scratch, const std::string& a, const std::string& b) {
  std::size_t entries = 0;
  for (const auto& entry : fs::recursive_directory_iterator(scratch.at(a))) {
    const std::string below = entry.path().string().substr(scratch.at(a).size());
    CAPTURE(below);
    const std::string other = scratch.at(b) + below;
    REQUIRE(fs::symlink_status(other).type() == entry.symlink_status().type());
    if (entry.is_regular_file() && !entry.is_symlink()) {
      CHECK(scratch.read(b + below) == scratch.read(a + below));
    }
    ++entries;
  }
  const auto others = fs::recursive_directory_iterator(scratch.at(b));
  CHECK(entries == static_cast<std::size_t>(std::distance(begin(others), end(others))));
}

// A client that was greeted, for what no client of ours would say.
std::unique_ptr<Client> greeted(Link& link) {
  auto client = Client::connect(link, std::chrono::seconds(10), {});
  REQUIRE(client);
  return *std::move(client);
}

Open push_to(std::string destination) {
  Open open;
  open.destination = std::move(destination);
  open.incoming = {.sources = 1, .name = "", .is_directory = true};
  return open;
}

// What the server answers to whatever was said last: its error, or "ok" with the type of the
// message.
std::string answer(Control& control) {
  while (true) {
    auto message = control.expect(MessageType::result);
    if (message) {
      return "done";
    }
    // Progress that comes before the answer, and where a rail is.
    const std::string& what = message.error().message;
    if (what.starts_with("a message of type 8") || what.starts_with("a message of type 30")) {
      continue;
    }
    return message.error().message;
  }
}

struct Hostile {
  Served served;
  DaemonLink link = served.link();
  std::unique_ptr<Client> client = greeted(link);
  std::vector<std::unique_ptr<ChunkSender>> streams;

  explicit Hostile(Compression compression = {}) {
    Open open = push_to("/in");
    open.compression = compression;
    auto opened = client->open(open);
    REQUIRE(opened);
    auto carriers = client->connect_rails(*opened);
    REQUIRE(carriers);
    streams = *as_senders(*std::move(carriers), 8);
  }
  Control& control() { return client->control(); }
  void announce(Entry entry) { REQUIRE(control().send(Entries{{std::move(entry)}})); }
  // Sends CHUNK with its right digest and LENGTH bytes of 'x'.
  void send_chunk(ChunkHeader chunk, std::uint32_t length) {
    const auto slot = streams[0]->slot();
    REQUIRE(slot);
    std::ranges::fill(slot->first(length), std::byte{'x'});
    chunk.length = length;
    chunk.digest = leaf_digest(slot->first(length));
    REQUIRE(streams[0]->send(chunk));
  }
  // Sends CHUNK, which says that it is compressed, with a frame that holds a megabyte of
  // zeros.
  void send_compressed(ChunkHeader chunk) {
    ZstdCompressor compressor;
    const std::vector<std::byte> zeros(limits::chunk_bytes);
    const auto frame = compressor.compress(zeros, 1, limits::chunk_bytes - 1);
    const auto slot = streams[0]->slot();
    REQUIRE(slot);
    std::ranges::copy(frame, slot->begin());
    chunk.compressed = static_cast<std::uint32_t>(frame.size());
    chunk.digest = leaf_digest(std::span(zeros).first(chunk.length));
    REQUIRE(streams[0]->send(chunk));
  }
  // Nothing but the directory itself came of it.
  void check_untouched() {
    served.end();
    CHECK(fs::is_empty(served.scratch.at("srv/in")));
    CHECK(std::distance(fs::directory_iterator(served.scratch.path()), {}) == 1);
  }
};

}  // namespace

TEST_CASE("a server for others than this machine is refused") {
  cp::KernelRandom random;
  Log log;
  const Scratch scratch;
  const auto server = Server::open(
      {.listen = {net::IpAddress::any(net::Family::ipv4), 0}, .root = scratch.path()}, random, log);
  REQUIRE_FALSE(server);
  CHECK(server.error().code == Errc::denied);
}

TEST_CASE("a tree goes to a server and comes back the same, over each rail and number of streams") {
  Served served;
  plant_many(served.scratch);
  int n = 0;
  for (const RailChoice rail : {RailChoice::automatic, RailChoice::tcp, RailChoice::fabric}) {
    for (const int streams : {0, 1, 5}) {
      const std::string name = "t" + std::to_string(n++);
      CAPTURE(name);
      const Request request{.rail = rail, .streams = streams};
      const auto there =
          carry_to_server({served.scratch.at("src/")}, served.url("/" + name), request);
      REQUIRE(outcome_of(there) == "done");
      CHECK(there->at("files").at("done") == 506);
      check_same(served.scratch, "src", "srv/" + name);
      const auto back =
          carry_to_server({served.url("/" + name + "/")}, served.scratch.at(name), request);
      REQUIRE(outcome_of(back) == "done");
      check_same(served.scratch, "src", name);
      CHECK(back->at("digest") == there->at("digest"));
      CHECK(back->at("files").at("done") == 506);
      CHECK(back->at("bytes").at("total") == there->at("bytes").at("total"));
    }
  }
}

TEST_CASE("what a server was asked wrongly moves nothing and has one reason") {
  Served served;
  plant_many(served.scratch);
  const auto code = [](const cp::Result<cp::model::Json>& record) {
    REQUIRE_FALSE(record);
    return record.error().code;
  };
  const std::string src = served.scratch.at("src");
  CHECK(code(carry_to_server({src}, served.url("/../x"))) == Errc::denied);
  CHECK(code(carry_to_server({served.url("/../x")}, served.scratch.at("x"))) == Errc::denied);
  CHECK(code(carry_to_server({served.url("/none")}, served.scratch.at("x"))) == Errc::not_found);
  CHECK(code(carry_to_server({src}, served.url("/"),
                             {.rail = RailChoice::fabric, .provider = "qwerty"})) ==
        Errc::unavailable);
  CHECK(code(carry_to_server({src}, "cpx://127.0.0.1:1/")) == Errc::unavailable);
  Observer silent;
  // Without --anonymous TLS is spoken.
  CHECK(code(run({.sources = {src}, .destination = served.url("/")}, silent, {})) ==
        Errc::protocol);
  CHECK(fs::is_empty(served.scratch.at("srv")));
}

TEST_CASE("links at a server lead nobody out of its root") {
  Served served;
  served.scratch.write("outside/secret", "s");
  fs::create_symlink("../outside", served.scratch.at("srv/out"));
  fs::create_symlink("../../etc", served.scratch.at("away"));
  served.scratch.write("src/f", "1");
  fs::create_symlink("/etc/passwd", served.scratch.at("src/absolute"));
  fs::create_symlink("../outside", served.scratch.at("src/climbs"));
  CHECK_FALSE(carry_to_server({served.url("/out/")}, served.scratch.at("x")));
  CHECK_FALSE(carry_to_server({served.scratch.at("src/")}, served.url("/out/")));
  CHECK_FALSE(served.scratch.has("outside/f"));
  const auto record = carry_to_server({served.scratch.at("src/")}, served.url("/in"));
  CHECK(outcome_of(record) == "partial");
  CHECK(record->at("files").at("failed") == 2);
  CHECK(served.scratch.has("srv/in/f"));
  CHECK_FALSE(fs::is_symlink(served.scratch.at("srv/in/absolute")));
  CHECK_FALSE(fs::is_symlink(served.scratch.at("srv/in/climbs")));
}

TEST_CASE("a chunk that opens to more than it says, or than its file has, breaks the protocol") {
  Hostile hostile({Compression::Mode::fixed, 3});
  const std::uint64_t size = 300'000;
  hostile.announce({.type = EntryType::file, .path = "f", .size = size, .id = 1});
  SECTION("more than it says") {
    hostile.send_compressed({.id = 1, .length = static_cast<std::uint32_t>(size)});
    CHECK(answer(hostile.control()) == "a compressed chunk that does not hold what it says");
  }
  SECTION("more than its file has") {
    hostile.send_compressed({.id = 1, .length = limits::chunk_bytes});
    CHECK(answer(hostile.control()).find("chunk") != std::string::npos);
  }
  hostile.check_untouched();
}

TEST_CASE("a compressed chunk that was not agreed on breaks the protocol") {
  Hostile hostile(*parse_compression("off"));
  hostile.announce({.type = EntryType::file, .path = "f", .size = limits::chunk_bytes, .id = 1});
  hostile.send_compressed({.id = 1, .length = limits::chunk_bytes});
  CHECK(answer(hostile.control()) == "a chunk with a feature that was not agreed on");
  hostile.check_untouched();
}

TEST_CASE("several transfers to one place at once leave it whole") {
  Served served;
  const std::string one = noise(3U << 20U);
  const std::string two = noise((3U << 20U) + 8);
  served.scratch.write("a/same", one);
  served.scratch.write("a/mine", "a");
  served.scratch.write("b/same", two);
  served.scratch.write("b/yours", "b");
  for (int i = 0; i < 5; ++i) {
    std::string other;
    std::thread thread(
        [&] { other = outcome_of(carry_to_server({served.scratch.at("a/")}, served.url("/in"))); });
    const std::string mine =
        outcome_of(carry_to_server({served.scratch.at("b/")}, served.url("/in")));
    thread.join();
    CHECK(other == "done");
    CHECK(mine == "done");
    const std::string same = served.scratch.read("srv/in/same");
    CHECK((same == one || same == two));
    CHECK(served.scratch.has("srv/in/mine"));
    CHECK(served.scratch.has("srv/in/yours"));
    CHECK_FALSE(served.scratch.has("srv/in/.cpxfer"));
  }
}

TEST_CASE("a server that ends while data moves leaves nothing half written") {
  Served served;
  served.scratch.write("src/big", noise(64U << 20U));
  served.scratch.write("src/a", "small");
  class EndsServer final : public Observer {
   public:
    explicit EndsServer(Served& own) : served(own) {}
    void progress(const Progress& now) override {
      if (now.bytes_moved > 0 && !asked) {
        asked = true;
        served.stop.request_stop();
      }
    }
    Served& served;
    bool asked = false;
  } observer(served);
  const auto record = run(
      {.sources = {served.scratch.at("src/")}, .destination = served.url("/in"), .anonymous = true},
      observer, {});
  REQUIRE(record);
  served.end();
  // On a fast machine everything may have arrived before the first word about it.
  if (outcome_of(record) != "done") {
    CHECK(failure_of(*record)->code == Errc::timed_out);
    // All of it may have come before the stop did.
    CHECK((!served.scratch.has("srv/in/big") ||
           served.scratch.read("srv/in/big") == noise(64U << 20U)));
  }
  CHECK_FALSE(served.scratch.has("srv/in/.cpxfer"));
}

TEST_CASE("a client that offers, compares or links what was not agreed on ends its session") {
  Hostile peer;
  SECTION("an offer") {
    REQUIRE(peer.control().send(Offer{{{.path = "f", .size = 3, .id = 1}}}));
    CHECK(peer.served.log.wait_for(1).front() == "the peer offers files, and nobody asked");
  }
  SECTION("a comparison") {
    REQUIRE(peer.control().send(Same{.up_to = 1, .ids = {1}}));
    CHECK(peer.served.log.wait_for(1).front() == "the peer compared files, and nobody asked");
  }
  SECTION("a hard link") {
    peer.announce({.type = EntryType::hard_link, .path = "l", .target = "f"});
    CHECK(peer.served.log.wait_for(1).front() == "the peer announced a hard link that cannot be");
  }
  SECTION("a hard link to what lies outside") {
    peer.announce({.type = EntryType::hard_link, .path = "l", .target = "../f"});
    CHECK_THAT(peer.served.log.wait_for(1).front(), Catch::Contains("'../f'"));
  }
  CHECK_FALSE(peer.served.scratch.has("srv/in/l"));
}

TEST_CASE("a client that is gone leaves what was whole, and nothing else") {
  Hostile peer;
  peer.announce({.path = "half", .metadata = {0644}, .size = 2U << 20U, .id = 1});
  peer.announce({.path = "whole", .metadata = {0644}, .size = 4, .id = 2});
  peer.send_chunk({.id = 1}, limits::chunk_bytes);
  peer.send_chunk({.id = 2}, 4);
  LeafTree leaves;
  leaves.add(0, leaf_digest(std::as_bytes(std::span("xxxx", 4))));
  REQUIRE(
      peer.control().send(FileEnd{.id = 2, .digest = leaves.file_digest(4), .metadata = {0644}}));
  REQUIRE(peer.streams[0]->drain());
  peer.streams.clear();
  peer.client.reset();
  const auto lines = peer.served.log.wait_for(1);
  CHECK(lines == std::vector<std::string>{"the other end is gone"});
  CHECK(peer.served.scratch.read("srv/in/whole") == "xxxx");
  CHECK_FALSE(peer.served.scratch.has("srv/in/half"));
  CHECK_FALSE(peer.served.scratch.has("srv/in/.cpxfer"));
}

TEST_CASE("a stream whose end does not fit what came is no file") {
  Hostile peer;
  Extras extras;
  extras.is_stream = true;
  const auto stream = std::make_shared<const Extras>(extras);
  const auto ends_as = [&](std::uint64_t size) {
    REQUIRE(peer.control().send(FileEnd{.id = 1, .metadata = {0644}, .size = size}));
    REQUIRE(peer.streams[0]->drain());
    REQUIRE(peer.control().send(Finish{}));
    CHECK(answer(peer.control()) == "the peer ended before its files were whole");
  };
  SECTION("it has a size before its end") {
    peer.announce({.path = "f", .metadata = {0644}, .size = 4, .id = 1, .extras = stream});
    CHECK(answer(peer.control()) == "the peer announced a file that cannot be");
  }
  SECTION("it ends before what came") {
    peer.announce({.path = "f", .metadata = {0644}, .id = 1, .extras = stream});
    peer.send_chunk({.id = 1}, limits::chunk_bytes);
    ends_as(limits::chunk_bytes - 1);
  }
  SECTION("it ends behind what came") {
    peer.announce({.path = "f", .metadata = {0644}, .id = 1, .extras = stream});
    peer.send_chunk({.id = 1}, 4);
    ends_as(5);
  }
  SECTION("a leaf is missing, and another one is beyond the end") {
    peer.announce({.path = "f", .metadata = {0644}, .id = 1, .extras = stream});
    peer.send_chunk({.id = 1, .offset = 2 * limits::chunk_bytes}, 4);
    ends_as(4);
  }
  SECTION("a leaf in its middle is short") {
    peer.announce({.path = "f", .metadata = {0644}, .id = 1, .extras = stream});
    peer.send_chunk({.id = 1}, 4);
    peer.send_chunk({.id = 1, .offset = limits::chunk_bytes}, limits::chunk_bytes);
    ends_as(2 * limits::chunk_bytes);
  }
  CHECK_FALSE(peer.served.scratch.has("srv/in/f"));
}

TEST_CASE("paths that lead out are refused, in entries and in packs") {
  for (const char* path : {"../x", "/x", "a/../../x", ".cpxfer/x", "a//b", ""}) {
    CAPTURE(path);
    {
      Hostile peer;
      peer.announce({.type = EntryType::link, .path = path, .target = "x"});
      CHECK(answer(peer.control()).starts_with("the peer sent"));
      peer.check_untouched();
    }
    Hostile peer;
    const auto slot = peer.streams[0]->slot();
    REQUIRE(slot);
    PackWriter pack(*slot);
    pack.add(path, {.mode = 0644}, 0);
    const std::uint32_t length = pack.finish();
    REQUIRE(peer.streams[0]->send(
        {.is_pack = true, .id = 1, .length = length, .digest = leaf_digest(slot->first(length))}));
    CHECK(answer(peer.control()).starts_with("the peer "));
    peer.check_untouched();
  }
}

TEST_CASE("chunks that do not fit what was announced end the session") {
  Hostile peer;
  SECTION("beyond the end") {
    peer.announce({.path = "f", .size = 4, .id = 1});
    peer.send_chunk({.id = 1, .offset = limits::leaf_bytes}, 4);
  }
  SECTION("longer than the file") {
    peer.announce({.path = "f", .size = 4, .id = 1});
    peer.send_chunk({.id = 1}, 5);
  }
  SECTION("shorter than a leaf in its midst") {
    peer.announce({.path = "f", .size = 3U << 20U, .id = 1});
    peer.send_chunk({.id = 1}, 5);
  }
  SECTION("not what its digest says") {
    peer.announce({.path = "f", .size = 4, .id = 1});
    REQUIRE(peer.streams[0]->slot());
    REQUIRE(peer.streams[0]->send({.id = 1, .length = 4}));
  }
  SECTION("a pack that is none") {
    const auto slot = peer.streams[0]->slot();
    std::ranges::fill(slot->first(64), std::byte{0xFF});
    REQUIRE(peer.streams[0]->send(
        {.is_pack = true, .id = 1, .length = 64, .digest = leaf_digest(slot->first(64))}));
  }
  CHECK(answer(peer.control()).starts_with("a "));
  peer.check_untouched();
}

TEST_CASE("messages that a sender may not send end the session") {
  Hostile peer;
  SECTION("a file with another id than the next") {
    peer.announce({.path = "f", .size = 4, .id = 7});
  }
  SECTION("an empty file that travels alone") { peer.announce({.path = "f", .size = 0, .id = 1}); }
  SECTION("a result") { REQUIRE(peer.control().send(FinalResult{})); }
  SECTION("a message that is none") { REQUIRE(peer.control().send(MessageType::entries, "noise")); }
  SECTION("an unknown message") { REQUIRE(peer.control().send(static_cast<MessageType>(999), "")); }
  SECTION("where a rail is") {
    REQUIRE(peer.control().send(MessageType::rail_given, to_text(RailGiven{.tokens = {}})));
  }
  SECTION("a wish for a rail that is none") {
    REQUIRE(peer.control().send(MessageType::rail_wanted, "{}"));
  }
  SECTION("a wish for rails of ssh") {
    REQUIRE(peer.control().send(MessageType::rail_wanted,
                                to_text(RailWanted{.kind = RailChoice::ssh})));
  }
  SECTION("a wish for one rail more than there may be") {
    REQUIRE(peer.control().send(MessageType::rail_wanted,
                                to_text(RailWanted{.number = limits::other_rails + 1})));
  }
  SECTION("a wish for the same rail again") {
    REQUIRE(peer.control().send(MessageType::rail_wanted, to_text(RailWanted{})));
    REQUIRE(peer.control().send(MessageType::rail_wanted, to_text(RailWanted{})));
  }
  SECTION("an end while a file is not whole") {
    peer.announce({.path = "f", .size = 4, .id = 1});
    REQUIRE(peer.control().send(Finish{}));
  }
  CHECK(answer(peer.control()) != "done");
  peer.check_untouched();
}

TEST_CASE("a file whose chunks are not what its end says does not appear") {
  Hostile peer;
  peer.announce({.path = "f", .size = 4, .id = 1});
  peer.send_chunk({.id = 1}, 4);
  REQUIRE(peer.control().send(FileEnd{.id = 1}));
  REQUIRE(peer.streams[0]->drain());
  const auto failed = [&]() -> std::string {
    while (true) {
      const auto message = peer.control().expect(MessageType::item_failed);
      if (message) {
        return decode<ItemFailed>(message->body)->error.message;
      }
      if (!message.error().message.starts_with("a message of type 8")) {
        return message.error().message;
      }
    }
  }();
  CHECK(failed == "what arrived is not what was read");
  peer.client.reset();
  peer.check_untouched();
}

TEST_CASE(
    "whoever speaks another language or version is told so or dropped, and the next is served") {
  Served served;
  std::vector<std::string> greetings{"GET / HTTP/1.1\r\nHost: x\r\n\r\n", std::string(64, '\0'),
                                     noise(64), ""};
  const auto preface = [](Preface what) {
    const auto bytes = encode(what);
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  greetings.push_back(preface({.major = 1}));
  greetings.push_back(preface({.purpose = static_cast<Purpose>(9)}));
  greetings.push_back(preface({.purpose = Purpose::rail}) + std::string(16, 'x'));
  greetings.push_back(preface({.purpose = Purpose::rail}) + std::string(48, 'x'));
  greetings.push_back(preface({}) + "not a message at all");
  greetings.push_back(preface({}) + encode_header(MessageType::hello, 1U << 30U));
  greetings.push_back(preface({}) + encode_header(MessageType::hello, 2) + "[]");
  greetings.push_back(preface({}) + encode_header(MessageType::open, 2) + "{}");
  for (const std::string& greeting : greetings) {
    net::TcpStream stream = served.connect();
    REQUIRE(stream.send(std::as_bytes(std::span(greeting))));
    stream.end();
    // Whatever the server says, it ends.
    std::array<std::byte, 4096> in{};
    REQUIRE(stream.set_patience(std::chrono::seconds(10)));
    cp::Result<std::size_t> count = 1;
    while (count && *count != 0) {
      count = stream.receive(in);
    }
    CHECK((count || count.error().code == Errc::unavailable));
  }
  served.scratch.write("src/f", "1");
  CHECK(outcome_of(carry_to_server({served.scratch.at("src/f")}, served.url("/"))) == "done");
}

TEST_CASE("a client says so when the other end is no server of ours or of another version") {
  const Scratch scratch;
  scratch.write("f", "1");
  for (const bool other_version : {false, true}) {
    auto listener = net::TcpListener::bind({net::IpAddress::loopback(net::Family::ipv4), 0});
    REQUIRE(listener);
    std::thread impostor([&] {
      const auto never = net::StopFd::make({});
      auto stream = listener->accept(**never);
      const auto bytes = encode(Preface{.major = 7});
      static_cast<void>(other_version
                            ? stream->send(bytes)
                            : stream->send(std::as_bytes(std::span("HTTP/1.1 400 Bad", 16))));
      std::array<std::byte, 256> in{};
      static_cast<void>(stream->receive_all(in));
    });
    const auto record =
        carry_to_server({scratch.at("f")}, "cpx://" + listener->local()->to_string() + "/");
    impostor.join();
    REQUIRE_FALSE(record);
    CHECK(record.error().code == Errc::protocol);
  }
}

TEST_CASE("a silent end is given up by the other") {
  Served served(std::chrono::milliseconds(300));
  DaemonLink link = served.link();
  auto client = greeted(link);
  auto opened = client->open(push_to("/in"));
  REQUIRE(opened);
  auto carriers = client->connect_rails(*opened);
  REQUIRE(carriers);
  const auto lines = served.log.wait_for(1);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0] == "the other end has been silent for 300 ms");
  CHECK_FALSE(served.scratch.has("srv/in/.cpxfer"));
}
