// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "provider/launcher.hpp"

#include <string>
#include <string_view>

namespace cp::provider::local {

/// What a launcher hands to the supervisor of one job: the task, and where its files lie. All paths
/// are absolute by now.
struct SupervisedTask {
  std::string root;  ///< of the Layout
  Task task;
};

/// TASK as bytes for the supervisor's standard input.
std::string encode(const SupervisedTask& task);
/// What `encode` wrote; protocol for anything else.
Result<SupervisedTask> decode_task(std::string_view bytes);

}  // namespace cp::provider::local
