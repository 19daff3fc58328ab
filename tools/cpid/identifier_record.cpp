// SPDX-License-Identifier: Apache-2.0
#include "identifier_record.hpp"

#include <nlohmann/json.hpp>

namespace cpid {

cp::model::Json identifier_record(const cp::identity::Identifier& id) {
  return {{"schema", "cp.identifier/1"},
          {"id", id.text()},
          {"prefix", id.prefix()},
          {"serial", id.serial()},
          {"check", id.check()}};
}

void print_allocated(cp::cli::Output& output, const std::string& code,
                     const std::string& authority) {
  if (output.form() == cp::cli::Output::Form::plain) {
    output.raw_line(code);
    return;
  }
  const auto id = cp::identity::Identifier::parse(code).value();
  if (output.form() == cp::cli::Output::Form::table) {
    output.record(identifier_record(id));
    return;
  }
  // No part holds a character that JSON escapes, and a million are printed at a time.
  output.raw_line(fmt::format(R"({{"schema":"cp.identifier/1","id":"{}","prefix":"{}",)"
                              R"("serial":"{}","check":"{}","authority":"{}"}})",
                              id.text(), id.prefix(), id.serial(), id.check(), authority));
}

}  // namespace cpid
