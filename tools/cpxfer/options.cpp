// SPDX-License-Identifier: Apache-2.0
#include "cpxfer.hpp"

#include <array>

namespace cpxfer {
namespace {

using cp::cli::Command;
using cp::cli::Example;
using cp::cli::Flag;
using cp::cli::Type;

constexpr std::array kCopyFlags{
    Flag{.name = "no-target-directory",
         .letter = 'T',
         .help = "DESTINATION is the name itself, not a directory to put the source in"},
    Flag{.name = "durability",
         .type = Type::choice,
         .value = "WHEN",
         .help =
             "when data is forced to the disk: by groups of files, file by file, at the end, or "
             "never",
         .choices = "batch|file|end|none",
         .fallback = "batch",
         .setting = "cpxfer.durability"},
    cp::cli::flags::dry_run,
};

constexpr std::array kCopyExamples{
    Example{"cpxfer results/ /backup/results", "puts the contents of results into /backup/results"},
    Example{"cpxfer data model.bin /scratch", "puts /scratch/data and /scratch/model.bin there"},
    Example{"cpxfer -n data/ /scratch/run7", "shows what would land where"},
};

constexpr std::array kCommands{
    Command{
        .name = "copy",
        .summary = "move files and directories (the command without a name)",
        .description =
            "Moves each SOURCE to DESTINATION and prints one cp.transfer record. A directory "
            "without a "
            "trailing slash lands in DESTINATION under its own name, with a trailing slash its "
            "contents "
            "land there, as in rsync. One file whose DESTINATION is no directory takes that name. "
            "Missing directories are made.\n\n"
            "Each byte is checked by its XXH3-128 digest over the copy that is written, and a file "
            "appears under its name only when it is whole; until then it grows in the directory "
            ".cpxfer of the destination. Names, contents, permission bits, modification times, "
            "symbolic links and empty directories travel. What stood under a file's name is "
            "replaced, "
            "and nothing else is removed.\n\n"
            "Items that cannot be moved are named, the others arrive, and the exit status is 1; if "
            "nothing arrived it tells the gravest reason.",
        .flags = kCopyFlags,
        .operand = {.name = "SOURCE… DESTINATION",
                    .help = "paths",
                    .least = 2,
                    .most = -1,
                    .type = Type::file},
        .examples = kCopyExamples,
        .run = copy},
};

}  // namespace

constexpr cp::cli::Tool tool{
    .name = "cpxfer",
    .summary = "move data, whole and verified",
    .description =
        "cpxfer moves files and directories. A file called like a command is written with "
        "its directory: ./serve.",
    .commands = kCommands,
    .default_command = "copy"};

}  // namespace cpxfer
