// SPDX-License-Identifier: Apache-2.0
#include "importing.hpp"

#include "model/document.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <map>
#include <optional>

namespace cpfind {
namespace {

using cp::Error;
using cp::Result;
using cp::cli::Context;
using cp::market::Cache;
using cp::market::Lint;
using cp::market::Remedy;
using cp::market::Rule;
using cp::model::Json;

// Tells the faults of one file: all of them in the report, on stderr the first few of each rule.
class Reporter {
 public:
  Reporter(const Context& context, std::string file, cp::AtomicFile* report)
      : context_(context), file_(std::move(file)), report_(report) {}

  void found(const std::string& part, std::int64_t line, const Rule& rule,
             std::string_view detail) {
    const std::string& file = part.empty() ? file_ : part;
    const std::int64_t count = ++counts_[rule.name];
    const bool is_told =
        rule.remedy == Remedy::rejected ? count <= kMostTold : context_.terminal().verbose;
    const std::string what =
        detail.empty() ? std::string(rule.name) : fmt::format("{} ({})", rule.name, detail);
    if (is_told) {
      context_.note(fmt::format("{}:{}: {}: {}", file, line, name_of(rule.remedy), what));
    }
    if (report_ != nullptr && !failure_) {
      write(file, line, rule, detail);
    }
  }

  /// One line for each rule that was broken more often than was told.
  void finish() const {
    for (const Rule& rule : cp::market::rules()) {
      const auto found = counts_.find(rule.name);
      if (found == counts_.end() ||
          (rule.remedy == Remedy::rejected && found->second <= kMostTold)) {
        continue;
      }
      context_.note(fmt::format("{}: {} {} {}: {}: {}", file_, found->second,
                                found->second == 1 ? "row" : "rows", name_of(rule.remedy),
                                rule.name, rule.says));
    }
  }

  const std::optional<Error>& failure() const { return failure_; }

 private:
  static constexpr std::int64_t kMostTold = 10;

  void write(const std::string& file, std::int64_t line, const Rule& rule,
             std::string_view detail) {
    Json json{{"schema", "cp.error/1"},
              {"tool", "cpfind"},
              {"code", "bad_data"},
              {"message", fmt::format("{}: {}", rule.name, rule.says)},
              {"item", cp::model::text_value(fmt::format("{}:{}", file, line))},
              {"line", line},
              {"rule", rule.name},
              {"remedy", name_of(rule.remedy)}};
    if (!detail.empty()) {
      json["found"] = cp::model::text_value(detail);
    }
    if (const auto written = report_->write(cp::model::to_line(json) + "\n"); !written) {
      failure_ = written.error();
    }
  }

  const Context& context_;
  std::string file_;
  cp::AtomicFile* report_;
  std::map<std::string_view, std::int64_t> counts_;
  std::optional<Error> failure_;
};

}  // namespace

Result<Json> import_and_tell(Context& context, Cache& cache,
                             const cp::market::ImportRequest& request, const std::string& label,
                             cp::AtomicFile* report) {
  Reporter reporter(context, label, report);
  Lint lint([&](std::int64_t line, const Rule& rule, std::string_view detail) {
    reporter.found(lint.file(), line, rule, detail);
  });
  auto source = import_catalog(cache, request, context.clock(), lint);
  reporter.finish();
  if (!source) {
    return tl::unexpected<Error>(std::move(source).error());
  }
  if (reporter.failure()) {
    return tl::unexpected<Error>(*reporter.failure());
  }
  Json json = to_json(*source, context.clock().now());
  json["rules"] = lint.summary();
  return json;
}

Result<Cache> open_cache(const Context& context) {
  CP_TRY_ASSIGN(const cp::Paths paths, context.paths());
  CP_TRY_ASSIGN(Cache cache, Cache::open(paths.cache));
  if (cache.was_damaged()) {
    context.warn(cp::Error{cp::Errc::bad_data, "the cache was damaged and is made anew",
                           "import the other catalogs again"});
  }
  return cache;
}

}  // namespace cpfind
