// SPDX-License-Identifier: Apache-2.0
#include "transfer/sync.hpp"

#include "model/json.hpp"
#include "transfer/scratch.hpp"
#include "transfer/transfer.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include <chrono>
#include <filesystem>

using namespace cp::transfer;
namespace fs = std::filesystem;

namespace {

#if defined(__SANITIZE_THREAD__)
constexpr int kFiles = 600;  // each costs 20 ms there; still more than one batch
#else
// More than are offered at a time, so that answers overtake offers.
constexpr int kFiles = 12'000;
#endif

void plant_for_sync(const Scratch& scratch) {
  for (int i = 0; i < kFiles; ++i) {
    scratch.write("src/" + std::to_string(i / 100) + "/" + std::to_string(i), std::to_string(i));
  }
  scratch.write("src/large", std::string(3U << 20U, 'l'));
}

struct Outcome {
  std::int64_t done = 0;
  std::int64_t skipped = 0;
  bool has_digest = false;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome keep_alike(const Scratch& scratch, Sync sync, Deletion deletion = Deletion::none) {
  Observer silent;
  const auto record = run({.sources = {scratch.at("src/")},
                           .destination = scratch.at("dst"),
                           .durability = Durability::none,
                           .sync = sync,
                           .deletion = deletion},
                          silent, {});
  REQUIRE(record);
  REQUIRE(record->at("state") == "done");
  return {record->at("files").at("done"), record->at("files").at("skipped"),
          !record->at("digest").is_null()};
}

}  // namespace

TEST_CASE("what stands at the destination is sent again only where it is another") {
  const Scratch scratch;
  plant_for_sync(scratch);
  const Outcome all{.done = kFiles + 1, .skipped = 0, .has_digest = true};
  CHECK(keep_alike(scratch, {}) == all);
  CHECK(keep_alike(scratch, {.update = true}) == Outcome{0, kFiles + 1, false});
  CHECK(keep_alike(scratch, {.checksum = true}) == Outcome{0, kFiles + 1, true});
  scratch.write("dst/0/7", "x");
  scratch.write("dst/large", std::string(3U << 20U, 'm'));
  fs::remove(scratch.at("dst/1/111"));
  CHECK(keep_alike(scratch, {.checksum = true}) == Outcome{3, kFiles - 2, true});
  CHECK(scratch.read("dst/0/7") == "7");
  CHECK(scratch.read("dst/large") == std::string(3U << 20U, 'l'));
  CHECK(keep_alike(scratch, {}) == all);
}

TEST_CASE("what is newer at the destination stays, and what is older goes") {
  const Scratch scratch;
  scratch.write("src/a", "source");
  scratch.write("src/b", "source");
  scratch.write("dst/a", "newer!");
  scratch.write("dst/b", "older!");
  fs::last_write_time(scratch.at("dst/a"),
                      fs::last_write_time(scratch.at("src/a")) + std::chrono::hours(1));
  fs::last_write_time(scratch.at("dst/b"),
                      fs::last_write_time(scratch.at("src/b")) - std::chrono::hours(1));
  CHECK(keep_alike(scratch, {.update = true}) == Outcome{1, 1, false});
  CHECK(scratch.read("dst/a") == "newer!");
  CHECK(scratch.read("dst/b") == "source");
}

TEST_CASE("the rest is deleted, links to elsewhere included and what they lead to not") {
  const Scratch scratch;
  scratch.write("src/kept", "k");
  scratch.write("dst/gone/deep/file", "g");
  scratch.write("outside/file", "o");
  fs::create_directory_symlink(scratch.at("outside"), scratch.at("dst/way"));
  fs::create_directory_symlink(scratch.at("outside"), scratch.at("dst/gone/way"));
  keep_alike(scratch, {.update = true}, Deletion::unless_failed);
  CHECK(scratch.has("dst/kept"));
  CHECK_FALSE(scratch.has("dst/gone"));
  CHECK_FALSE(fs::exists(fs::symlink_status(scratch.at("dst/way"))));
  CHECK(scratch.read("outside/file") == "o");
}

TEST_CASE("a stop in the middle of comparing ends early, and deletes nothing") {
  const Scratch scratch;
  plant_for_sync(scratch);
  CHECK(keep_alike(scratch, {}).done == kFiles + 1);
  scratch.write("dst/extra", "e");
  std::stop_source stop;
  stop.request_stop();
  Observer silent;
  const auto record = run({.sources = {scratch.at("src/")},
                           .destination = scratch.at("dst"),
                           .durability = Durability::none,
                           .sync = {.checksum = true},
                           .deletion = Deletion::always},
                          silent, stop.get_token());
  CHECK((!record || record->at("state") == "failed"));
  CHECK(scratch.read("dst/extra") == "e");
}
