// SPDX-License-Identifier: Apache-2.0
#include "transfer/message.hpp"

#include "transfer/limits.hpp"

#include "catch.hpp"
#include <random>

using namespace cp::transfer;

namespace {

Entries sample_entries() {
  Entries message;
  message.entries.push_back({.type = EntryType::file,
                             .path = "a/\xff",
                             .metadata = {0644, 5, 6},
                             .size = 1 << 30,
                             .id = 1});
  message.entries.push_back({.type = EntryType::directory, .path = "", .metadata = {0755, 1, 2}});
  message.entries.push_back({.type = EntryType::link, .path = "l", .target = "x"});
  return message;
}

Summed sample_sums() {
  const std::string sum(16, 's');
  return {{{{.type = EntryType::file, .path = "f", .size = 3, .id = 1}, sum, "x/f"},
           {{.type = EntryType::directory, .path = "", .id = 2}, "", "x"},
           {{.type = EntryType::link, .path = "l", .target = "t", .id = 3}, sum, "x/l"}}};
}

template <class T>
void refuse_when_cut(const T& message) {
  const std::string body = encode(message);
  for (std::size_t size = 0; size < body.size(); ++size) {
    CAPTURE(size);
    REQUIRE_FALSE(decode<T>(body.substr(0, size)));
  }
  REQUIRE_FALSE(decode<T>(body + "x"));
  REQUIRE(decode<T>(body));
}

template <class T>
void survive_noise(std::uint32_t seed) {
  std::mt19937 random(seed);
  for (int i = 0; i < 3000; ++i) {
    std::string bytes(random() % 120, '\0');
    for (char& c : bytes) {
      c = static_cast<char>(random());
    }
    (void)decode<T>(bytes);
  }
}

}  // namespace

TEST_CASE("a message that is cut or too long is refused") {
  refuse_when_cut(sample_entries());
  refuse_when_cut(FileEnd{.id = 1});
  refuse_when_cut(ItemFailed{.path = "p", .id = 2, .error = {cp::Errc::io, "m", "h"}});
  refuse_when_cut(Totals{1, 2, true, 3, 4});
  refuse_when_cut(Have{true, {Digest{}}, {{.size = 1, .digests = {Digest{}}}}});
  refuse_when_cut(Kept{{Digest{}}});
  refuse_when_cut(Durable{1, 2});
  refuse_when_cut(Placed{1, 2, 3});
  refuse_when_cut(Measured{1, 2});
  refuse_when_cut(Finish{});
  refuse_when_cut(FinalResult{1, 2, {}});
  refuse_when_cut(Offer{{{.path = "f", .size = 3, .id = 1}}});
  refuse_when_cut(Ask{{{.type = EntryType::directory, .path = "d"}}});
  refuse_when_cut(Answer{{{.id = 1, .verdict = Answer::Verdict::compare, .digest = {}}}});
  refuse_when_cut(Same{.up_to = 3, .ids = {1, 3}});
  refuse_when_cut(Present{{{"a", true}, {"b", false}}});
  refuse_when_cut(WouldSend{{{"/x/a", "a", 7, false, true}, {"/x/b", "b", 0, true, false}}});
  refuse_when_cut(SessionError{{cp::Errc::denied, "no", ""}});
  refuse_when_cut(sample_sums());
  refuse_when_cut(SumBegun{{.path = "f", .size = 3, .id = 1}});
}

TEST_CASE("noise is read without harm") {
  survive_noise<Entries>(1);
  survive_noise<ItemFailed>(2);
  survive_noise<SessionError>(3);
  survive_noise<FileEnd>(4);
  survive_noise<Have>(5);
  survive_noise<Kept>(6);
  survive_noise<Offer>(7);
  survive_noise<Answer>(8);
  survive_noise<Ask>(28);
  survive_noise<Same>(9);
  survive_noise<Present>(10);
  survive_noise<WouldSend>(30);
  survive_noise<Measured>(31);
  survive_noise<Summed>(32);
  survive_noise<SumBegun>(33);
}

TEST_CASE("sums that cannot be are refused") {
  Summed message = sample_sums();
  Summed::Item& file = message.items[0];
  SECTION("none at all") { message.items.clear(); }
  SECTION("out of their order") { std::swap(file.entry.id, message.items[1].entry.id); }
  SECTION("two of one number") { message.items[1].entry.id = 1; }
  SECTION("a sum that is too short") { file.sum.pop_back(); }
  SECTION("a sum that is too long") { file.sum += file.sum + "x"; }
  SECTION("a directory with a sum") { message.items[1].sum = file.sum; }
  SECTION("a link without one") { message.items[2].sum.clear(); }
  SECTION("another name of a file") { message.items[2].entry.type = EntryType::hard_link; }
  SECTION("a file larger than any") { file.entry.size = limits::file_bytes; }
  SECTION("a file with other names") {
    file.entry.extras = std::make_shared<Extras>(Extras{.is_leader = true});
  }
  SECTION("more than a message may hold") {
    const Summed::Item one = file;  // which moves with all of them
    while (message.items.size() <= limits::batch_entries) {
      message.items.push_back(one);
      message.items.back().entry.id = message.items.size();
    }
  }
  CHECK_FALSE(decode<Summed>(encode(message)));
}

