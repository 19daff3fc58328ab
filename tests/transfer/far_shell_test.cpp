// SPDX-License-Identifier: Apache-2.0
#include "transfer/far_shell.hpp"

#include "net/fd_stream.hpp"
#include "transfer/far_listing.hpp"
#include "transfer/far_tree.hpp"

#include "catch.hpp"
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

using namespace cp::transfer;
using cp::Errc;

namespace {

const std::string kHello = "cpxfer-sh 1 sha256 dd pax fine 1700000000\n";

// A far end that says what is written here, whatever it is asked.
class Liar {
 public:
  explicit Liar(const std::string& says) {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    far_ = cp::UniqueFd(ends[1]);
    REQUIRE(::write(far_.get(), says.data(), says.size()) == static_cast<ssize_t>(says.size()));
    REQUIRE(::shutdown(far_.get(), SHUT_WR) == 0);
    stream_ = *cp::net::FdStream::make(cp::UniqueFd(ends[0]), {});
  }
  cp::Result<std::unique_ptr<FarShell>> start() {
    return FarShell::start(std::move(stream_), std::chrono::seconds(30));
  }

 private:
  cp::UniqueFd far_;
  std::unique_ptr<cp::net::Stream> stream_;
};

std::unique_ptr<FarShell> shell_that_says(Liar& liar) {
  auto shell = liar.start();
  REQUIRE(shell);
  return *std::move(shell);
}

template <class T>
Errc code_of(const cp::Result<T>& result) {
  REQUIRE_FALSE(result);
  return result.error().code;
}

class NoEvents final : public ReceiveEvents {
 public:
  void item_failed(const ItemFailed& failed) override { failures.push_back(failed.error.message); }
  std::vector<std::string> failures;
};

}  // namespace

