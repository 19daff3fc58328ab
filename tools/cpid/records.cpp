// SPDX-License-Identifier: Apache-2.0
#include "records.hpp"

#include <nlohmann/json.hpp>

namespace cpid {

void print_identifier(cp::cli::Output& out, const cp::identity::Identifier& id) {
  // None of the parts holds a character that JSON would escape, and a million are printed at a
  // time.
  if (out.form() == cp::cli::Output::Form::ndjson) {
    out.raw_line(fmt::format(
        R"({{"schema":"cp.identifier/1","id":"{}","prefix":"{}","serial":"{}","check":"{}"}})",
        id.text(), id.prefix(), id.serial(), id.check()));
    return;
  }
  out.record({{"schema", "cp.identifier/1"},
              {"id", id.text()},
              {"prefix", id.prefix()},
              {"serial", id.serial()},
              {"check", id.check()}});
}

}  // namespace cpid
