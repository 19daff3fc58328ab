// SPDX-License-Identifier: Apache-2.0
#include "provider/local/supervisor.hpp"
#include "tool.hpp"

int main(int argc, char** argv) {
  if (const auto status = cp::provider::local::supervise_if_asked(argc, argv)) {
    return *status;
  }
  return cp::cli::run_tool(cprun::tool, argc, argv);
}
