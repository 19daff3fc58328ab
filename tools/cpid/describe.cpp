// SPDX-License-Identifier: Apache-2.0
#include "addition.hpp"
#include "authority.hpp"
#include "identity/identifier.hpp"
#include "identity/resolved.hpp"
#include "identity/resource_rules.hpp"
#include "model/json.hpp"
#include "provider/local/catalog.hpp"
#include "resource_columns.hpp"
#include "tool.hpp"

#include <nlohmann/json.hpp>

namespace cpid {
namespace {

using cp::Errc;
using cp::Result;
using cp::cli::Context;
using cp::model::Json;

Result<Json> addition_of(const Context& context) {
  const auto file = context.arguments().text("with");
  return file ? read_addition(*file, context.clock().now()) : Json::object();
}

// The flag's, else the file's "workdir", which is taken out of ADDITION.
Result<std::string> workdir_of(const Context& context, Json& addition) {
  const auto given = context.arguments().text("workdir");
  const auto named = cp::model::text_at(addition, "workdir");
  if (addition.contains("workdir") && !named) {
    return cp::fail(Errc::bad_data, "{}: workdir is not a text", *context.arguments().text("with"));
  }
  addition.erase("workdir");
  const std::string workdir = given.value_or(named.value_or(""));
  if (!workdir.empty() && workdir.front() != '/') {
    return cp::fail(Errc::usage, "workdir is not an absolute path: {}", workdir);
  }
  return workdir;
}

// The code that NAME is, or that it names as an alias.
Result<std::string> code_of(Context& context, const std::string& name) {
  if (!name.starts_with('@')) {
    CP_TRY_ASSIGN(const auto id, cp::identity::Identifier::parse(name));
    return id.text();
  }
  CP_TRY_ASSIGN(const auto registry, open_registry(context));
  CP_TRY_ASSIGN(const auto resolved, registry.resolve(name));
  return cp::model::text_at(resolved.record, "id").value_or("");
}

// RECORD with its identifier behind the schema, where a reader looks for it.
Json with_id(const Json& record, const std::string& id) {
  Json out{{"schema", record["schema"]}, {"id", id}};
  out.update(record);
  out["id"] = id;
  return out;
}

}  // namespace

Result<int> describe(Context& context) {
  const std::string provider = *context.arguments().text("from");
  if (provider != "local" && provider != "local:") {
    return cp::with_hint(cp::fail(Errc::unavailable, "{} cannot be described yet", provider),
                         "--from local describes this machine");
  }
  const auto id = context.arguments().text("id");
  CP_TRY_ASSIGN(Json addition, addition_of(context));
  CP_TRY_ASSIGN(const std::string workdir, workdir_of(context, addition));
  const auto catalog = cp::provider::make_local_catalog({.workdir = workdir}, context.clock());
  CP_TRY_ASSIGN(Json record, catalog->describe(context.stop_on_signals()));
  merge(record, addition);
  if (!workdir.empty()) {
    set_workdir(record, workdir);
  }
  if (id) {
    CP_TRY_ASSIGN(const std::string code, code_of(context, *id));
    record = with_id(record, code);
  }
  if (const auto sound = cp::identity::check_resource(record); !sound) {
    return cp::fail(Errc::bad_data, "{}: {}", context.arguments().text("with").value_or(provider),
                    sound.error().message);
  }
  context.output(kResourceColumns).record(record);
  return 0;
}

}  // namespace cpid