TEST_CASE("only a file begins to be summed") {
  CHECK(decode<SumBegun>(encode(SumBegun{{.path = "f", .size = 3, .id = 1}})));
  CHECK_FALSE(
      decode<SumBegun>(encode(SumBegun{{.type = EntryType::directory, .path = "d", .id = 1}})));
  CHECK_FALSE(decode<SumBegun>(encode(SumBegun{{.path = "f", .size = 3, .id = 0}})));
}

TEST_CASE("an answer that says nothing is refused, and an offer of what is no file") {
  std::string body = encode(Answer{{{.id = 1, .verdict = Answer::Verdict::send, .digest = {}}}});
  body[4 + 8] = 3;
  CHECK_FALSE(decode<Answer>(body));
  CHECK_FALSE(decode<Offer>(encode(Offer{{{.type = EntryType::directory, .path = "d"}}})));
}

TEST_CASE("the end of a file tells a size only of a stream") {
  const auto one = decode<FileEnd>(encode(FileEnd{.id = 1}));
  const auto other = decode<FileEnd>(encode(FileEnd{.id = 1, .size = 77}));
  REQUIRE(one);
  REQUIRE(other);
  CHECK(one->size == 0);
  CHECK(other->size == 77);
  CHECK(encode(FileEnd{.id = 1}).size() == 40);  // as in format 1
  CHECK_FALSE(decode<FileEnd>(encode(FileEnd{.id = 1, .size = limits::file_bytes})));
}

TEST_CASE("a result tells what was deleted only where something was") {
  const auto one = decode<FinalResult>(encode(FinalResult{1, 2, {}, 0}));
  const auto other = decode<FinalResult>(encode(FinalResult{1, 2, {}, 77}));
  REQUIRE(one);
  REQUIRE(other);
  CHECK(one->deleted == 0);
  CHECK(other->deleted == 77);
  CHECK(encode(FinalResult{1, 2, {}, 0}).size() == 32);  // as in format 1
}

TEST_CASE("an entry that cannot be is refused") {
  Entries message = sample_entries();
  Entry& entry = message.entries[0];
  SECTION("a file without an id") { entry.id = 0; }
  SECTION("a file larger than any") { entry.size = limits::file_bytes; }
  SECTION("a set-user-id bit") { entry.metadata.mode = 04755; }
  SECTION("nanoseconds beyond a second") { entry.metadata.mtime_ns = 1'000'000'000; }
  SECTION("a type that is none") { entry.type = static_cast<EntryType>(9); }
  SECTION("a file with a target") { entry.target = "x"; }
  SECTION("a link without a target") { message.entries[2].target.clear(); }
  SECTION("a target with a NUL") { message.entries[2].target = std::string("a\0b", 3); }
  CHECK_FALSE(decode<Entries>(encode(message)));
}

TEST_CASE("more entries than a message may hold are refused") {
  Entries message;
  message.entries.assign(limits::batch_entries + 1, {.type = EntryType::directory, .path = "d"});
  CHECK_FALSE(decode<Entries>(encode(message)));
  message.entries.pop_back();
  CHECK(decode<Entries>(encode(message))->entries.size() == limits::batch_entries);
}

TEST_CASE("messages are read as they were written") {
  const auto entries = decode<Entries>(encode(sample_entries()));
  REQUIRE(entries);
  CHECK(entries->entries[0].path == "a/\xff");
  CHECK(entries->entries[0].size == 1 << 30);
  CHECK(entries->entries[1].metadata == Metadata{0755, 1, 2});
  CHECK(entries->entries[2].target == "x");
  const auto failed = decode<ItemFailed>(encode(ItemFailed{"p", 9, {cp::Errc::denied, "m", "h"}}));
  CHECK(failed->path == "p");
  const auto measured = decode<Measured>(encode(Measured{.bytes = 7, .cpu_ns = 8}));
  CHECK(measured->bytes == 7);
  CHECK(measured->cpu_ns == 8);
  CHECK(failed->id == 9);
  CHECK(failed->error.code == cp::Errc::denied);
  CHECK(failed->error.message == "m");
  CHECK(decode<FinalResult>(encode(FinalResult{3, 4, leaf_digest({})}))->digest == leaf_digest({}));
}

TEST_CASE("a kind of error that a later version added is still an error") {
  std::string body = encode(SessionError{{cp::Errc::denied, "no", ""}});
  body.replace(body.find("denied"), 6, "qwerty");
  CHECK(decode<SessionError>(body)->error.code == cp::Errc::failed);
}

TEST_CASE("a header with a body beyond the limit is refused before anything is read") {
  CHECK(decode_header(encode_header(MessageType::ping, 5))->body_bytes == 5);
  CHECK_FALSE(decode_header(encode_header(MessageType::ping, limits::message_bytes + 1)));
  CHECK_FALSE(decode_header(encode_header(MessageType::ping, 5).substr(1)));
  CHECK_FALSE(decode_header("GET / HTTP/1.1\r\n"));
}
