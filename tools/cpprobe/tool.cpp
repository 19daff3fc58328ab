// SPDX-License-Identifier: Apache-2.0
#include "tool.hpp"

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
         .help = "bytes of UDP payload in a packet, 44 to 65507",
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

constexpr std::array kCommands{
    Command{
        .name = "ping",
        .summary = "measure the round trip to a reflector",
        .description =
            "Sends STAMP packets (RFC 8762) to TARGET by a fixed schedule, never waiting for "
            "answers, and prints one cp.measurement: losses, duplicates, reordering, quantiles "
            "of the round trip, and how much of it the network, the reflector and the two ends' "
            "own software took, by the kernel's time-stamps.\n\n"
            "TARGET is stamp://HOST[:PORT] (port 862 unless said) or HOST[:PORT] (7032).\n\n"
            "A measurement says whether it is valid: when this host was too busy to keep the "
            "schedule, when the clock was set, or when too little came back, it is not, and the "
            "reasons stand in it. The exit status is then 75, or 69 when the peer's host refuses "
            "or there is no way to it.",
        .flags = kPingFlags,
        .operand = {.name = "TARGET", .help = "the reflector", .least = 1, .most = 1},
        .examples = kPingExamples,
        .run = ping},
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

constexpr Tool kTool{
    .name = "cpprobe",
    .summary = "measure the way to computing resources",
    .description =
        "Measures how good the path to a resource is, says when a measurement cannot be "
        "trusted, and answers others' measurements.",
    .commands = kCommands};

}  // namespace

const Tool& tool() { return kTool; }

}  // namespace cpprobe
