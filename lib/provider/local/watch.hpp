// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "provider/local/layout.hpp"

#include <memory>

namespace cp::provider::local {

/// A watch on the supervisor's life, and in SCOPE `all` on the files of LAYOUT; null when there is
/// nothing to watch (it has ended, or is on another host), or the kernel refuses.
std::unique_ptr<Watch> make_watch(const Layout& layout, Launcher::Scope scope);

}  // namespace cp::provider::local
