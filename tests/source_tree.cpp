// SPDX-License-Identifier: Apache-2.0
#include "source_tree.hpp"

std::string in_source_tree(std::string_view path) { return CP_SOURCE_DIR "/" + std::string(path); }
