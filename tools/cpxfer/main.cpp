// SPDX-License-Identifier: Apache-2.0
#include "cli/command.hpp"
#include "cpxfer.hpp"

int main(int argc, char** argv) { return cp::cli::run_tool(cpxfer::tool, argc, argv); }
