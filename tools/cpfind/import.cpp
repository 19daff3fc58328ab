// SPDX-License-Identifier: Apache-2.0
#include "importing.hpp"
#include "source_table.hpp"
#include "tool.hpp"

#include <nlohmann/json.hpp>

#include <optional>

namespace cpfind {
namespace {

using cp::Result;
using cp::cli::Context;
using cp::market::Cache;
using cp::market::ImportRequest;

ImportRequest request_of(const cp::cli::Arguments& given, const std::string& file) {
  ImportRequest request;
  request.file = file;
  request.format = *cp::market::format_named(*given.text("format"));
  request.name = given.text("name").value_or("");
  request.provider = given.text("provider").value_or("");
  request.currency = given.text("currency").value_or("");
  request.as_of = given.text("as-of").value_or("");
  request.is_strict = given.has("strict");
  return request;
}

}  // namespace

Result<int> import(Context& context) {
  const cp::cli::Arguments& given = context.arguments();
  const auto& files = given.operands();
  if (files.size() > 1 && given.has("name")) {
    return cp::fail(cp::Errc::usage, "--name is for one file; there are {}", files.size());
  }
  CP_TRY_ASSIGN(Cache cache, open_cache(context));
  std::optional<cp::AtomicFile> report;
  if (const auto path = given.text("report")) {
    CP_TRY_ASSIGN(cp::AtomicFile file, cp::AtomicFile::create_output(*path, 0666));
    report.emplace(std::move(file));
  }
  cp::cli::Output& output = context.output(source_columns());
  for (const std::string& file : files) {
    const auto source =
        import_and_tell(context, cache, request_of(given, file), file, report ? &*report : nullptr);
    if (source) {
      output.record(*source);
    } else if (files.size() == 1) {
      return tl::unexpected<cp::Error>(source.error());
    } else {
      context.item_failed(source.error(), file);
    }
  }
  if (report) {
    CP_TRY(report->commit());
  }
  return 0;
}

}  // namespace cpfind
