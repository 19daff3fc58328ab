// SPDX-License-Identifier: Apache-2.0
#include "authority.hpp"
#include "model/document.hpp"
#include "passphrase.hpp"
#include "resource_columns.hpp"
#include "tool.hpp"

#include <nlohmann/json.hpp>

namespace cpid {

using cp::Result;
using cp::model::Json;

Result<int> register_records(cp::cli::Context& context) {
  CP_TRY_ASSIGN(auto registry, open_registry(context));
  registry.set_passphrase(passphrases(context));
  auto reader = context.open_documents(context.arguments().operands());
  cp::cli::Output& output = context.output(kResourceColumns);
  for (bool is_first = true;; is_first = false) {
    CP_TRY_ASSIGN(std::optional<Json> document, reader.next());
    if (!document && is_first) {
      return cp::with_hint(cp::fail(cp::Errc::bad_data, "there is no record in the input"),
                           "cpid describe --from local | cpid register");
    }
    if (!document) {
      return 0;
    }
    if (cp::model::is_a(*document, "cp.error")) {
      output.record(*document);
      continue;
    }
    const std::string place = fmt::format("{}:{}", reader.origin().name, reader.origin().line);
    const auto done = registry.register_resource(*std::move(document), context.random());
    if (done) {
      // Durable, so it may be told at once.
      output.record(*done);
      CP_TRY(output.flush());
    } else {
      cp::Error error = done.error();
      error.message = place + ": " + error.message;
      context.item_failed(error, place);
    }
  }
}

}  // namespace cpid
