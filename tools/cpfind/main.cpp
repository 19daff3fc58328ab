// SPDX-License-Identifier: Apache-2.0
#include "cli/command.hpp"
#include "tool.hpp"

int main(int argc, char** argv) { return cp::cli::run_tool(cpfind::tool(), argc, argv); }
