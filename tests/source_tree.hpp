// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

/// The file or directory PATH of the source tree that the tests were built from. One object alone
/// knows where that is, so that what was compiled in one place is found again for another.
std::string in_source_tree(std::string_view path);
