// SPDX-License-Identifier: Apache-2.0
#include "remarks.hpp"

#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <string>

namespace cpfind {

using cp::Errc;
using cp::model::Json;

std::vector<Remark> remarks_of(const Json& answer) {
  std::vector<Remark> remarks;
  if (answer["sources"].empty()) {
    remarks.push_back({true,
                       {Errc::failed, "there is nothing to ask yet",
                        "'cpfind import FILE' reads a catalog, 'cpid init' makes a registry"}});
  }
  for (const Json& source : answer["sources"]) {
    const std::string status = source["status"].get<std::string>();
    const std::string name = source["name"].get<std::string>();
    const auto message = cp::model::text_at(source, "message");
    if (status == "stale") {
      remarks.push_back({false,
                         {Errc::failed,
                          fmt::format("{} is stale: {}", name, message.value_or("import it again")),
                          {}}});
    } else if (status != "answered") {
      remarks.push_back(
          {true, {Errc::failed, fmt::format("{}: {}", name, message.value_or(status)), {}}});
    }
  }
  return remarks;
}

}  // namespace cpfind
