// SPDX-License-Identifier: Apache-2.0
#include "cli/context.hpp"
#include "provider/local/catalog.hpp"
#include "records.hpp"
#include "tool.hpp"

#include <nlohmann/json.hpp>

namespace cpid {

cp::Result<int> describe(cp::cli::Context& context) {
  const auto& given = context.arguments();
  if (const std::string from = *given.text("from"); from != "local") {
    return cp::fail(cp::Errc::unavailable, "cannot describe from '{}': local is what there is",
                    from);
  }
  const auto catalog = cp::provider::make_local_catalog({}, context.clock());
  CP_TRY_ASSIGN(auto record, catalog->describe(context.stop_on_signals()));
  context.output(kResourceColumns).record(record);
  return 0;
}

}  // namespace cpid
