// SPDX-License-Identifier: Apache-2.0
#include "transfer/walk.hpp"

#include "transfer/scratch.hpp"
#include "transfer/walk_effort.hpp"
#include "transfer/walk_order.hpp"

#include "catch.hpp"
#include <filesystem>
#include <functional>
#include <thread>

using namespace cp::transfer;
using cp::Errc;
using std::chrono::milliseconds;
namespace fs = std::filesystem;

namespace {

class Found final : public WalkSink {
 public:
  cp::Result<void> found(Entry entry) override {
    threads.insert(std::this_thread::get_id());
    paths.push_back(std::move(entry.path));
    return after ? after(paths.size()) : cp::Result<void>();
  }
  cp::Result<void> cannot_move(std::string_view path, const cp::Error& error) override {
    paths.push_back(std::string(path) + ": " + error.message);
    return {};
  }
  cp::Result<void> passed_over(std::string_view path) override {
    paths.push_back(std::string(path) + " is old");
    return {};
  }

  std::vector<std::string> paths;
  std::set<std::thread::id> threads;
  std::function<cp::Result<void>(std::size_t)> after;
};

std::vector<std::string> walked(const std::string& path, WalkOptions options, std::size_t helpers) {
  options.helpers = helpers;
  const auto source = open_source(path);
  REQUIRE(source);
  Found found;
  REQUIRE(walk(*source, options, found, {}));
  CHECK(found.threads.size() <= 1);
  return found.paths;
}

// As one thread with nothing in mind but the rule would find it.
void expect_below(const fs::path& root, const std::string& path, std::vector<std::string>& all) {
  std::vector<std::string> names;
  for (const auto& item : fs::directory_iterator(root / path)) {
    names.push_back(item.path().filename().string());
  }
  std::ranges::sort(names);
  std::vector<std::string> folders;
  for (const std::string& name : names) {
    all.push_back(path.empty() ? name : path + "/" + name);
    if (fs::is_directory(fs::symlink_status(root / all.back()))) {
      folders.push_back(all.back());
    }
  }
  for (const std::string& folder : folders) {
    expect_below(root, folder, all);
  }
}

void write_tree(const Scratch& scratch) {
  for (int folder = 0; folder < 20; ++folder) {
    for (int file = 0; file < folder * 3; ++file) {
      scratch.write("t/d" + std::to_string(folder) + "/f" + std::to_string(file), "");
    }
    for (int deep = 0; deep < folder % 5; ++deep) {
      scratch.write("t/d" + std::to_string(folder) + "/x" + std::to_string(deep) + "/y/z", "");
    }
  }
  for (int file = 0; file < 150; ++file) {
    scratch.write("t/flat/" + std::to_string(file), "");
    scratch.make_directory("t/flat/e" + std::to_string(file));
  }
  fs::create_symlink("nowhere", scratch.at("t/link"));
}

std::vector<std::string> of(const std::vector<Sight>& sights) {
  std::vector<std::string> paths;
  for (const Sight& sight : sights) {
    paths.push_back(sight.entry.path);
  }
  return paths;
}

WalkFinds finds_of(std::vector<std::string> paths, std::vector<std::string> entered) {
  WalkFinds finds;
  for (const std::string& path : paths) {
    finds.sights.emplace_back().entry.path = path;
  }
  finds.looked_at = paths.size();
  finds.names = std::make_shared<const std::vector<std::string>>(std::move(paths));
  finds.entered = std::move(entered);
  return finds;
}

void list(WalkFinds& finds, std::size_t names) {
  finds.names = std::make_shared<const std::vector<std::string>>(names, "n");
}

std::size_t names_of(const WalkOrder::Taken& taken) {
  return taken.piece().to - taken.piece().from;
}

}  // namespace

TEST_CASE("a walk finds the same in the same order, however many threads look") {
  const Scratch scratch;
  write_tree(scratch);
  std::vector<std::string> expected{""};
  expect_below(scratch.at("t"), "", expected);
  for (const std::size_t helpers : {0U, 1U, 3U, 15U}) {
    CHECK(walked(scratch.at("t/"), {}, helpers) == expected);
  }
}

