// SPDX-License-Identifier: Apache-2.0
#include "tool.hpp"

#include "cli/context.hpp"

#include <array>

namespace cpid {
namespace {

using cp::cli::Command;
using cp::cli::Context;
using cp::cli::Example;
using cp::cli::Flag;
using cp::cli::Tool;
using cp::cli::Type;

constexpr std::array kInitFlags{
    Flag{.name = "prefix",
         .type = Type::text,
         .value = "PREFIX",
         .help =
             "be the authority of PREFIX; 0 is for private use, as 10.0.0.0/8 is among addresses",
         .fallback = "0"},
    Flag{.name = "name",
         .type = Type::text,
         .value = "NAME",
         .help = "what people call the authority",
         .fallback = "private authority"},
};
constexpr std::array kInitExamples{
    Example{"cpid init",
            "Makes a private authority: a key and an empty ledger, in the state directory."},
};

constexpr std::array kMintFlags{
    Flag{.name = "count",
         .letter = 'c',
         .type = Type::integer,
         .value = "N",
         .help = "allocate N codes",
         .fallback = "1"},
    Flag{.name = "length",
         .type = Type::integer,
         .value = "N",
         .help = "serials of N characters, 4 to 32",
         .fallback = "8",
         .setting = "cpid.length"},
};
constexpr std::array kMintExamples{
    Example{"ID=$(cpid mint --plain)", "Allocates one code for a script."},
    Example{"cpid mint --count 1000 --plain > codes",
            "Allocates a thousand, durable before they are printed."},
};

constexpr std::array kCheckFlags{
    Flag{.name = "all",
         .letter = 'a',
         .help = "print a verdict on each code, not on the wrong ones alone"},
};
constexpr std::array kCheckExamples{
    Example{"cpid check cp:86.3101.42/7F3K9Q2M-JB",
            "Is this code well formed, and are its check characters right?"},
    Example{"cut -f 3 inventory.tsv | cpid check", "Finds the typing errors in a column of codes."},
};

constexpr std::array kParseExamples{
    Example{"cpid parse 'CP:86.3l01.42/7f3k9q2m-jb'",
            "Shows the parts of a code in canonical form: case and look-alikes are folded."},
};

constexpr std::array kDescribeFlags{
    Flag{.name = "from",
         .type = Type::text,
         .value = "SOURCE",
         .help = "what is described: local is this machine",
         .fallback = "local"},
    Flag{.name = "with",
         .type = Type::file,
         .value = "FILE",
         .help = "merge a TOML file over what the machine knows: prices, place, name, alias, "
                 "policy, access"},
    Flag{.name = "id",
         .type = Type::text,
         .value = "CODE",
         .help = "the code of the resource",
         .complete = "alias"},
};
constexpr std::array kDescribeExamples{
    Example{"cpid describe --from local --with site.toml | cpid register",
            "Describes this machine, adds what it cannot know, signs and registers the record."},
};

constexpr std::array kRegisterExamples{
    Example{"cpid describe | cpid register --plain", "Registers this machine and prints its code."},
    Example{"cpid resolve @lab/node | jq '.nodes = 2' | cpid register",
            "Changes a record: it gets the next sequence number."},
};
constexpr std::array kResolveExamples{
    Example{"cpid resolve @lab/node | jq -r '.access[].url'", "Where can it be reached?"},
};

constexpr std::array kListFlags{
    Flag{.name = "codes", .help = "list every allocated code, registered or not"},
};

constexpr std::array kCommands{
    Command{
        .name = "init",
        .summary = "make a private authority: a key and a ledger",
        .description =
            "Makes the authority that allocates identifiers and signs records on this machine: an "
            "Ed25519 key, pinned as the trust anchor of its prefix, and an empty ledger. Both are "
            "in the state directory, readable by you alone.\n\nPrints the authority's own "
            "delegation, cp.delegation/1.",
        .flags = kInitFlags,
        .examples = kInitExamples,
        .run = init},
    Command{
        .name = "mint",
        .summary = "allocate identifiers",
        .description =
            "Allocates identifiers from the ledger and prints them, cp.identifier/1 each. A code "
            "is "
            "printed only once it is durable, and none is ever given out twice, whatever happens "
            "to this program or the machine.",
        .flags = kMintFlags,
        .examples = kMintExamples,
        .run = mint},
    Command{
        .name = "check",
        .summary = "find wrong codes, offline",
        .description =
            "Checks codes from the command line, or from standard input: one a line, or JSON "
            "documents, whose \"id\" is checked. Prints the wrong ones, cp.check/1 each, with the "
            "reason, and a summary at the end.\n\nThe check characters catch every single wrong "
            "character, every swap of neighbours, jump and twin swap, and every separator moved by "
            "one or two places. No registry is asked. The exit status is 1 when a code is wrong.",
        .flags = kCheckFlags,
        .operand = {.name = "CODE",
                    .help = "the codes; standard input when there is none",
                    .most = -1},
        .examples = kCheckExamples,
        .run = check},
    Command{.name = "parse",
            .summary = "show the parts of a code",
            .description = "Prints each code in canonical form with its parts, cp.identifier/1. "
                           "Case is folded, and "
                           "so are the letters that are taken for digits: I and L to 1, O to 0.",
            .operand = {.name = "CODE", .help = "the codes", .least = 1, .most = -1},
            .examples = kParseExamples,
            .run = parse},
    Command{
        .name = "describe",
        .summary = "describe this machine as a resource",
        .description =
            "Prints a cp.resource/1 of the machine it runs on: processors, memory, accelerators, "
            "network and RDMA ports, how to launch on it. What a machine cannot know (price, "
            "owner, "
            "place, policy) comes from a TOML file. Unknown things are absent; nominal performance "
            "says so.",
        .flags = kDescribeFlags,
        .examples = kDescribeExamples,
        .run = describe},
    Command{.name = "register",
            .summary = "sign records and keep them in the registry",
            .description =
                "Reads cp.resource/1 records, gives a new code to those that have none, signs each "
                "with "
                "the authority's key and keeps it. A record that names a sequence number (\"seq\") "
                "must "
                "have been made from the newest one, else it is refused: somebody else changed it "
                "meanwhile.\n\nPrints the records as they stand now.",
            .operand = {.name = "FILE",
                        .help = "records; standard input when there is none",
                        .most = -1,
                        .type = Type::file},
            .examples = kRegisterExamples,
            .run = register_records},
    Command{.name = "resolve",
            .summary = "look a name up and verify its record",
            .description =
                "Prints the record of each NAME, a code or an alias (@label/name), after its "
                "signature was "
                "verified. A record that does not verify is not printed (exit status 77).",
            .operand = {.name = "NAME",
                        .help = "codes and aliases",
                        .least = 1,
                        .most = -1,
                        .complete = "alias"},
            .examples = kResolveExamples,
            .run = resolve},
    Command{.name = "list",
            .summary = "list what is registered here",
            .description = "Prints every registered record, verified anew; with --codes, every "
                           "code that was allocated.",
            .flags = kListFlags,
            .run = list},
};

std::vector<std::string> complete(Context& context, std::string_view kind) {
  if (kind != "alias") {
    return {};
  }
  const auto registry = open_registry(context);
  return registry ? registry->aliases("@").value_or(std::vector<std::string>{})
                  : std::vector<std::string>{};
}

constexpr Tool kTool{.name = "cpid",
                     .summary = "name, describe and vouch for computing resources",
                     .description =
                         "Gives computing resources names that last, keeps their signed "
                         "descriptions, and tells whether a "
                         "name or a description can be trusted.\n\n"
                         "A name is cp:PREFIX/SERIAL-CHECK, e.g. cp:86.3101.42/7F3K9Q2M-JB. The "
                         "prefix says who allocated "
                         "it, the serial means nothing, so that nothing about the resource can "
                         "make it wrong, and the two "
                         "check characters catch typing errors without asking anybody.",
                     .commands = kCommands,
                     .complete = complete};

}  // namespace

const Tool& tool() { return kTool; }

cp::Result<cp::identity::Registry> open_registry(Context& context) {
  CP_TRY_ASSIGN(const cp::Paths paths, context.paths());
  return cp::identity::Registry::open(paths.state, context.clock());
}

}  // namespace cpid
