// SPDX-License-Identifier: Apache-2.0
#include "store/database.hpp"

#include "base/file.hpp"

#include "catch.hpp"
#include <array>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

using cp::Errc;
using cp::store::Database;
using cp::store::Transaction;

namespace {

constexpr std::array<std::string_view, 2> kMigrations{
    "CREATE TABLE item(name TEXT NOT NULL UNIQUE, n INTEGER, r REAL)",
    "ALTER TABLE item ADD COLUMN note TEXT"};

// A directory of its own for each test.
struct Scratch {
  Scratch() : path("/tmp/cp-store-test-XXXXXX") { REQUIRE(::mkdtemp(path.data()) != nullptr); }
  ~Scratch() { std::filesystem::remove_all(path); }
  std::string operator/(const char* name) const { return path + "/" + name; }
  std::string path;
};

Database open(const std::string& path, int busy_ms = 10'000) {
  auto database = Database::open(path, {.migrations = kMigrations, .busy_timeout_ms = busy_ms});
  REQUIRE(database);
  return std::move(*database);
}

std::int64_t count(Database& database) {
  auto statement = database.prepare("SELECT count(*) FROM item");
  REQUIRE(statement);
  REQUIRE(*statement->step());
  return statement->integer(0);
}

}  // namespace

TEST_CASE("a store that is no database, or of a newer release, is refused and left as it is") {
  const Scratch scratch;
  REQUIRE(cp::write_file(scratch / "garbage", std::string(8192, 'x'), 0600));
  const auto garbage = Database::open(scratch / "garbage", {.migrations = kMigrations});
  REQUIRE_FALSE(garbage);
  CHECK(garbage.error().code == Errc::bad_data);
  CHECK(*cp::read_file(scratch / "garbage", 10'000) == std::string(8192, 'x'));

  { auto newer = open(scratch / "newer"); }
  const auto older =
      Database::open(scratch / "newer", {.migrations = std::span(kMigrations).first(1)});
  REQUIRE_FALSE(older);
  CHECK(older.error().code == Errc::bad_config);
}

TEST_CASE("a store that is not there is not made by a reader") {
  const Scratch scratch;
  const auto missing =
      Database::open(scratch / "none", {.migrations = kMigrations, .read_only = true});
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == Errc::not_found);
  CHECK_FALSE(std::filesystem::exists(scratch / "none"));
}

TEST_CASE("only its owner may read a store, whatever the umask") {
  const Scratch scratch;
  const mode_t before = ::umask(0);
  { auto database = open(scratch / "db"); }
  ::umask(before);
  struct stat status {};
  REQUIRE(::stat((scratch / "db").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0600U);
}

TEST_CASE("an old store is brought to the newest version and keeps its rows") {
  const Scratch scratch;
  {
    auto old = Database::open(scratch / "db", {.migrations = std::span(kMigrations).first(1)});
    REQUIRE(old);
    REQUIRE(old->execute("INSERT INTO item VALUES ('a', 1, 0.5)"));
  }
  auto database = open(scratch / "db");
  auto row = database.prepare("SELECT name, n, r, note FROM item");
  REQUIRE(row);
  REQUIRE(*row->step());
  CHECK(row->text(0) == "a");
  CHECK(row->integer(1) == 1);
  CHECK(row->real(2) == 0.5);
  CHECK(row->is_null(3));
  CHECK_FALSE(*row->step());
}

TEST_CASE("a bound value is only ever a value") {
  const Scratch scratch;
  auto database = open(scratch / "db");
  auto insert = database.prepare("INSERT INTO item(name, n) VALUES (?, ?)");
  REQUIRE(insert);
  const std::string hostile("'); DROP TABLE item; --\0x", 26);
  REQUIRE(insert->bind(1, hostile).bind(2, std::int64_t{7}).run());
  REQUIRE(insert->bind(1, "b").bind_null(2).run());
  auto select = database.prepare("SELECT name FROM item WHERE n = 7");
  REQUIRE(*select->step());
  CHECK(select->text(0) == hostile);
  const auto twice = insert->bind(1, "b").run();
  REQUIRE_FALSE(twice);
  CHECK(twice.error().code == Errc::failed);
}

TEST_CASE("a borrowed value is stored as it stands when its row is written") {
  const Scratch scratch;
  Database database = open(scratch / "s.db");
  auto insert = database.prepare("INSERT INTO item(name, n) VALUES (?, ?)");
  REQUIRE(insert);
  std::string line = "first,second";
  for (const std::string_view name :
       {std::string_view(line).substr(0, 5), std::string_view(line).substr(6)}) {
    REQUIRE(insert->bind_borrowed(1, name).bind(2, std::int64_t{1}).run());
  }
  line.assign(line.size(), 'x');
  auto names = database.prepare("SELECT group_concat(name) FROM item");
  REQUIRE(names);
  REQUIRE(*names->step());
  CHECK(names->text(0) == "first,second");
}

TEST_CASE("a transaction that is not committed leaves nothing") {
  const Scratch scratch;
  auto database = open(scratch / "db");
  {
    auto transaction = Transaction::begin(database);
    REQUIRE(transaction);
    REQUIRE(database.execute("INSERT INTO item(name) VALUES ('a')"));
  }
  CHECK(count(database) == 0);
  auto transaction = Transaction::begin(database);
  REQUIRE(transaction);
  REQUIRE(database.execute("INSERT INTO item(name) VALUES ('a')"));
  REQUIRE(transaction->commit());
  CHECK(count(database) == 1);
}

TEST_CASE("who waits too long for another writer is told so") {
  const Scratch scratch;
  auto first = open(scratch / "db");
  auto second = open(scratch / "db", 20);
  const auto held = Transaction::begin(first);
  REQUIRE(held);
  const auto refused = Transaction::begin(second);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::timed_out);
}

TEST_CASE("writers on connections of their own lose nothing") {
  const Scratch scratch;
  auto database = open(scratch / "db");
  constexpr int kWriters = 4;
  constexpr int kRows = 25;
  std::vector<std::thread> writers;
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([&, w] {
      auto own = Database::open(scratch / "db", {.migrations = kMigrations});
      for (int i = 0; own && i < kRows; ++i) {
        auto transaction = Transaction::begin(*own);
        auto insert = own->prepare("INSERT INTO item(name) VALUES (?)");
        const bool stored = transaction && insert &&
                            insert->bind(1, std::to_string(w) + "-" + std::to_string(i)).run();
        (void)(stored && transaction->commit());
      }
    });
  }
  for (std::thread& writer : writers) {
    writer.join();
  }
  CHECK(count(database) == kWriters * kRows);
}

TEST_CASE("those who open a new store at once all open it") {
  const Scratch scratch;
  for (int round = 0; round < 20; ++round) {
    const std::string path = scratch / std::to_string(round).c_str();
    std::array<std::string, 6> said;
    {
      std::vector<std::jthread> openers;
      for (std::string& problem : said) {
        openers.emplace_back([&] {
          const auto database = Database::open(path, {.migrations = kMigrations});
          problem = database ? "" : database.error().message;
        });
      }
    }
    for (const std::string& problem : said) {
      CHECK(problem == "");
    }
  }
}

TEST_CASE("a second connection of a process does not give up the locks of the first") {
  const Scratch scratch;
  auto first = open(scratch / "db");
  REQUIRE(count(first) == 0);
  { auto second = open(scratch / "db"); }
  auto third = open(scratch / "db");
  // Only another process sees them.
  const pid_t other = ::fork();
  REQUIRE(other >= 0);
  if (other == 0) {
    const int fd = ::open((scratch / "db").c_str(), O_RDWR | O_CLOEXEC);
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    const bool is_held = ::fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    ::_exit(is_held ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(other, &status, 0) == other);
  CHECK(status == 0);
}