TEST_CASE("a directory of more names than are sorted together is found whole") {
  const Scratch scratch;
  scratch.make_directory("t");
  for (int file = 0; file < 4500; ++file) {
    fs::create_symlink("x", scratch.at("t/" + std::to_string(file)));
  }
  const auto alone = walked(scratch.at("t/"), {}, 0);
  CHECK(std::set(alone.begin(), alone.end()).size() == 4'501);
  CHECK(walked(scratch.at("t/"), {}, 6) == alone);
}

TEST_CASE("what cannot be moved, is left out or too old is told in its place") {
  const Scratch scratch;
  scratch.write("t/a/.cpxfer", "");
  scratch.write("t/a/b", "");
  scratch.write("t/c/left", "");
  scratch.write("t/c/stays", "");
  scratch.write("t/old", "");
  fs::last_write_time(scratch.at("t/old"),
                      fs::file_time_type::clock::now() - std::chrono::hours(9));
  WalkOptions options;
  REQUIRE(options.selection.filter.add("- left"));
  options.selection.newer_than_s = std::chrono::duration_cast<std::chrono::seconds>(
                                       std::chrono::system_clock::now().time_since_epoch())
                                       .count() -
                                   3600;
  const std::vector<std::string> expected{
      "",    "a",      "c", "old is old", "a/.cpxfer: the name is reserved for cpxfer's own files",
      "a/b", "c/stays"};
  for (const std::size_t helpers : {0U, 4U}) {
    CHECK(walked(scratch.at("t/"), options, helpers) == expected);
  }
}

TEST_CASE("names that are asked for are found in their order with what is above them") {
  const Scratch scratch;
  std::vector<std::string> names;
  std::vector<std::string> expected{"t"};
  for (int i = 200; i > 0; --i) {
    const std::string name = std::to_string(i);
    scratch.write("t/" + name + "/f", "");
    names.push_back("./" + name + "/f");
    expected.push_back("t/" + name);
    expected.push_back("t/" + name + "/f");
  }
  names.push_back("200");
  names.push_back("../up");
  expected.push_back("t/../up: a path leads upwards");
  WalkOptions options;
  options.selection.names = names;
  for (const std::size_t helpers : {0U, 5U}) {
    auto found = walked(scratch.at("t"), options, helpers);
    REQUIRE(found.size() == expected.size());
    // How it is said is tested elsewhere.
    CHECK(found.back().starts_with("t/../up: "));
    found.back() = expected.back();
    CHECK(found == expected);
  }
}

TEST_CASE("a walk ends with its sink's error, and when it is asked to") {
  const Scratch scratch;
  write_tree(scratch);
  const auto source = open_source(scratch.at("t/"));
  REQUIRE(source);
  for (const std::size_t helpers : {0U, 7U}) {
    WalkOptions options;
    options.helpers = helpers;
    Found failing;
    failing.after = [](std::size_t count) {
      return count == 100 ? cp::fail(Errc::io, "full") : cp::Result<void>();
    };
    const auto failed = walk(*source, options, failing, {});
    REQUIRE_FALSE(failed);
    CHECK(failed.error().message == "full");
    CHECK(failing.paths.size() == 100);

    std::stop_source stop;
    Found stopped;
    stopped.after = [&](std::size_t count) {
      if (count == 50) {
        stop.request_stop();
      }
      return cp::Result<void>();
    };
    const auto ended = walk(*source, options, stopped, stop.get_token());
    REQUIRE_FALSE(ended);
    CHECK(ended.error().code == Errc::timed_out);
    CHECK(stopped.paths.size() == 50);
  }
}

TEST_CASE("what comes of a walk's pieces is given out in the walk's order") {
  WalkOrder order = WalkOrder::of_folder("r");
  const auto root = order.take();
  CHECK(root.piece().lists);
  CHECK_FALSE(order.has_waiting());
  WalkFinds finds = finds_of({"r/a", "r/b"}, {"a", "b"});
  list(finds, WalkOrder::names_together + 3);
  order.put(root, std::move(finds));
  const auto second = order.take();
  const auto third = order.take();
  CHECK(names_of(second) == WalkOrder::names_together);
  CHECK(names_of(third) == 1);
  const auto a = order.take();
  const auto b = order.take();
  CHECK(a.piece().folder->path == "r/a");
  CHECK(b.piece().folder->path == "r/b");
  CHECK_FALSE(order.has_waiting());
  order.put(b, finds_of({"r/b/1"}, {}));
  order.put(third, finds_of({"r/m"}, {"m"}));
  order.put(a, finds_of({"r/a/c"}, {"c"}));
  const auto deep = order.take();
  CHECK(deep.piece().folder->path == "r/a/c");
  const auto last = order.take();
  CHECK(last.piece().folder->path == "r/m");
  order.put(last, finds_of({"r/m/1"}, {}));
  order.put(deep, finds_of({}, {}));
  CHECK(of(order.pop()) == std::vector<std::string>{"r/a", "r/b"});
  CHECK_FALSE(order.first_is_done());
  order.put(second, finds_of({"r/l"}, {}));
  std::vector<std::string> rest;
  while (!order.is_empty()) {
    REQUIRE(order.first_is_done());
    for (auto& path : of(order.pop())) {
      rest.push_back(std::move(path));
    }
  }
  CHECK(rest == std::vector<std::string>{"r/l", "r/m", "r/a/c", "r/b/1", "r/m/1"});
  CHECK(order.held() == 0);
}

TEST_CASE("places of a walk sort as numbers do") {
  WalkOrder order = WalkOrder::of_folder("");
  const auto root = order.take();
  WalkFinds finds;
  for (int i = 0; i < 70'000; ++i) {
    finds.entered.push_back(std::to_string(i));
  }
  order.put(root, std::move(finds));
  order.pop();
  for (int i = 0; i < 70'000; ++i) {
    const auto taken = order.take();
    REQUIRE(taken.piece().folder->path == std::to_string(i));
    order.put(taken, {});
    REQUIRE(order.first_is_done());
    order.pop();
  }
  CHECK(order.is_empty());
}

TEST_CASE("what helpers found and nobody wanted yet is counted") {
  WalkOrder order = WalkOrder::of_folder("");
  const auto root = order.take();
  WalkFinds finds = finds_of({"a", "b"}, {});
  list(finds, 102);
  order.put(root, std::move(finds));
  CHECK(order.held() >= 102);
  while (order.has_waiting()) {
    order.put(order.take(), finds_of({"n"}, {}));
  }
  CHECK(order.held() < 20);
}

TEST_CASE("helpers pay where a file system lets its caller wait") {
  using Spent = WalkEffort::Spent;
  const auto helpers_after = [](Spent spent, int times) {
    WalkEffort effort;
    for (int i = 0; i < times; ++i) {
      effort.add(spent);
    }
    return effort.helpers();
  };
  const auto us = [](int count) { return std::chrono::microseconds(count); };
  // In memory; on a machine that is busy with others; for a moment.
  CHECK(helpers_after({us(100), us(100), 0}, 1000) == 0);
  CHECK(helpers_after({us(9000), us(100), 0}, 1000) == 0);
  CHECK(helpers_after({us(1000), us(10), 1}, 1) == 0);
  CHECK(helpers_after({us(150), us(100), 1}, 1000) == 0);
  CHECK(helpers_after({us(300), us(100), 1}, 1000) == 4);
  CHECK(helpers_after({us(32'000), us(100), 32}, 10) == WalkEffort::most_helpers);
  CHECK(helpers_after({us(32'000), us(0), 32}, 10) == WalkEffort::most_helpers);

  WalkEffort effort;
  for (int i = 0; i < 10; ++i) {
    effort.add({milliseconds(30), us(100), 32});
  }
  CHECK(effort.helpers() > 0);
  for (int i = 0; i < 10'000; ++i) {
    effort.add({us(100), us(100), 0});
  }
  CHECK(effort.helpers() == 0);
}
