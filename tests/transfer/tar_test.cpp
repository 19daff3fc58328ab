// SPDX-License-Identifier: Apache-2.0
#include "transfer/tar.hpp"

#include <fmt/format.h>

#include "catch.hpp"
#include <cstdlib>
#include <cstring>

using namespace cp::transfer;
using cp::Errc;

namespace {

// Reads headers out of BYTES; past their end is an error.
class Archive {
 public:
  explicit Archive(std::string bytes) : bytes_(std::move(bytes)) {}
  cp::Result<std::optional<TarMember>> next() {
    return read_tar_header([this](std::span<std::byte> out) -> cp::Result<void> {
      if (out.size() > bytes_.size() - at_) {
        return cp::fail(Errc::unavailable, "the end");
      }
      std::memcpy(out.data(), bytes_.data() + at_, out.size());
      at_ += out.size();
      return {};
    });
  }

 private:
  std::string bytes_;
  std::size_t at_ = 0;
};

TarMember file_called(std::string path) {
  return {.path = std::move(path), .target = {}, .metadata = {0640, 1'000'000'000, 0}, .size = 0};
}

}  // namespace

TEST_CASE("what is no archive is refused") {
  const std::string good = tar_header(file_called("a"), TarDialect::pax);
  const auto code = [](std::string bytes) {
    const auto read = Archive(std::move(bytes)).next();
    return read ? Errc::internal : read.error().code;
  };
  CHECK(code("") == Errc::unavailable);
  CHECK(code(good.substr(0, 511)) == Errc::unavailable);
  CHECK(code(std::string(512, 'x')) == Errc::protocol);
  std::string changed = good;
  changed[3] = 'x';
  CHECK(code(changed) == Errc::protocol);
  // An extended header that is longer than any, and ones that say nonsense.
  TarMember extra = file_called("x");
  for (const char* body :
       {"5 a", "99999 a=b\n", "x a=b\n", "6 a=b\nrest", "4 ab\n", "10 size=x\n"}) {
    extra.size = std::strlen(body);
    std::string header = tar_header(extra, TarDialect::gnu);
    header[156] = 'x';
    // The sum counts the changed letter.
    const auto sum = std::strtoul(header.substr(148, 6).c_str(), nullptr, 8) + 'x' - '0';
    header.replace(148, 6, fmt::format("{:06o}", sum));
    CAPTURE(body);
    CHECK(code(header + body + std::string(tar_padding(extra.size), '\0') + good) ==
          Errc::protocol);
  }
}

TEST_CASE("members come out as they went in") {
  const std::string longest(250, 'n');
  std::vector<TarMember> members;
  members.push_back(file_called("plain"));
  members.push_back(file_called("0/" + longest));
  members.back().metadata = {0755, -1, 250'000'000};
  members.push_back({.type = TarMember::Type::link,
                     .path = "new\nline",
                     .target = std::string(300, 't'),
                     .metadata = {0777, 12, 345}});
  for (const TarMember& member : members) {
    Archive archive(tar_header(member, TarDialect::pax) + tar_end());
    const auto read = archive.next();
    REQUIRE(read);
    REQUIRE(*read);
    CHECK((*read)->path == member.path);
    CHECK((*read)->target == member.target);
    CHECK((*read)->metadata == member.metadata);
    CHECK((*read)->type == member.type);
    const auto end = archive.next();
    REQUIRE(end);
    CHECK_FALSE(*end);
  }
}

TEST_CASE("names without extended headers are GNU's, and times whole seconds") {
  TarMember member = file_called("0/" + std::string(250, 'n'));
  member.metadata.mtime_ns = 5;
  const auto read = Archive(tar_header(member, TarDialect::gnu)).next();
  REQUIRE(read);
  CHECK((*read)->path == member.path);
  CHECK((*read)->metadata.mtime_s == 1'000'000'000);
  CHECK((*read)->metadata.mtime_ns == 0);
}

TEST_CASE("times are written and read with their fraction, before 1970, too") {
  for (const TimeOfChange time :
       {TimeOfChange{0, 0}, TimeOfChange{5, 120'000'000}, TimeOfChange{-1, 500'000'000},
        TimeOfChange{-7, 0}, TimeOfChange{-8, 1}}) {
    const auto again = parse_time_of_change(to_text(time));
    REQUIRE(again);
    CHECK(again->seconds == time.seconds);
    CHECK(again->nanoseconds == time.nanoseconds);
  }
  CHECK(to_text({-1, 500'000'000}) == "-0.500000000");
  for (const char* none : {"", "x", "1.x", ".5", "1-", "1 "}) {
    CHECK_FALSE(parse_time_of_change(none));
  }
}