TEST_CASE("a far shell that is none is refused") {
  for (const char* says :
       {"", "hello\n", "cpxfer-sh 2 sha256 dd pax fine 1\n", "cpxfer-sh 1 sha256\n",
        "cpxfer-sh 1 sha256 dd none fine 1\n", "\n\n\n"}) {
    CAPTURE(says);
    Liar liar(says);
    const Errc code = code_of(liar.start());
    CHECK((code == Errc::protocol || code == Errc::unavailable));
  }
  Liar liar(std::string(100'000, 'x'));
  CHECK(code_of(liar.start()) == Errc::protocol);
}

TEST_CASE("a far shell's clock and tools count as it says") {
  Liar liar("cpxfer-sh 1 cksum bytes gnu none none\n");
  const auto shell = shell_that_says(liar);
  CHECK(shell->tools().sum == FarSumKind::cksum);
  CHECK(shell->tools().reads_bytes);
  CHECK(shell->tools().tar == TarDialect::gnu);
  CHECK_FALSE(shell->tools().has_status);
  CHECK(shell->tools().clock_is_behind.count() == 0);
}

TEST_CASE("answers that fit no question end the talk") {
  SECTION("neither ok nor bad") {
    Liar liar(kHello + "perhaps\n");
    CHECK(code_of(shell_that_says(liar)->hear_ok()) == Errc::protocol);
  }
  SECTION("bad says why") {
    Liar liar(kHello + "bad no room \n");
    const auto heard = shell_that_says(liar)->hear_ok();
    CHECK(code_of(heard) == Errc::failed);
    CHECK(heard.error().message == "no room");
  }
  SECTION("lines without end") {
    std::string says = kHello;
    for (int i = 0; i < 10'001; ++i) {
      says += "a\n";
    }
    Liar liar(says);
    CHECK(code_of(shell_that_says(liar)->lines()) == Errc::protocol);
  }
  SECTION("an end before its time") {
    Liar liar(kHello + "a\n");
    CHECK(code_of(shell_that_says(liar)->lines()) == Errc::unavailable);
  }
  SECTION("what follows an archive is something else") {
    Liar liar(kHello + std::string(1024, '\0') + "ok\n");
    CHECK(code_of(shell_that_says(liar)->end_of_archive()) == Errc::protocol);
  }
}

TEST_CASE("signs of life are no part of a line") {
  Liar liar(kHello + "\x16o\x16k\n\x16\x16" + "ab\x16\n");
  const auto shell = shell_that_says(liar);
  CHECK(shell->hear_ok());
  CHECK(*shell->line() == "ab");
}

TEST_CASE("sums belong to the files that were asked for, in their order") {
  const std::vector<std::string> paths{"a", "b c", "d"};
  const std::string sum(64, 'f');
  SECTION("one is missing") {
    Liar liar(kHello + sum + "  ./a\n" + sum + " *./d\nend\n");
    const auto sums = shell_that_says(liar)->sums(paths);
    REQUIRE(sums);
    CHECK(*sums == std::vector<std::string>{sum, "", sum});
  }
  SECTION("another order, or another file") {
    Liar liar(kHello + sum + "  ./d\n" + sum + "  ./a\nend\n");
    CHECK(code_of(shell_that_says(liar)->sums(paths)) == Errc::protocol);
  }
  SECTION("what is no sum is none") {
    Liar liar(kHello + std::string(64, 'z') + "  ./a\nend\n");
    CHECK(code_of(shell_that_says(liar)->sums(paths)) == Errc::protocol);
  }
  SECTION("odd names are asked for one by one") {
    Liar liar(kHello + sum + "  -\nnone\n");
    const std::vector<std::string> odd{"a\nb", "c\\d"};
    CHECK(*shell_that_says(liar)->sums(odd) == std::vector<std::string>{sum, ""});
  }
}

TEST_CASE("a listing that is none is refused, and paths in it are judged later") {
  const FarSource source{"x", ".", "", true};
  const auto list = [&](const std::string& records) {
    Liar liar(kHello + "ok\n" + records);
    return list_far(*shell_that_says(liar), source, false);
  };
  const auto record = [](const std::string& text) { return text + std::string(1, '\0'); };
  CHECK(code_of(list(record("f/etc/passwd"))) == Errc::protocol);
  CHECK(code_of(list(record("q./a"))) == Errc::protocol);
  CHECK(code_of(list(record(""))) == Errc::protocol);
  CHECK(code_of(list(record("f./a") + record("Snot a status"))) == Errc::protocol);
  CHECK(code_of(list(record("f./a"))) == Errc::unavailable);
  const auto found =
      list(record("d.") + record("f./a") + record("S755 0 1.5 2.5 3\n644 7 -1.5 2 4") +
           record("B") + record("l./b") + record("S1\n2") + record("B") + record("E0"));
  REQUIRE(found);
  REQUIRE(found->size() == 3);
  CHECK((*found)[0].entry.path.empty());
  CHECK((*found)[0].is_directory());
  CHECK((*found)[1].entry.size == 7);
  CHECK((*found)[1].entry.metadata.mtime_s == -2);
  CHECK((*found)[1].entry.metadata.mtime_ns == 500'000'000);
  CHECK((*found)[1].entry.stamp != Digest{});
  CHECK_FALSE((*found)[2].has_status);
}

TEST_CASE("a far tree takes no more from its shell than it asked for") {
  NoEvents events;
  Tally tally;
  const FarTree::Settings settings{.root = "there",
                                   .renamed_from = {},
                                   .renamed_to = {},
                                   .durability = Durability::none,
                                   .id = "t-1",
                                   .key = Digest{}};
  const auto open = [&](const std::string& says) {
    Liar liar(kHello + says);
    const auto shell = shell_that_says(liar);
    return FarTree::open(settings, *shell, events, tally).map([](const auto& tree) {
      return tree->have();
    });
  };
  CHECK(code_of(open("bad no\n")) == Errc::cannot_create);
  CHECK(code_of(open("perhaps\n")) == Errc::protocol);
  const std::string hex(32, 'a');
  const std::string sum(64, 'b');
  SECTION("lines of the list that are none say nothing") {
    const auto have = open("old\nx\n" + hex + "\t" + hex + "\t" + sum + "\t../out\n" + hex +
                           "\tq\t" + sum + "\tin\n\nend\n");
    REQUIRE(have);
    CHECK(have->front().landed.empty());
  }
  SECTION("what is there has its sum") {
    const std::string line = hex + "\t" + hex + "\t" + sum + "\tin\n";
    const auto have = open("old\n" + line + "end\n" + sum + "  ../../in\nend\n");
    REQUIRE(have);
    CHECK(have->front().landed.size() == 1);
    const auto changed =
        open("old\n" + line + "end\n" + std::string(64, 'c') + "  ../../in\nend\n");
    REQUIRE(changed);
    CHECK(changed->front().landed.empty());
  }
}

TEST_CASE("words of a request stay on one line and one word") {
  CHECK(far_word("") == "''");
  CHECK(far_word("a'b") == R"('a'\''b')");
  CHECK(far_word("a\nb") == R"('a'"$nl"'b')");
  CHECK(far_word("$(x)") == "'$(x)'");
  CHECK(far_path_word("-n") == "./-n");
  CHECK(far_path_word("/x") == "/x");
}
