// SPDX-License-Identifier: Apache-2.0
#include "authority.hpp"
#include "identifier_record.hpp"
#include "identity/resolved.hpp"
#include "model/json.hpp"
#include "resource_columns.hpp"
#include "tool.hpp"

#include <limits>

namespace cpid {
namespace {

using cp::Errc;
using cp::Error;
using cp::Result;
using cp::cli::Context;
using cp::identity::Registry;
using cp::identity::Resolved;

// Ends an iteration that has given enough; no message is ever shown.
tl::unexpected<Error> enough() { return tl::unexpected<Error>(Error{Errc::failed, "", ""}); }

Result<void> without_enough(Result<void> done) {
  return !done && done.error().message.empty() ? Result<void>{} : done;
}

Result<void> list_records(Context& context, const Registry& registry, std::int64_t limit) {
  cp::cli::Output& output = context.output(kResourceColumns);
  return registry.for_each([&](const Resolved& resolved) -> Result<void> {
    if (limit-- <= 0) {
      return enough();
    }
    if (resolved.trust == "verified") {
      output.record(resolved.record);
    } else {
      const std::string id = cp::model::text_at(resolved.record, "id").value_or("a record");
      context.item_failed(Error{Errc::denied, id + ": " + resolved.problem, {}}, id);
    }
    return {};
  });
}

Result<void> list_codes(Context& context, const Registry& registry, std::int64_t limit) {
  cp::cli::Output& output = context.output(kIdentifierColumns);
  return registry.for_each_code([&](std::string_view code) -> Result<void> {
    if (limit-- <= 0) {
      return enough();
    }
    print_allocated(output, std::string(code), registry.thumbprint());
    return {};
  });
}

}  // namespace

Result<int> list(Context& context) {
  const cp::cli::Arguments& given = context.arguments();
  const std::int64_t limit =
      given.integer("limit").value_or(std::numeric_limits<std::int64_t>::max());
  CP_TRY_ASSIGN(const auto registry, open_registry(context));
  CP_TRY(without_enough(given.has("codes") ? list_codes(context, registry, limit)
                                           : list_records(context, registry, limit)));
  return 0;
}

}  // namespace cpid
