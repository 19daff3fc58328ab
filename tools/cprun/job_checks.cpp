// SPDX-License-Identifier: Apache-2.0
#include "job_checks.hpp"

#include "base/utf8.hpp"

#include <array>
#include <string>

namespace cprun {
namespace {

using cp::Errc;
using cp::Result;
using cp::model::JobSpec;

constexpr std::size_t kLongestName = 255;
constexpr std::int64_t kMostOfAnything = 1'000'000;  // three of them multiplied are no overflow
constexpr double kLongest = 1e9;                     // 31 years, in seconds

Result<void> check_word(std::string_view what, const std::string& word) {
  if (!cp::utf8::is_valid(word)) {
    return cp::fail(Errc::usage, "{} is not UTF-8: {}", what, word);
  }
  return {};
}

}  // namespace

Result<void> check_words(const JobSpec& spec) {
  CP_TRY(check_word("the job's name", spec.name));
  if (spec.name.size() > kLongestName) {
    return cp::fail(Errc::usage, "the job's name is longer than {} bytes", kLongestName);
  }
  CP_TRY(check_word("the image", spec.image));
  for (const auto& model : spec.resources.gpu_models) {
    CP_TRY(check_word("--gpu", model));
  }
  for (const auto& [name, value] : spec.environment) {
    CP_TRY(check_word("the name of a variable", name));
  }
  for (const auto& [name, value] : spec.tags) {
    CP_TRY(check_word("--tag", name));
    CP_TRY(check_word("--tag", value));
  }
  for (const auto& input : spec.inputs) {
    CP_TRY(check_word("--stage-in", input.url));
  }
  for (const auto& output : spec.outputs) {
    CP_TRY(check_word("--stage-out", output.url));
  }
  return {};
}

Result<void> check_amounts(const JobSpec& spec, Errc code) {
  const auto& resources = spec.resources;
  for (const std::int64_t amount : {resources.nodes, resources.processes_per_node,
                                    resources.cores_per_process.value_or(1), resources.gpus}) {
    if (amount > kMostOfAnything) {
      return cp::fail(code, "{} nodes, processes, cores or cards are more than there are", amount);
    }
  }
  if (spec.duration_s.value_or(0) > kLongest) {
    return cp::fail(code, "a job's duration is at most {:.0f} s", kLongest);
  }
  if (spec.array && spec.array->size() > kMostOfAnything) {
    return cp::fail(code, "an array has at most {} elements", kMostOfAnything);
  }
  return {};
}

}  // namespace cprun
