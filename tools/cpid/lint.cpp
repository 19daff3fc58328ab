// SPDX-License-Identifier: Apache-2.0
#include "identity/lint.hpp"

#include "authority.hpp"
#include "model/document.hpp"
#include "model/json.hpp"
#include "tool.hpp"

#include <nlohmann/json.hpp>

#include <array>

namespace cpid {
namespace {

using cp::Result;
using cp::model::Json;

constexpr std::array kLintColumns{
    cp::cli::Column{"RECORD", "input", cp::cli::Show::id},
    cp::cli::Column{"REASON", "reason"},
    cp::cli::Column{"PLACE", "place"},
    cp::cli::Column{"MESSAGE", "message"},
};

std::string name_of_record(const Json& document) {
  for (const char* path : {"id", "alias.0", "name"}) {
    if (const auto text = cp::model::text_at(document, path)) {
      return *text;
    }
  }
  return "a record without a name";
}

}  // namespace

Result<int> lint(cp::cli::Context& context) {
  auto reader = context.open_documents(context.arguments().operands());
  auto& output = context.output(kLintColumns);
  std::uint64_t checked = 0;
  std::uint64_t failed = 0;
  while (true) {
    CP_TRY_ASSIGN(const auto document, reader.next());
    if (!document) {
      break;
    }
    if (cp::model::is_a(*document, "cp.error")) {
      output.record(*document);
      continue;
    }
    ++checked;
    const auto findings = cp::identity::lint(*document);
    failed += findings.empty() ? 0U : 1U;
    for (const auto& finding : findings) {
      Json record{{"schema", "cp.check/1"},
                  {"input", name_of_record(*document)},
                  {"line", reader.origin().line},
                  {"valid", false},
                  {"reason", finding.reason}};
      if (!finding.place.empty()) {
        record["place"] = finding.place;
      }
      record["message"] = finding.message;
      output.record(record);
    }
  }
  if (checked == 0) {
    return cp::fail(cp::Errc::bad_data, "there is no record in the input");
  }
  if (output.form() == cp::cli::Output::Form::table) {
    output.line(fmt::format("{} checked, {} with findings", checked, failed));
  } else {
    output.record(
        {{"schema", "cp.check/1"},
         {"summary", {{"checked", checked}, {"valid", checked - failed}, {"failed", failed}}}});
  }
  return failed == 0 ? 0 : 1;
}

}  // namespace cpid
