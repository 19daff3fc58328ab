// SPDX-License-Identifier: Apache-2.0
#include "base/file.hpp"
#include "base/text.hpp"
#include "cli/context.hpp"
#include "cpxfer.hpp"
#include "known.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <unistd.h>

namespace cpxfer {
namespace {

using cp::Errc;
using cp::cli::Column;
using cp::cli::Context;
using cp::cli::Show;
using cp::model::Json;

constexpr std::array kListColumns{Column{"ID", "id"},
                                  Column{"STATE", "state", Show::verdict},
                                  Column{"RESUMABLE", "resumable"},
                                  Column{"STARTED", "started_at"},
                                  Column{"BYTES", "bytes.moved", Show::bytes},
                                  Column{"SOURCE", "source"},
                                  Column{"DESTINATION", "destination"}};

std::string id_of(const Json& record) { return cp::model::text_at(record, "id").value_or(""); }

bool is_resumable(const Json& record) {
  return cp::model::bool_at(record, "resumable").value_or(false);
}

cp::Result<Json> find_by_id(const std::vector<Json>& records, const std::string& id) {
  const auto found = std::ranges::find(records, id, id_of);
  if (found == records.end()) {
    return cp::fail(Errc::not_found, "there is no transfer {}", id);
  }
  return *found;
}

cp::Result<Json> find_only(const std::vector<Json>& records) {
  const auto count = std::ranges::count_if(records, is_resumable);
  if (count == 0) {
    return cp::fail(Errc::not_found, "there is nothing to resume");
  }
  if (count > 1) {
    return with_hint(cp::fail(Errc::usage, "{} transfers can be resumed: name one", count),
                     "cpxfer list shows them");
  }
  return *std::ranges::find_if(records, is_resumable);
}

cp::Result<std::vector<std::string>> arguments_of(const Json& record) {
  std::vector<std::string> arguments{"cpxfer"};
  const Json* list = cp::model::find(record, "command.arguments");
  for (const Json& argument : list == nullptr ? Json::array() : *list) {
    arguments.push_back(cp::model::text_of(argument).value_or(""));
  }
  if (arguments.size() == 1) {
    return cp::fail(Errc::bad_data, "it is not known how {} was begun", id_of(record));
  }
  return arguments;
}

// Never returns when it works: this process becomes that command.
cp::Error become(const Json& record, std::vector<std::string> arguments) {
  const std::string directory = cp::model::text_at(record, "command.directory").value_or("");
  if (::chdir(directory.c_str()) != 0) {
    return cp::fail_errno(errno, "cannot enter " + directory).value();
  }
  std::vector<char*> pointers;
  for (std::string& argument : arguments) {
    pointers.push_back(argument.data());
  }
  pointers.push_back(nullptr);
  ::execv("/proc/self/exe", pointers.data());
  return cp::fail_errno(errno, "cannot start again").value();
}

}  // namespace

cp::Result<int> list(Context& context) {
  CP_TRY_ASSIGN(const auto catalog, catalog_of(context));
  auto& output = context.output(kListColumns);
  const bool open_only = context.arguments().has("resumable");
  for (const Json& record : catalog.list()) {
    if (!open_only || is_resumable(record)) {
      output.record(record);
    }
  }
  return 0;
}

cp::Result<int> resume(Context& context) {
  CP_TRY_ASSIGN(const auto catalog, catalog_of(context));
  const auto records = catalog.list();
  const auto& operands = context.arguments().operands();
  CP_TRY_ASSIGN(const Json record,
                operands.empty() ? find_only(records) : find_by_id(records, operands.front()));
  if (!is_resumable(record)) {
    return cp::fail(Errc::failed, "{} {}", id_of(record),
                    cp::model::text_at(record, "state") == "done" ? "is done" : "is running");
  }
  CP_TRY_ASSIGN(auto arguments, arguments_of(record));
  return tl::unexpected<cp::Error>(become(record, std::move(arguments)));
}

cp::Result<int> forget(Context& context) {
  CP_TRY_ASSIGN(const auto catalog, catalog_of(context));
  const auto records = catalog.list();
  for (const std::string& id : context.arguments().operands()) {
    CP_TRY_ASSIGN(const Json record, find_by_id(records, id));
    if (!is_resumable(record) && cp::model::text_at(record, "state") != "done") {
      return cp::fail(Errc::failed, "{} is running", id);
    }
    catalog.forget(id);
  }
  return 0;
}

std::vector<std::string> complete(Context& context, std::string_view kind) {
  std::vector<std::string> ids;
  const auto catalog = catalog_of(context);
  for (const Json& record : catalog ? catalog->list() : std::vector<Json>()) {
    if (kind == "transfer" || is_resumable(record)) {
      ids.push_back(id_of(record));
    }
  }
  return ids;
}

}  // namespace cpxfer
