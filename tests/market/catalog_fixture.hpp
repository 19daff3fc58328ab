// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/file.hpp"
#include "market/cache.hpp"
#include "market/import.hpp"
#include "temporary_directory.hpp"

#include "catch.hpp"
#include <map>
#include <string>
#include <string_view>
#include <vector>

/// A cache in a directory of its own, and files to be imported into it.
class CatalogFixture {
 public:
  class FixedClock final : public cp::Clock {
   public:
    cp::UnixTime now() const override { return *cp::parse_time("2026-11-22T08:30:00Z"); }
    cp::SteadyTime steady() const override { return {}; }
  };

  CatalogFixture() : cache_(open(directory_.path() + "/cache")) {}

  std::string write(const std::string& name, std::string_view text) const {
    const std::string path = directory_.path() + "/" + name;
    REQUIRE(cp::write_file(path, text, 0600));
    return path;
  }

  cp::Result<cp::market::SourceInfo> import_file(cp::market::ImportRequest request) {
    faults.clear();
    lint = cp::market::Lint([this](std::int64_t line, const cp::market::Rule& rule,
                                   std::string_view) { faults.emplace_back(line, rule.name); });
    return import_catalog(cache_, request, clock, lint);
  }
  cp::Result<cp::market::SourceInfo> import_text(const std::string& name, std::string_view text) {
    cp::market::ImportRequest request;
    request.file = write(name, text);
    return import_file(request);
  }

  /// The rows of all sources in their order.
  std::vector<cp::market::Cache::Stored> rows() {
    auto list = cache_.database().prepare("SELECT row FROM offers ORDER BY row");
    REQUIRE(list);
    std::vector<cp::market::Cache::Stored> all;
    while (*list->step()) {
      auto stored = cache_.load(list->integer(0));
      REQUIRE(stored);
      all.push_back(std::move(*stored));
    }
    return all;
  }
  cp::market::Row only_row() {
    auto all = rows();
    REQUIRE(all.size() == 1);
    return all.front().row;
  }

  cp::market::Cache& cache() { return cache_; }
  std::string directory() const { return directory_.path() + "/cache"; }

  FixedClock clock;
  cp::market::Lint lint;
  std::vector<std::pair<std::int64_t, std::string_view>> faults;

 private:
  static cp::market::Cache open(const std::string& path) {
    auto cache = cp::market::Cache::open(path);
    REQUIRE(cache);
    return std::move(*cache);
  }

  TemporaryDirectory directory_;
  cp::market::Cache cache_;
};
