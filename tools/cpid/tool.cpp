// SPDX-License-Identifier: Apache-2.0
#include "tool.hpp"

#include "authority.hpp"

#include <array>

namespace cpid {
namespace {

using cp::cli::Command;
using cp::cli::Example;
using cp::cli::Flag;
using cp::cli::Tool;
using cp::cli::Type;

constexpr std::array kInitFlags{
    Flag{.name = "prefix",
         .type = Type::text,
         .value = "PREFIX",
         .help = "allocate below PREFIX; 0 is for private use and needs nobody's leave",
         .fallback = "0"},
    Flag{.name = "name",
         .type = Type::text,
         .value = "TEXT",
         .help = "what people call the authority",
         .fallback = "private authority"},
};

constexpr std::array kMintFlags{
    Flag{.name = "count",
         .letter = 'c',
         .type = Type::integer,
         .value = "N",
         .help = "allocate N identifiers",
         .fallback = "1"},
    Flag{.name = "length",
         .type = Type::integer,
         .value = "N",
         .help = "characters of a serial, 4 to 32",
         .fallback = "8",
         .setting = "cpid.length"},
};

constexpr std::array kCheckFlags{
    Flag{.name = "all", .letter = 'a', .help = "print the verdict on each, not on bad ones alone"},
    Flag{.name = "suggest",
         .help = "add the identifiers that one error could have made into a bad one; those that "
                 "were allocated here come first"},
    Flag{.name = "ledger",
         .help = "check this machine's ledger instead: its hash chain, identifiers and records"},
};

constexpr std::array kDescribeFlags{
    Flag{.name = "from",
         .type = Type::text,
         .value = "PROVIDER",
         .help = "describe what PROVIDER has; local is this machine",
         .fallback = "local"},
    Flag{.name = "with",
         .type = Type::file,
         .value = "FILE.toml",
         .help = "add what a machine cannot know: name, alias, place, prices, policy, workdir"},
    Flag{.name = "id",
         .type = Type::text,
         .value = "NAME",
         .help = "the code or alias of the resource that is described",
         .complete = "alias"},
    Flag{.name = "workdir",
         .type = Type::directory,
         .value = "DIR",
         .help = "where jobs run; its file system is the resource's disk"},
};

constexpr std::array kListFlags{
    Flag{.name = "codes", .help = "list every allocated identifier, with a record or without"},
    cp::cli::flags::limit,
};

constexpr std::array kInitExamples{
    Example{"cpid init", "Makes this machine's private authority."},
};
constexpr std::array kMintExamples{
    Example{"ID=$(cpid mint --plain)", "Takes one identifier into a variable."},
    Example{"cpid mint --count 1000000 --plain > codes", "Allocates a million."},
};
constexpr std::array kCheckExamples{
    Example{"cpid check cp:86.3101.42/7F3K9Q2M-JB", "Says whether it is mistyped, offline."},
    Example{"cpid check --suggest cp:86.3101.42/7F3K9QM2-JB", "Shows what was meant."},
    Example{"cpid check < codes", "Checks lines, one identifier each, and counts."},
    Example{"cpfind --json | jq -c 'select(.resource) | {id:.resource}' | cpid check --all",
            "Checks objects."},
};
constexpr std::array kParseExamples{
    Example{"cpid parse CP:86.3101.42/7f3k9q2m-jb | jq -r .prefix", "Takes a code apart."},
};
constexpr std::array kDescribeExamples{
    Example{"cpid describe --from local | jq .node", "Shows what this machine has."},
    Example{"cpid describe --from local --with site.toml | cpid register",
            "Registers this machine with its prices."},
};
constexpr std::array kRegisterExamples{
    Example{"cpid resolve @lab/a | jq '.name=\"new\"' | cpid register", "Changes a record."},
};
constexpr std::array kResolveExamples{
    Example{"cpid resolve @lab/a", "Prints the record that an alias names."},
};
constexpr std::array kListExamples{
    Example{"cpid list", "Shows every resource that is registered here."},
    Example{"cpid list --codes --plain | cpid check", "Checks every code that was given out."},
};

constexpr std::array kCommands{
    Command{
        .name = "init",
        .summary = "make this machine's private authority",
        .description =
            "Makes a key, the ledger of what it will allocate and sign, and pins the key as "
            "the trust anchor of PREFIX on this machine. Prints the authority's self-signed "
            "cp.delegation.\n\n"
            "All is kept in the state directory: identity.db, and the key (mode 0600) in keys/. "
            "Whoever has that key can sign as this authority. A second init is refused (73).",
        .flags = kInitFlags,
        .examples = kInitExamples,
        .run = init},
    Command{.name = "mint",
            .summary = "allocate identifiers",
            .description =
                "Allocates identifiers with random serials and prints them as cp.identifier. What "
                "is printed is in the ledger, durably, and is never given out again: not after a "
                "crash, not by two processes at once.",
            .flags = kMintFlags,
            .examples = kMintExamples,
            .run = mint},
    Command{.name = "check",
            .summary = "find mistyped identifiers, offline",
            .description =
                "Checks the identifiers that are given, or those on standard input: lines with one "
                "each, or JSON: texts, or objects with an \"id\" (of an offer, its \"resource\"). "
                "Prints a cp.check for each that is none, with the reason, and a closing summary. "
                "Every single wrong character, every swap of neighbours or of characters with one "
                "between, every twin error and every separator moved by one or two places is "
                "found.\n\n"
                "The exit status is 1 when any is bad, and 65 when the input cannot be read: then "
                "there is no summary.",
            .flags = kCheckFlags,
            .operand = {.name = "ID", .help = "an identifier", .most = -1},
            .examples = kCheckExamples,
            .run = check},
    Command{.name = "parse",
            .summary = "take identifiers apart",
            .description =
                "Prints a cp.identifier for each ID, or each line of standard input: its canonical "
                "form, prefix, serial and check characters, and the path when one follows "
                "(cp:PREFIX/SERIAL-CC/PATH). Any case is taken, I and L count as 1, O as 0.",
            .operand = {.name = "ID", .help = "an identifier", .most = -1},
            .examples = kParseExamples,
            .run = parse},
    Command{.name = "describe",
            .summary = "describe a resource as a cp.resource",
            .description =
                "Prints what PROVIDER has as a cp.resource without signature: processors, memory, "
                "disk, accelerators, network ports. What is not known is absent. Performance "
                "figures are nominal and say how they were computed.\n\n"
                "FILE.toml holds members of cp.resource, which go over what was found; tables are "
                "merged, the rest replaced. Money may be written \"14.50 CNY\", one alias without "
                "brackets, and workdir stands for that of each launch access.",
            .flags = kDescribeFlags,
            .examples = kDescribeExamples,
            .run = describe},
    Command{
        .name = "register",
        .summary = "sign records and keep them in this machine's registry",
        .description =
            "Takes cp.resource records from FILE or standard input, gives those without an id "
            "a new one, and the next sequence number and a year of validity to all, signs them "
            "and prints them as they stand now.\n\n"
            "A record that has a \"seq\" must have been made from the newest version, so that "
            "no change is lost; without one it replaces what is there. An alias names one "
            "resource. A record that is refused changes nothing (65 malformed, 77 refused).",
        .operand = {.name = "FILE", .help = "cp.resource records", .most = -1, .type = Type::file},
        .examples = kRegisterExamples,
        .run = register_records},
    Command{.name = "resolve",
            .summary = "print the verified record that a code or alias names",
            .description =
                "Prints the cp.resource of each NAME, a code or an alias (@label/name), after "
                "verifying its signature, delegation and validity against the pinned anchor. A "
                "record that does not hold is not printed (77); an unknown name is 66.",
            .operand = {.name = "NAME",
                        .help = "a code or an alias",
                        .least = 1,
                        .most = -1,
                        .complete = "alias"},
            .examples = kResolveExamples,
            .run = resolve},
    Command{.name = "list",
            .summary = "list what is registered here",
            .description =
                "Prints every cp.resource of this machine's registry in the order of the codes, "
                "each verified as resolve does it.",
            .flags = kListFlags,
            .examples = kListExamples,
            .run = list},
};

constexpr Tool kTool{
    .name = "cpid",
    .summary = "name computing resources, and vouch for what they are",
    .description =
        "Gives computing resources identifiers that find their own typing errors, describes them, "
        "and keeps signed records of them that anyone can verify.",
    .commands = kCommands,
    .complete = complete};

}  // namespace

const Tool& tool() { return kTool; }

}  // namespace cpid
