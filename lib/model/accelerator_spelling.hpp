// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace cp::model {

/// How a name of an accelerator is compared with another one. Also compiled into the program that
/// makes the table (table/compile.cpp), so that what it holds to be one spelling is one here.
struct Spelling {
  std::string folded;  ///< without case, blanks, hyphens, underscores, ®, ™ and leading brands
  std::string_view vendor;  ///< whose brands stood in front: "" for none, "?" for two vendors'
};
Spelling spell(std::string_view text);

}  // namespace cp::model
