// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

/// The process that runs one job on this machine and outlives whoever asked for it: it takes the
/// fence before it runs anything, keeps the job's time limit and lease, ends all of its processes
/// when told to, and writes down how it ended. One per job, single-threaded, in a session of its
/// own. It is the tool itself, started again with a hidden first argument.
namespace cp::provider::local {

inline constexpr std::string_view kSuperviseArgument = "--supervise";

/// Its whole life, when ARGV asks for it; nullopt when this is any other command. Must be called
/// before any thread is started.
std::optional<int> supervise_if_asked(int argc, char** argv);

/// What the supervisor says on its standard output, one line: that it has the fence and the job is
/// about to run, that another has it, or "failed" with the reason.
inline constexpr std::string_view kTaken = "taken";
inline constexpr std::string_view kHeld = "held";

}  // namespace cp::provider::local
