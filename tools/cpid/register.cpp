// SPDX-License-Identifier: Apache-2.0
#include "cli/context.hpp"
#include "model/document.hpp"
#include "records.hpp"
#include "tool.hpp"

#include <nlohmann/json.hpp>

namespace cpid {

using cp::Result;
using cp::model::Json;

Result<int> register_records(cp::cli::Context& context) {
  CP_TRY_ASSIGN(auto registry, open_registry(context));
  auto reader = context.open_documents(context.arguments().operands());
  auto& out = context.output(kResourceColumns);
  int count = 0;
  while (true) {
    CP_TRY_ASSIGN(auto document, reader.next());
    if (!document) {
      break;
    }
    ++count;
    const std::string place = fmt::format("{}:{}", reader.origin().name, reader.origin().line);
    Result<Json> registered = cp::model::require(*document, "cp.resource").and_then([&] {
      return registry.register_resource(std::move(*document), context.random());
    });
    if (!registered) {
      cp::Error error = std::move(registered.error());
      error.message = place + ": " + error.message;
      context.item_failed(error, place);
      continue;
    }
    out.record(*registered);
    CP_TRY(out.flush());
  }
  if (count == 0) {
    return with_hint(cp::fail(cp::Errc::bad_data, "there is no record in the input"),
                     "cpid describe | cpid register");
  }
  return 0;
}

}  // namespace cpid
