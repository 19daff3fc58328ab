// SPDX-License-Identifier: Apache-2.0
#include "tool.hpp"

#include "cli/context.hpp"
#include "identity/registry.hpp"

#include <array>

namespace cpprobe {
namespace {

using cp::cli::Command;
using cp::cli::Example;
using cp::cli::Flag;
using cp::cli::Tool;
using cp::cli::Type;

constexpr std::array kServeFlags{
    Flag{.name = "listen",
         .type = Type::text,
         .value = "ADDR:PORT",
         .help = "listen on ADDR:PORT; port 0 takes any that is free",
         .fallback = "127.0.0.1:7032",
         .setting = "cpprobe.listen",
         .repeats = true},
    Flag{.name = "allow",
         .type = Type::text,
         .value = "CIDR",
         .help = "answer the network CIDR as well, not this machine alone",
         .setting = "cpprobe.allow",
         .repeats = true},
    Flag{.name = "limit-pps",
         .type = Type::integer,
         .value = "N",
         .help = "answer N packets a second at most to one source; 1000 unless it is this machine",
         .setting = "cpprobe.limit_pps"},
    Flag{.name = "limit-rate",
         .type = Type::rate,
         .value = "RATE",
         .help = "answer RATE at most to one source; 8Mbps unless it is this machine",
         .setting = "cpprobe.limit_rate"},
};

constexpr std::array kPingFlags{
    Flag{.name = "count",
         .letter = 'c',
         .type = Type::integer,
         .value = "N",
         .help = "send N packets; 0 sends until it is interrupted",
         .fallback = "100",
         .setting = "cpprobe.count"},
    Flag{.name = "interval",
         .letter = 'i',
         .type = Type::duration,
         .value = "DURATION",
         .help = "send one every DURATION, whatever comes back; 0 sends the next when the last is "
                 "answered or lost",
         .fallback = "10ms",
         .setting = "cpprobe.interval"},
    Flag{.name = "size",
         .letter = 's',
         .type = Type::bytes,
         .value = "SIZE",
         .help = "bytes of UDP payload in a packet, 44 to 65507; cpprobe serve answers up to 9216",
         .fallback = "44",
         .setting = "cpprobe.size"},
    Flag{.name = "timeout",
         .letter = 'W',
         .type = Type::duration,
         .value = "DURATION",
         .help = "give a packet up as lost after DURATION",
         .fallback = "1s",
         .setting = "cpprobe.timeout"},
    Flag{.name = "fail-if",
         .type = Type::text,
         .value = "CONDITION",
         .help = "exit with 1 when CONDITION holds, e.g. rtt.p99>5ms or loss>0.1%",
         .repeats = true},
};

constexpr std::array kRankFlags{
    Flag{.name = "allow-partial",
         .help = "take a stream of offers that ends without its closing answer"},
    Flag{.name = "allow-unsigned", .help = "believe records that nobody has signed"},
    Flag{.name = "weight",
         .type = Type::number,
         .value = "WEIGHT",
         .help = "weight of the network's score in an offer that has none yet",
         .fallback = "0.25",
         .setting = "cpprobe.weight"},
    Flag{.name = "count",
         .letter = 'c',
         .type = Type::integer,
         .value = "N",
         .help = "send N packets to each reflector that answers",
         .fallback = "100",
         .setting = "cpprobe.rank_count"},
    Flag{.name = "interval",
         .letter = 'i',
         .type = Type::duration,
         .value = "DURATION",
         .help = "send one every DURATION",
         .fallback = "5ms",
         .setting = "cpprobe.rank_interval"},
    Flag{.name = "timeout",
         .letter = 'W',
         .type = Type::duration,
         .value = "DURATION",
         .help = "give a packet up as lost after DURATION",
         .fallback = "1s",
         .setting = "cpprobe.timeout"},
    Flag{.name = "jobs",
         .letter = 'j',
         .type = Type::integer,
         .value = "N",
         .help = "measure N reflectors at a time",
         .fallback = "8",
         .setting = "cpprobe.jobs"},
    Flag{.name = "measurements",
         .type = Type::file,
         .value = "FILE",
         .help = "write each cp.measurement to FILE as well"},
};

constexpr std::array kServeExamples{
    Example{"cpprobe serve", "Answers programs on this machine, on port 7032."},
    Example{"cpprobe serve --listen 0.0.0.0:7032 --listen '[::]:7032' --allow 10.0.0.0/8",
            "Answers a network as well."},
};

constexpr std::array kPingExamples{
    Example{"cpprobe ping dtn1.example", "Measures the path to a reflector on port 7032."},
    Example{"cpprobe ping -c 1000 -i 1ms stamp://dtn1.example:862 | jq .rtt.p99_ns",
            "Asks any STAMP reflector and takes one figure."},
    Example{"cpprobe ping --fail-if 'rtt.p99>5ms' --fail-if 'loss>0.1%' dtn1.example",
            "Gives a script its answer as an exit status."},
};

constexpr std::array kRankExamples{
    Example{"cpfind --gpu H100:8 --hours 4 | cpprobe rank | cprun run --offers - -- ./train.sh",
            "Runs where price, wait and network together are best."},
    Example{"cpprobe rank offers.json --measurements m.json",
            "Ranks offers from a file and keeps what was measured."},
};

constexpr std::array kCommands{
    Command{
        .name = "ping",
        .summary = "measure the round trip to a reflector",
        .description =
            "Sends STAMP packets (RFC 8762) to TARGET by a fixed schedule, never waiting for "
            "answers, and prints one cp.measurement: losses, duplicates, reordering, quantiles "
            "of the round trip, and how much of it the network, the reflector and the two ends' "
            "own software took, by the kernel's time-stamps.\n\n"
            "TARGET is stamp://HOST[:PORT] (port 862 unless said), HOST[:PORT] (7032), or a "
            "resource's code or alias, whose verified record says where it is probed; one whose "
            "jobs run on this machine is measured over loopback.\n\n"
            "A measurement says whether it is valid: when this host was too busy to keep the "
            "schedule, when the clock was set, or when too little came back, it is not, and the "
            "reasons stand in it. The exit status is then 75, or 69 when the peer's host refuses "
            "or there is no way to it.",
        .flags = kPingFlags,
        .operand = {.name = "TARGET",
                    .help = "the reflector or resource",
                    .least = 1,
                    .most = 1,
                    .complete = "alias"},
        .examples = kPingExamples,
        .run = ping},
    Command{
        .name = "rank",
        .summary = "measure what offers stand for, and rank them anew",
        .description =
            "Reads cp.offer records up to the closing cp.answer, from FILEs or standard input, "
            "and prints the offers again with `quality`, the network's part in `scores`, and a "
            "new `rank`; the answer comes last, and all other records and fields pass "
            "unchanged.\n\n"
            "An offer's own URLs are not believed: each `resource` is resolved in this machine's "
            "registry and verified, and only the record's stamp:// access is probed, or loopback "
            "where its jobs run on this machine. An offer that cannot be measured passes with "
            "`quality.valid` false and the reason. To a reflector that does not answer go three "
            "packets at most.\n\n"
            "Measured offers stand in the order of their total; the others keep their order "
            "among themselves, their network counting 0.",
        .flags = kRankFlags,
        .operand = {.name = "FILE", .help = "offers", .most = -1, .type = Type::file},
        .examples = kRankExamples,
        .run = rank},
    Command{
        .name = "serve",
        .summary = "answer probes: a STAMP reflector",
        .description =
            "Answers STAMP packets until SIGINT or SIGTERM, and says on standard error where it "
            "listens (with --plain, the URL alone on standard output).\n\n"
            "It answers this machine, and the networks that --allow names. It never sends more "
            "bytes than came in; it answers nothing that comes from a port below 1024, from its "
            "own port number or from another reflector, nothing that is shorter than 44 bytes or "
            "was sent to many, and no source faster than the limits. What it dropped, and why, "
            "it says at its end.",
        .flags = kServeFlags,
        .examples = kServeExamples,
        .run = serve},
};

// The aliases in the registry; none where there is no registry.
std::vector<std::string> complete(cp::cli::Context& context, std::string_view kind) {
  const auto paths = context.paths();
  if (kind != "alias" || !paths) {
    return {};
  }
  const auto registry = cp::identity::Registry::open(paths->state, context.clock());
  return registry ? registry->aliases("").value_or(std::vector<std::string>{})
                  : std::vector<std::string>{};
}

constexpr std::array kSettings{cp::cli::settings::registry_urls, cp::cli::settings::registry_ca,
                               cp::cli::settings::registry_token,
                               cp::cli::settings::registry_allow_net};

constexpr Tool kTool{
    .name = "cpprobe",
    .summary = "measure the way to computing resources",
    .description =
        "Measures how good the path to a resource is, says when a measurement cannot be "
        "trusted, and answers others' measurements.",
    .commands = kCommands,
    .settings = kSettings,
    .complete = complete};

}  // namespace

const Tool& tool() { return kTool; }

}  // namespace cpprobe
