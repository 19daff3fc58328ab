// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/context.hpp"
#include "identity/resolver.hpp"

#include <memory>

namespace cpprobe {

/// Who finds out what names stand for, as the configuration says; errors as Resolver::open.
cp::Result<std::unique_ptr<cp::identity::Resolver>> open_resolver(const cp::cli::Context& context);

}  // namespace cpprobe
