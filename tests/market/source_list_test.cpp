// SPDX-License-Identifier: Apache-2.0
#include "market/source_list.hpp"

#include "base/file.hpp"
#include "temporary_directory.hpp"

#include "catch.hpp"
#include <sys/stat.h>
#include <thread>

using cp::Errc;
using cp::market::SourceList;
using cp::market::SourceSettings;

namespace {

SourceSettings settings(const std::string& name, const std::string& url) {
  SourceSettings one;
  one.name = name;
  one.url = url;
  one.added_at = "2026-11-22T08:30:00Z";
  return one;
}

}  // namespace

TEST_CASE("a source that could not be asked is not added") {
  const auto [name, url] = GENERATE(table<std::string, std::string>({
      {"", "exec:vast"},
      {"../up", "exec:vast"},
      {".hidden", "exec:vast"},
      {"a b", "exec:vast"},
      {"registry:86", "exec:vast"},
      {std::string(65, 'a'), "exec:vast"},
      {"a", "file:relative"},
      {"a", "gopher://host/x"},
      {"a", "https://user@host/x"},
      {"a", "https://"},
      {"a", "pigeon:carrier"},
      {"a", ""},
      {"a", "https://host/" + std::string(5000, 'x')},
  }));
  CAPTURE(name, url);
  const auto checked = check(settings(name, url));
  REQUIRE_FALSE(checked);
  CHECK(checked.error().code == Errc::usage);
}

TEST_CASE("limits, formats and currencies that are none are refused") {
  SourceSettings one = settings("a", "https://host/vms.csv");
  REQUIRE(check(one));
  SECTION("a deadline of nothing") { one.deadline = std::chrono::milliseconds(0); }
  SECTION("a deadline of hours") { one.deadline = std::chrono::hours(2); }
  SECTION("a format") { one.format = "xml"; }
  SECTION("a currency") { one.currency = "dollars"; }
  CHECK_FALSE(check(one));
}

TEST_CASE("what is added is read as it was, by name, and is there no more when it is removed") {
  const TemporaryDirectory directory;
  const SourceList list(directory.path() + "/state");
  REQUIRE(list.read());
  CHECK(list.read()->empty());
  SourceSettings first = settings("vast", "exec:vast");
  first.deadline = std::chrono::milliseconds(2500);
  first.max_age = std::chrono::seconds(600);
  first.is_trusted = true;
  SourceSettings second = settings("azure", "file:/data/azure/vms.csv");
  second.format = "skypilot";
  second.provider = "azure";
  second.currency = "USD";
  REQUIRE(list.add(first));
  REQUIRE(list.add(second));
  const auto again = list.add(first);
  REQUIRE_FALSE(again);
  CHECK(again.error().code == Errc::usage);
  const auto all = list.read();
  REQUIRE(all);
  REQUIRE(all->size() == 2);
  CHECK(all->front().name == "azure");
  CHECK(all->front().is_catalog());
  CHECK(all->front().path() == "/data/azure/vms.csv");
  CHECK(all->front().format == "skypilot");
  CHECK(all->front().currency == "USD");
  CHECK(all->back().deadline == first.deadline);
  CHECK(all->back().max_age == first.max_age);
  CHECK(all->back().is_trusted);
  CHECK_FALSE(all->back().is_catalog());
  CHECK(list.remove("azure") == true);
  CHECK(list.remove("azure") == false);
  CHECK(list.read()->size() == 1);
}

TEST_CASE("a list that is damaged, or that others may write, is refused") {
  const TemporaryDirectory directory;
  const SourceList list(directory.path());
  REQUIRE(list.add(settings("a", "exec:a")));
  const std::string path = directory.path() + "/sources.ndjson";
  SECTION("torn") { REQUIRE(cp::write_file(path, "{\"schema\":\"cp.sou", 0600)); }
  SECTION("a URL that nobody would have added") {
    REQUIRE(cp::write_file(path, R"({"schema":"cp.source/1","name":"a","url":"pigeon:carrier"})",
                           0600));
  }
  SECTION("writable") { REQUIRE(::chmod(path.c_str(), 0666) == 0); }
  const auto all = list.read();
  REQUIRE_FALSE(all);
  CHECK(all.error().code == Errc::bad_config);
}

TEST_CASE("two that add at once lose nothing") {
  const TemporaryDirectory directory;
  const auto add = [&](const std::string& prefix) {
    const SourceList list(directory.path());
    for (int i = 0; i < 20; ++i) {
      (void)list.add(settings(prefix + std::to_string(i), "exec:a"));
    }
  };
  {
    std::jthread one(add, "a");
    std::jthread other(add, "b");
  }
  CHECK(SourceList(directory.path()).read()->size() == 40);
}

TEST_CASE("a source has a name without being given one") {
  const auto [url, name] = GENERATE(table<std::string, std::string>({
      {"exec:vast", "vast"},
      {"slurm:", "slurm"},
      {"slurm+ssh://alice@login.example", "login.example"},
      {"https://host/v8/azure/vms.csv", "azure"},
      {"https://host/v8/servers.ndjson?raw=1", "servers"},
      {"file:/data/my catalog.csv", "my-catalog"},
      {"file:/data/osg-topology", "osg-topology"},
  }));
  CHECK(cp::market::source_name_of(url) == name);
}
