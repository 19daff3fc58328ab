// SPDX-License-Identifier: Apache-2.0
#include "addition.hpp"
#include "authority.hpp"
#include "identity/identifier.hpp"
#include "identity/resolved.hpp"
#include "identity/resource_rules.hpp"
#include "model/document.hpp"
#include "model/json.hpp"
#include "provider/table.hpp"
#include "providing.hpp"
#include "resource_columns.hpp"
#include "tool.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

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

// Whether TEXT, which --from says, is a file and no provider: "-", or what no URL of one looks
// like.
bool is_file(std::string_view text) {
  return text == "-" || text.find('/') < text.find(':') ||
         (text.find(':') == std::string_view::npos && text.find('.') != std::string_view::npos);
}

// A description as it was before it was signed; of a cp.node what a resource says of its nodes.
Result<Json> unsigned_record(Json document) {
  if (cp::model::is_a(document, "cp.node")) {
    Json record{{"schema", "cp.resource/1"}};
    if (document.contains("host")) {
      record["name"] = document["host"];
    }
    record.update({{"kind", "node"}, {"nodes", 1}, {"node", document["node"]}});
    if (document.contains("performance")) {
      record["performance"] = document["performance"];
    }
    return record;
  }
  CP_TRY(cp::model::require(document, "cp.resource"));
  for (const char* member : {"seq", "issued", "valid_until", "ended", "proof"}) {
    document.erase(member);
  }
  return document;
}

Result<std::vector<Json>> records_in(const Context& context, const std::string& file) {
  const std::array files{file};
  auto reader = context.open_documents(files);
  std::vector<Json> records;
  while (true) {
    CP_TRY_ASSIGN(auto document, reader.next());
    if (!document) {
      break;
    }
    auto record = unsigned_record(*std::move(document));
    if (!record) {
      return cp::fail(record.error().code, "{}:{}: {}", reader.origin().name, reader.origin().line,
                      record.error().message);
    }
    records.push_back(*std::move(record));
  }
  if (records.empty()) {
    return cp::fail(Errc::bad_data, "{}: there is no record in it", file);
  }
  return records;
}

Result<std::vector<Json>> records_of(Context& context, const std::string& from,
                                     const std::string& workdir) {
  if (is_file(from)) {
    return records_in(context, from);
  }
  CP_TRY_ASSIGN(const auto url, cp::provider::parse_provider_url(from));
  CP_TRY_ASSIGN(const auto settings, catalog_settings(context, workdir));
  CP_TRY_ASSIGN(const auto catalog, cp::provider::make_catalog(url, settings));
  return catalog->describe(context.stop_on_signals());
}

// The tables [partition.NAME] of the file, which are taken out of ADDITION.
Result<Json> partitions_of(const Context& context, Json& addition) {
  Json partitions = addition.value("partition", Json::object());
  addition.erase("partition");
  const bool is_sound =
      partitions.is_object() &&
      std::ranges::all_of(partitions, [](const Json& p) { return p.is_object(); });
  if (!is_sound) {
    return cp::fail(Errc::bad_data, "{}: partition is no table of tables",
                    *context.arguments().text("with"));
  }
  return partitions;
}

std::string partition_of(const Json& record) {
  return cp::model::bytes_at(record, "access.0.native.partition");
}

// Those of RECORDS that the user wants.
Result<std::vector<Json>> choose(const Context& context, std::vector<Json> records) {
  const auto wanted = context.arguments().text("only");
  if (wanted) {
    std::string names;
    for (const Json& record : records) {
      names += (names.empty() ? "" : ", ") + cp::model::bytes_at(record, "name");
    }
    std::erase_if(records, [&](const Json& record) {
      return cp::model::bytes_at(record, "name") != *wanted && partition_of(record) != *wanted;
    });
    if (records.empty()) {
      return cp::with_hint(cp::fail(Errc::not_found, "nothing here is called {}", *wanted),
                           "there is: " + names);
    }
  }
  if (records.size() > 1 && context.arguments().text("id")) {
    return cp::with_hint(
        cp::fail(Errc::usage, "--id is one resource's, and here are {}", records.size()),
        "--only NAME chooses one");
  }
  return records;
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
  const auto id = context.arguments().text("id");
  CP_TRY_ASSIGN(Json addition, addition_of(context));
  CP_TRY_ASSIGN(const std::string workdir, workdir_of(context, addition));
  CP_TRY_ASSIGN(const Json partitions, partitions_of(context, addition));
  CP_TRY_ASSIGN(auto described, records_of(context, provider, workdir));
  for (const auto& [name, member] : partitions.items()) {
    if (std::ranges::find(described, name, partition_of) == described.end()) {
      return cp::fail(Errc::bad_data, "{}: {} has no partition {}",
                      *context.arguments().text("with"), provider, name);
    }
  }
  CP_TRY_ASSIGN(const auto records, choose(context, std::move(described)));
  cp::cli::Output& output = context.output(kResourceColumns);
  for (Json record : records) {
    const auto own = partitions.find(partition_of(record));
    merge(record, addition);
    if (own != partitions.end()) {
      merge(record, *own);
    }
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
    output.record(record);
  }
  return 0;
}

}  // namespace cpid
