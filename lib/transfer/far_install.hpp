// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "net/stream.hpp"

#include <string>
#include <string_view>

/// Bringing this very program to a host that ssh reaches, as ~/.local/bin/cpxfer there.
namespace cp::transfer {

/// A program as it is told to the far shell.
struct FarProgram {
  std::string path;    ///< here
  std::string system;  ///< what `uname -sm` says where it runs: "Linux x86_64"
  std::string sum;     ///< SHA-256, in hexadecimal
  std::size_t bytes = 0;
};

/// The program that runs now. io, denied.
Result<FarProgram> this_program();

/// For the script of the far end, after it has read $system, $sum and $bytes: takes the program,
/// unless the very same is there, and sets $wanted to it. It is put under its name when it is
/// whole, has the right sum, and runs.
extern const std::string_view install_script;

/// Our side of it: PROGRAM goes over STREAM if the far end asks for it. unavailable, with the
/// reason, when it is of no use there; io when it came damaged.
Result<void> install(net::Stream& stream, const FarProgram& program, SteadyTime deadline);

/// A line of the far shell's; unavailable at the end of the stream, protocol for a long one.
Result<std::string> read_line(net::Stream& stream, SteadyTime deadline);

}  // namespace cp::transfer
