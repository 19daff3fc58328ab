// SPDX-License-Identifier: Apache-2.0
#include "base/escape.hpp"
#include "cli/context.hpp"
#include "market/gathered_source.hpp"
#include "market/registry_source.hpp"
#include "source_table.hpp"
#include "tool.hpp"
#include "world.hpp"

#include <nlohmann/json.hpp>

namespace cpfind {
namespace {

using cp::Errc;
using cp::Result;
using cp::cli::Context;
using cp::model::Json;

Json registry_of(cp::market::LiveSource& registry) {
  Json json{{"schema", "cp.source/1"}, {"name", registry.name()}, {"kind", "registry"}};
  const auto perception = registry.perceive({});
  if (!perception) {
    json["status"] = "missing";
    json["message"] = perception.error().message;
    return json;
  }
  json["status"] = perception->is_stale          ? "stale"
                   : perception->problem.empty() ? "answered"
                                                 : "partial";
  if (!perception->problem.empty()) {
    json["message"] = perception->problem;
  }
  json["offers"] = perception->resources.size();
  json["trusted"] = true;
  json["age_s"] = perception->age.count();
  return json;
}

Result<int> list(Context& context) {
  CP_TRY_ASSIGN(World world, World::open(context));
  cp::cli::Output& output = context.output(source_columns());
  if (world.registry() != nullptr) {
    output.record(registry_of(*world.registry()));
  }
  for (const auto& source : world.followed()) {
    Json record = registry_of(*source);
    record["url"] = source->url();
    output.record(record);
  }
  if (world.cache() != nullptr) {
    CP_TRY_ASSIGN(const auto sources, world.cache()->sources());
    for (const cp::market::SourceInfo& source : sources) {
      output.record(to_json(source, context.clock().now()));
    }
  }
  return 0;
}

Result<int> remove(Context& context, const std::string& name) {
  CP_TRY_ASSIGN(const cp::Paths paths, context.paths());
  CP_TRY_ASSIGN(auto cache, cp::market::Cache::open_to_read(paths.cache));
  if (!cache) {
    return cp::fail(Errc::not_found, "there is no source '{}'", cp::escape::terminal(name));
  }
  cache.reset();
  CP_TRY_ASSIGN(cp::market::Cache writable, cp::market::Cache::open(paths.cache));
  CP_TRY(writable.remove_source(name));
  return 0;
}

}  // namespace

Result<int> sources(Context& context) {
  const auto& words = context.arguments().operands();
  if (words.empty()) {
    return list(context);
  }
  if (words.front() != "remove" || words.size() != 2) {
    return cp::with_hint(cp::fail(Errc::usage, "'{}' is nothing that can be done to sources",
                                  cp::escape::terminal(words.front())),
                         "cpfind sources remove NAME forgets a source");
  }
  return remove(context, words[1]);
}

}  // namespace cpfind
