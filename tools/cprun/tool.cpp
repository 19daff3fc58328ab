// SPDX-License-Identifier: Apache-2.0
#include "tool.hpp"

#include "cli/context.hpp"
#include "session.hpp"

#include <algorithm>
#include <array>

namespace cprun {
namespace {

using cp::cli::Command;
using cp::cli::Example;
using cp::cli::Flag;
using cp::cli::Operand;
using cp::cli::Setting;
using cp::cli::Tool;
using cp::cli::Type;

constexpr Flag kNoAgent{.name = "no-agent",
                        .help = "leave what is left to do to the next command, start no agent"};
constexpr Flag kTimeout = cp::cli::flags::timeout;

// What a job is, for run and submit alike.
constexpr std::array kSpecFlags{
    Flag{.name = "file",
         .letter = 'f',
         .type = Type::file,
         .value = "FILE",
         .help =
             "take the cp.jobspec in FILE (- is standard input); flags and the command override; a "
             "field that is none of a jobspec's is refused"},
    Flag{.name = "name", .type = Type::text, .value = "NAME", .help = "call the job NAME"},
    Flag{.name = "on",
         .type = Type::text,
         .value = "URL|ID",
         .help = "run at this provider, or on this resource",
         .fallback = "local:",
         .setting = "cprun.on",
         .complete = "place"},
    Flag{.name = "offers",
         .type = Type::file,
         .value = "FILE",
         .help = "run on the first of the offers in FILE (- is standard input) that takes it"},
    Flag{.name = "allow-partial",
         .help = "use a stream of offers that does not end with its cp.answer"},
    Flag{.name = "stage-in",
         .type = Type::octets,
         .value = "SRC:PATH",
         .help = "bring SRC to PATH in the job's directory; split at the last colon",
         .repeats = true},
    Flag{.name = "stage-out",
         .type = Type::octets,
         .value = "PATH:DST",
         .help = "take PATH from the job's directory to DST at the end; split at the first colon",
         .repeats = true},
    Flag{.name = "stdin",
         .type = Type::file,
         .value = "FILE",
         .help = "the job's standard input (- is this command's, read to its end first)"},
    Flag{.name = "env",
         .type = Type::octets,
         .value = "NAME[=VALUE]",
         .help = "set an environment variable of the job",
         .repeats = true},
    Flag{.name = "clean-env", .help = "do not hand this environment on to the job"},
    Flag{.name = "directory",
         .type = Type::octets,
         .value = "PATH",
         .help = "run in PATH, relative to the job's own directory"},
    Flag{.name = "image",
         .type = Type::text,
         .value = "IMAGE",
         .help = "run in a container of IMAGE, where the provider can"},
    Flag{.name = "nodes", .type = Type::integer, .value = "N", .help = "run on N nodes"},
    Flag{.name = "processes",
         .type = Type::integer,
         .value = "N",
         .help = "count on N processes in each node"},
    Flag{.name = "cpus",
         .type = Type::integer,
         .value = "N",
         .help = "take N cores for each process"},
    Flag{.name = "memory",
         .type = Type::size,
         .value = "SIZE",
         .help = "take SIZE of memory in each node"},
    Flag{.name = "gpu",
         .type = Type::text,
         .value = "[VENDOR:]NAMES[:MEMORY][:COUNT]",
         .help = "take COUNT accelerators in each node"},
    Flag{.name = "duration",
         .type = Type::duration,
         .value = "DURATION",
         .help = "end the job after DURATION"},
    Flag{.name = "hours",
         .type = Type::number,
         .value = "HOURS",
         .help = "end the job after HOURS hours"},
    Flag{.name = "budget",
         .type = Type::money,
         .value = "MONEY",
         .help = "spend MONEY at most, all attempts together"},
    Flag{.name = "max-price",
         .type = Type::money,
         .value = "MONEY[/hour|/card-hour|/job]",
         .help = "run nowhere that costs more"},
    Flag{.name = "retry", .type = Type::integer, .value = "N", .help = "try again N times at most"},
    Flag{.name = "retry-on",
         .type = Type::text,
         .value = "REASON",
         .help = "try again for this reason (no_capacity, preempted, node_lost, lost, …)",
         .repeats = true},
    Flag{.name = "after",
         .type = Type::text,
         .value = "ID[:WHEN]",
         .help = "run after job ID has completed, failed or ended",
         .complete = "job",
         .repeats = true},
    Flag{.name = "array",
         .type = Type::text,
         .value = "FROM-TO[:STEP][%N]",
         .help = "run one job for each index, N at a time at most; CP_ARRAY_INDEX tells which"},
    Flag{.name = "tag",
         .type = Type::text,
         .value = "NAME=VALUE",
         .help = "tag the job, e.g. project=weather",
         .repeats = true},
    Flag{.name = "lease",
         .type = Type::duration,
         .value = "DURATION",
         .help = "end the job when nobody has followed it for DURATION"},
    cp::cli::flags::dry_run,
    kNoAgent,
};

constexpr auto kRunFlags = [] {
  std::array<Flag, kSpecFlags.size() + 1> flags{};
  std::ranges::copy(kSpecFlags, flags.begin());
  flags.back() = Flag{.name = "record",
                      .type = Type::file,
                      .value = "FILE",
                      .help = "write the job's cp.job record to FILE at the end"};
  return flags;
}();

constexpr std::array kListFlags{
    Flag{.name = "open", .help = "only jobs that have not ended"},
    Flag{.name = "state", .type = Type::text, .value = "STATE", .help = "only jobs in STATE"},
    Flag{.name = "name", .type = Type::text, .value = "NAME", .help = "only jobs called NAME"},
    Flag{.name = "array",
         .type = Type::text,
         .value = "ID",
         .help = "the elements of array ID",
         .complete = "job"},
    Flag{.name = "limit",
         .type = Type::integer,
         .value = "N",
         .help = "print the N newest, or all for 0; a table has 200 unless told otherwise"},
    kNoAgent,
};
constexpr std::array kStatusFlags{kNoAgent};
constexpr std::array kWaitFlags{
    Flag{.name = "all", .help = "wait for all of them (so it is without --any)"},
    Flag{.name = "any", .help = "wait for the first one that ends"},
    kTimeout,
    kNoAgent,
};
constexpr std::array kLogsFlags{
    Flag{.name = "follow", .letter = 'f', .help = "go on until the job has ended"},
    Flag{.name = "out", .help = "only its standard output"},
    Flag{.name = "err", .help = "only its standard error"},
    Flag{.name = "attempt", .type = Type::integer, .value = "N", .help = "only its N-th attempt"},
    kNoAgent,
};
constexpr std::array kCancelFlags{
    Flag{.name = "no-wait", .help = "do not wait until they have ended"},
    kNoAgent,
};
constexpr std::array kUsageFlags{
    Flag{.name = "by",
         .type = Type::text,
         .value = "KEY[,KEY]",
         .help = "sum by provider, month, project (the tag), name",
         .fallback = "provider,month"},
    kNoAgent,
};

constexpr std::array kRunExamples{
    Example{"cprun run -- ./train.sh --epochs 3", "Runs a program of this directory here."},
    Example{"cpfind --cpus 1+ --hours 1 --runnable | cprun run --offers - --stage-in ./data:data "
            "--stage-out results:./results -- ./train.sh",
            "Runs it on the first offer that takes it, with its data (see OFFERS for what makes "
            "this machine one)."},
    Example{"cprun run --duration 10m --record job.json --stage-in ./src:src -- make -C src -j4",
            "Builds a copy of src, for ten minutes at most, and keeps the job's record."},
};
constexpr std::array kSubmitExamples{
    Example{"ID=$(cprun submit --plain -- ./train.sh)", "Takes the job's id."},
    Example{"cprun submit --after \"$ID\" -- ./evaluate.sh", "Runs after another job."},
    Example{"cprun submit --array 0-99%10 -- ./one.sh", "Runs a hundred, ten at a time."},
};
constexpr std::array kWaitExamples{
    Example{"cprun wait \"$ID\" || echo \"it failed with $?\"", "Gives the job's exit code."},
};
constexpr std::array kLogsExamples{
    Example{"cprun logs -f train_sh",
            "Follows the newest job of ./train.sh that has no other name."},
};

constexpr Operand kJobs{.name = "JOB",
                        .help = "a job's id, or the name of the newest one called so",
                        .least = 1,
                        .most = -1,
                        .complete = "job"};

constexpr std::array kCommands{
    Command{
        .name = "run",
        .summary = "run a job and be its exit status",
        .description =
            "Runs COMMAND as a job and waits for it. Standard output and standard error are the "
            "job's, byte for byte, and nothing else; its state changes are lines on standard "
            "error (-q stops them). With --json standard output carries the job's cp.job record "
            "instead. The job's standard input is /dev/null unless --stdin says otherwise: "
            "without --offers - or --stdin - nothing is read here.\n\n"
            "The job runs in a fresh directory of its own. An executable given by a relative path "
            "that exists here is brought there; --stage-in and --stage-out move data.\n\n"
            "SIGINT and SIGTERM cancel the job; SIGHUP leaves it running (cprun wait and logs find "
            "it again). It outlives this command in any other case, too.\n\n"
            "The exit status is the job's own; 128+N when signal N ended it, 124 when its time "
            "limit did, 126 when it cannot be executed, 127 when there is no such program, 125 "
            "when it never ran: no place, staging in, budget, and every failure of this command "
            "before the job starts. What goes wrong after that has the status of its kind: 69 "
            "when nobody knows how the job ended, 74 when its results or its output cannot be "
            "written.",
        .flags = kRunFlags,
        .takes_job = true,
        .examples = kRunExamples,
        .run = run,
        .error_status = 125},
    Command{.name = "submit",
            .summary = "start a job and come back",
            .description =
                "Starts COMMAND as a job and prints its cp.job record (with --plain its id). Its "
                "inputs are taken before it returns; a signal before that cancels it. What is left "
                "to do after that (outputs, "
                "retries, jobs that wait for others) is done by an agent that is started for it, "
                "and ends with it.",
            .flags = kSpecFlags,
            .takes_job = true,
            .examples = kSubmitExamples,
            .run = submit},
    Command{.name = "list",
            .summary = "list jobs, the newest first",
            .description = "Prints a cp.job for each job of this state directory.",
            .flags = kListFlags,
            .run = list},
    Command{.name = "status",
            .summary = "show jobs and their history",
            .description = "Prints the cp.job of each JOB; as a table, its history as well.",
            .flags = kStatusFlags,
            .operand = kJobs,
            .run = status},
    Command{.name = "wait",
            .summary = "wait for jobs and be their exit status",
            .description =
                "Waits until each JOB (without one, every open job) has ended, and prints its "
                "cp.job. The exit status is the job's as that of cprun run; of several jobs 0 "
                "when all are 0, else 1; 75 when --timeout comes first.",
            .flags = kWaitFlags,
            .operand = {.name = "JOB",
                        .help = "a job's id, or the name of the newest one called so",
                        .most = -1,
                        .complete = "job"},
            .examples = kWaitExamples,
            .run = wait},
    Command{.name = "logs",
            .summary = "print what a job wrote",
            .description =
                "Prints a job's standard output and standard error to this command's own, byte "
                "for byte; with -f, until it has ended.",
            .flags = kLogsFlags,
            .operand = {.name = "JOB",
                        .help = "a job's id, or the name of the newest one called so",
                        .least = 1,
                        .most = 1,
                        .complete = "job"},
            .examples = kLogsExamples,
            .run = logs},
    Command{.name = "cancel",
            .summary = "end jobs",
            .description =
                "Ends each JOB with all its processes: SIGTERM, and SIGKILL after the time of the "
                "setting cprun.grace. Comes back when they have ended, and prints their records.",
            .flags = kCancelFlags,
            .operand = kJobs,
            .run = cancel},
    Command{.name = "usage",
            .summary = "sum up what jobs used and cost",
            .description =
                "Prints a cp.usage for each provider and month: core-hours, card-hours by model, "
                "bytes moved, and the cost at the prices of the verified records. Attempts in "
                "different currencies, and those whose price is unknown, are sums of their own.",
            .flags = kUsageFlags,
            .run = usage},
    Command{.name = "agent",
            .summary = "see to the jobs that nobody follows",
            .description =
                "Finishes what other commands have left: outputs, retries, jobs that wait for "
                "others, arrays. Ends when there is nothing left. One is enough for a state "
                "directory, and the commands start it themselves; a second one ends at once.",
            .run = agent},
};

constexpr std::array kSettings{
    Setting{"cprun.grace", "5s", "how long a canceled job has from SIGTERM to SIGKILL"},
    Setting{"cprun.patience", "30s", "how long a provider may take for one answer"},
    Setting{"ssh.command", "ssh", "how ssh is called: the program and options, between blanks"},
    cp::cli::settings::registry_urls,
    cp::cli::settings::registry_ca,
    cp::cli::settings::registry_token,
    cp::cli::settings::registry_allow_net,
};

std::vector<std::string> complete(cp::cli::Context& context, std::string_view kind) {
  if (kind != "job") {
    return {"local:", "slurm:", "slurm+ssh://", "ssh://"};
  }
  auto session = Session::open(context);
  const auto drafts =
      session ? session->store->list({.limit = 100}) : tl::unexpected<cp::Error>(session.error());
  std::vector<std::string> words;
  for (const auto& draft : drafts ? *drafts : std::vector<cp::jobs::Draft>{}) {
    words.push_back(draft.job().id);
    words.push_back(draft.job().name);
  }
  return words;
}

}  // namespace

const Tool tool{
    .name = "cprun",
    .summary = "run work on computing resources",
    .description =
        "Runs jobs at providers and keeps track of them: exactly once, with their data brought in "
        "and out, their exit code handed on, and what they used and cost summed up. Jobs are kept "
        "in the state directory (CP_STATE_DIR) and outlive the command that submitted them.",
    .commands = kCommands,
    .settings = kSettings,
    .complete = complete,
};

}  // namespace cprun
