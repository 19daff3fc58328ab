// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"
#include "cli/output.hpp"

#include <array>

namespace cprun {

extern const cp::cli::Tool tool;

cp::Result<int> run(cp::cli::Context& context);
cp::Result<int> submit(cp::cli::Context& context);
cp::Result<int> list(cp::cli::Context& context);
cp::Result<int> status(cp::cli::Context& context);
cp::Result<int> wait(cp::cli::Context& context);
cp::Result<int> logs(cp::cli::Context& context);
cp::Result<int> cancel(cp::cli::Context& context);
cp::Result<int> usage(cp::cli::Context& context);
cp::Result<int> agent(cp::cli::Context& context);

/// How jobs are shown as a table; --plain prints their ids.
inline constexpr std::array kJobColumns{
    cp::cli::Column{"ID", "id"},
    cp::cli::Column{"NAME", "name"},
    cp::cli::Column{"STATE", "state", cp::cli::Show::verdict},
    cp::cli::Column{"REASON", "reason"},
    cp::cli::Column{"EXIT", "exit_code", cp::cli::Show::count},
    cp::cli::Column{"SIGNAL", "signal", cp::cli::Show::count},
    cp::cli::Column{"CORE-TIME", "usage.core_s", cp::cli::Show::seconds},
    cp::cli::Column{"COST", "usage.cost", cp::cli::Show::money},
    cp::cli::Column{"CREATED", "created_at", cp::cli::Show::time},
};

}  // namespace cprun
