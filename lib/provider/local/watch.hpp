// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "provider/local/layout.hpp"

#include <memory>

namespace cp::provider::local {

/// A watch on the files of LAYOUT and on its supervisor's life; null where the kernel refuses one.
std::unique_ptr<Watch> make_watch(const Layout& layout);

}  // namespace cp::provider::local
