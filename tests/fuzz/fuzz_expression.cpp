// SPDX-License-Identifier: Apache-2.0
// An expression of the selection language: what is refused is a usage error with its column; what
// is taken is written down as one that is taken again, reads the same and means the same.
#include "fuzz.hpp"
#include "model/expression.hpp"
#include "model/expression_text.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <array>

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const cp::model::Json resource = *cp::model::parse_json(
      R"({"schema":"cp.resource/1","name":"h100","place":{"region":"cn-sh"},"node":{"cpu":{"cores":16},
          "memory_bytes":64000000000,"disk_bytes":0,"network":[{"rate_bps":80000000000,"rdma":true}],
          "accelerators":[{"model":"A100-SXM-80GB","count":8},{"model":"T4","count":1}]},
          "limits":{"walltime_s":7200},"price":{"hour":{"amount":"16.00","currency":"CNY"}}})");
  static const std::array<cp::model::Json, 2> resources{resource, cp::model::Json::object()};
  static const cp::model::Json demand{{"nodes", 2}, {"cores", 8}};
  const auto condition = cp::model::parse_condition(text_of(data, size), {"CNY", true});
  if (!condition) {
    must(condition.error().code == cp::Errc::usage, "what is refused is a usage error");
    return 0;
  }
  const std::string text = cp::model::to_text(*condition);
  const auto again = cp::model::parse_condition(text);
  // Words may be longer than what was written (a currency, another spelling of a name), and deeper.
  constexpr std::size_t longest = 4096;
  const bool is_deep = !again && again.error().message.find("nested deeper") != std::string::npos;
  if (!again && (text.size() > longest || is_deep)) {
    return 0;
  }
  must(again.has_value(), "what is written down is taken again");
  for (const cp::model::Json& one : resources) {
    must(evaluate(*condition, one, demand) == evaluate(*again, one, demand),
         "what is written down means the same");
  }
  return 0;
}
