// SPDX-License-Identifier: Apache-2.0
#include "tool.hpp"

#include "cli/context.hpp"

#include <algorithm>
#include <array>

namespace cpfind {
namespace {

using cp::cli::Command;
using cp::cli::Example;
using cp::cli::Flag;
using cp::cli::Setting;
using cp::cli::Tool;
using cp::cli::Type;

// A's flags and then B's.
template <std::size_t A, std::size_t B>
constexpr std::array<Flag, A + B> joined(const std::array<Flag, A>& a,
                                         const std::array<Flag, B>& b) {
  std::array<Flag, A + B> all;
  std::copy(a.begin(), a.end(), all.begin());
  std::copy(b.begin(), b.end(), all.begin() + A);
  return all;
}

// What is wanted, and of whom.
constexpr std::array kDemandFlags{
    Flag{.name = "gpu",
         .letter = 'g',
         .type = Type::text,
         .value = "VENDOR:NAMES:MEMORY:COUNT",
         .help =
             "accelerators in one node, each part optional: H100:8, nvidia:H100,H200:80GB..:4..8"},
    Flag{.name = "cpus",
         .letter = 'c',
         .type = Type::text,
         .value = "RANGE",
         .help =
             "CPUs in one node: 16+ (or 16), 16..32, ..32; vCPUs of an instance type, else cores"},
    Flag{.name = "memory",
         .letter = 'm',
         .type = Type::text,
         .value = "RANGE",
         .help = "memory of one node: 64GB+, 64GB..128GB"},
    Flag{.name = "disk",
         .type = Type::text,
         .value = "RANGE",
         .help = "local disk of one node: 1TB+"},
    Flag{.name = "nodes",
         .letter = 'N',
         .type = Type::integer,
         .value = "N",
         .help = "N such nodes at once",
         .fallback = "1"},
    Flag{.name = "region",
         .letter = 'r',
         .type = Type::text,
         .value = "PATTERN[,PATTERN]",
         .help = "in a region that fits one of the patterns: 'cn-*,eu-*'",
         .repeats = true},
    Flag{.name = "hours",
         .type = Type::number,
         .value = "N",
         .help = "how long it runs, so that the price of the whole job is known"},
    Flag{.name = "max-price",
         .type = Type::money,
         .value = "MONEY[/hour|/card-hour|/job]",
         .help = "pay MONEY at most, for an hour unless it says otherwise: 15CNY/card-hour"},
    Flag{.name = "where",
         .letter = 'w',
         .type = Type::text,
         .value = "EXPRESSION",
         .help = "only what fulfils EXPRESSION: 'gpu.memory >= 80GB and country in [CN, SG]'",
         .repeats = true},
    Flag{.name = "spot", .help = "count the spot prices, of what can be taken away again"},
    Flag{.name = "runnable", .help = "only what cprun can launch on"},
    Flag{.name = "max-age",
         .type = Type::duration,
         .value = "DURATION",
         .help = "call a source stale that is older",
         .fallback = "7d",
         .setting = "cpfind.max_age"},
};
constexpr auto kQueryFlags = joined(
    kDemandFlags,
    std::array{
        Flag{.name = "include-unknown", .help = "also, behind the rest, what could not be judged"},
        Flag{.name = "explain",
             .help =
                 "say what each condition removes, and what would have to change to get an offer"},
        Flag{.name = "sort",
             .type = Type::text,
             .value = "KEY[,KEY]",
             .help = "order by fields (cpfind fields), by price or by score; -KEY reverses",
             .fallback = "price,name",
             .setting = "cpfind.sort"},
        Flag{.name = "plot",
             .type = Type::file,
             .value = "FILE.svg",
             .help = "also draw price against performance of what is shown, with what none beats"},
        Flag{.name = "pareto",
             .help =
                 "only what no other offer beats in the amounts of --sort, else in price and size"},
        Flag{.name = "per-provider",
             .type = Type::integer,
             .value = "N",
             .help = "show at most N offers of each provider; 0 shows all",
             .fallback = "0"},
        Flag{.name = "limit",
             .letter = 'l',
             .type = Type::integer,
             .value = "N",
             .help = "show the first N offers; 0 shows all",
             .fallback = "20",
             .setting = "cpfind.limit"},
    });
constexpr std::array kQueryExamples{
    Example{"cpfind --gpu H100:8 --hours 4 --max-price 15CNY/card-hour",
            "Eight H100 in one node for four hours, at 15 yuan for each and an hour at most."},
    Example{"cpfind --cpus 32+ --memory 128GB+ --region 'cn-*' --sort price",
            "The cheapest nodes of that size in China."},
    Example{"cpfind --gpu amd:192GB+ --where 'gpu.count >= 4 and rdma >= 200Gbps'",
            "What no flag says goes into an expression."},
    Example{
        "cpfind --gpu H100:8 --max-price 100CNY --explain --limit 1",
        "Why there is so little: what each condition leaves out, and the nearest that would do."},
    Example{"cpfind --gpu H100 --sort price,-gpu.count --pareto --per-provider 1",
            "What costs least for its number of accelerators, once for each provider."},
    Example{
        "cpfind --gpu 8 --limit 0 --plot offers.svg",
        "A picture of all nodes with eight accelerators: what they cost, and how fast they are."},
    Example{"cpfind --gpu H100:8 --hours 4 | cpprobe rank | cprun run --offers - -- ./train.sh",
            "Finds, measures the network and runs on the best."},
};

constexpr auto kWatchFlags = joined(
    kDemandFlags,
    std::array{
        Flag{.name = "every",
             .type = Type::duration,
             .value = "DURATION",
             .help = "look so often; providers are asked when their last answer is too old",
             .fallback = "30s"},
        Flag{.name = "count", .type = Type::integer, .value = "N", .help = "end after N offers"},
        Flag{.name = "timeout",
             .type = Type::duration,
             .value = "DURATION",
             .help = "end after DURATION, whatever has come"},
    });
constexpr std::array kWatchExamples{
    Example{"cpfind watch --gpu H100:8 --max-price 15CNY/card-hour",
            "A line whenever eight H100 can be had at that price, or for less than before."},
    Example{
        "cpfind watch --gpu H100:8 --where 'availability = free' --count 1 --timeout 2h | cprun "
        "run --offers - -- ./train.sh",
        "Waits for a free node for two hours at most, and runs on it."},
    Example{"cpfind watch --gpu A100 --spot --every 5m --json >>prices.ndjson",
            "Each fall of the spot price, as documents."},
};

constexpr std::array kImportFlags{
    Flag{.name = "format",
         .type = Type::choice,
         .help = "what the files are; auto looks at their first line",
         .choices = "auto|ndjson|skypilot|sparecores|osg|top500",
         .fallback = "auto"},
    Flag{.name = "name",
         .type = Type::text,
         .value = "SOURCE",
         .help = "call the source SOURCE, not by its file; an import replaces what SOURCE had"},
    Flag{.name = "provider",
         .type = Type::text,
         .value = "NAME",
         .help = "who provides what is in a catalog that does not say; the source's name else"},
    Flag{.name = "currency",
         .type = Type::text,
         .value = "CODE",
         .help = "the currency of a catalog that does not say; USD for SkyPilot's"},
    Flag{.name = "as-of",
         .type = Type::text,
         .value = "TIME",
         .help = "when the data are from (RFC 3339), if the catalog does not say"},
    Flag{.name = "report",
         .type = Type::file,
         .value = "FILE",
         .help = "write each fault, with line and rule, to FILE as one cp.error a line"},
    Flag{.name = "strict", .help = "take nothing when anything is wrong"},
};
constexpr std::array kImportExamples{
    Example{"cpfind import catalogs/v8/lambda/vms.csv",
            "A catalog of SkyPilot's as the source lambda."},
    Example{"cpfind import servers.ndjson --name sparecores",
            "Servers of seven vendors, without prices."},
    Example{"cpfind import site.ndjson --strict", "Resources of one's own, all or none."},
};

constexpr std::array kSourcesFlags{
    Flag{.name = "name",
         .type = Type::text,
         .value = "SOURCE",
         .help = "add: call it SOURCE, not by its URL"},
    Flag{.name = "format",
         .type = Type::choice,
         .help = "add: what a catalog is; auto looks at its first line",
         .choices = "auto|ndjson|skypilot|sparecores|osg|top500",
         .fallback = "auto"},
    Flag{.name = "provider",
         .type = Type::text,
         .value = "NAME",
         .help = "add: who provides what is in a catalog that does not say"},
    Flag{.name = "currency",
         .type = Type::text,
         .value = "CODE",
         .help = "add: the currency of a catalog that does not say"},
    Flag{.name = "deadline",
         .type = Type::duration,
         .value = "DURATION",
         .help = "add: wait no longer for one answer of it",
         .fallback = "10s"},
    Flag{.name = "max-age",
         .type = Type::duration,
         .value = "DURATION",
         .help =
             "add: an answer that is older is stale; 7d for a catalog, 1min for a provider else"},
    Flag{.name = "trusted", .help = "add: I vouch for what it says; its offers tell so"},
};
constexpr std::array kSourcesExamples{
    Example{"cpfind sources", "What can be asked, how much of it there is and how old it is."},
    Example{"cpfind sources add exec:vast --deadline 30s --max-age 10m",
            "Offers of Vast.ai through its own program, asked again after ten minutes."},
    Example{"cpfind sources add https://catalogs.example/v8/aws/vms.csv",
            "A catalog on a server, as the source aws."},
    Example{"cpfind sources refresh", "Asks all that were added anew, each until its deadline."},
    Example{"cpfind sources remove lambda", "Forgets a source."},
};

constexpr std::array kFieldsExamples{
    Example{"cpfind fields", "All names for --where and --sort, with their units."},
};

constexpr std::array kGpusFlags{
    Flag{.name = "vendor",
         .type = Type::text,
         .value = "NAME",
         .help = "only those of one vendor: nvidia, amd, intel, google, aws, huawei, …"},
    Flag{.name = "where",
         .letter = 'w',
         .type = Type::text,
         .value = "EXPRESSION",
         .help = "only what fulfils EXPRESSION on gpu.*: 'gpu.memory >= 80GB'",
         .repeats = true},
    Flag{.name = "normalise",
         .help = "say what each NAME, or each line of standard input, is called here"},
};
constexpr std::array kGpusExamples{
    Example{"cpfind gpus --where 'gpu.memory >= 128GB'",
            "The accelerators of that size and what their makers say of them."},
    Example{"cpfind gpus H100 --json | jq -r '.performance[] | [.format, .value, .source] | @tsv'",
            "Every figure of the members of a family, and where it stands."},
    Example{"cpfind gpus --normalise 'NVIDIA A100-SXM4-80GB' 昇腾910B3 --plain",
            "What they are called here: A100-SXM-80GB, Ascend-910B3."},
    Example{"nvidia-smi --query-gpu=name --format=csv,noheader | cpfind gpus --normalise --plain",
            "The cards of this machine, by their canonical names."},
};

constexpr std::array kAssignFlags{
    Flag{.name = "resources",
         .letter = 'r',
         .type = Type::file,
         .value = "FILE",
         .help = "cp.resource or cp.offer documents: what there is to give; - is standard input",
         .repeats = true},
    Flag{.name = "currency",
         .type = Type::text,
         .value = "CODE",
         .help = "the currency whose prices count; that of the first price else",
         .setting = "money.currency"},
    Flag{.name = "share",
         .type = Type::text,
         .value = "OWNER=WEIGHT",
         .help =
             "owners' parts of all nodes, by weight, 1 for those not named; leftovers are for all",
         .repeats = true},
    Flag{.name = "no-priorities", .help = "take no notice of the demands' priorities"},
    Flag{.name = "classes",
         .type = Type::integer,
         .value = "N",
         .help = "let each demand choose among its N best classes of equal resources; 0: among all",
         .fallback = "64"},
};
constexpr std::array kAssignExamples{
    Example{"cpfind assign --resources offers.ndjson demands.ndjson",
            "Gives each demand of a file its nodes, at the least cost for all together."},
    Example{
        "cpfind --limit 0 | cpfind assign --resources - --share physics=2 --share ai=1 d.ndjson",
        "Of everything that is known, two thirds for one group and one for the other."},
};

constexpr std::array kCommands{
    Command{
        .name = "query",
        .summary = "find offers that fulfil a demand",
        .description =
            "Asks every source for resources that fulfil the demand, and prints them as offers "
            "(cp.offer), the best first, with a closing answer (cp.answer) that says how many "
            "matched, how many could not be judged, and what each source said.\n\n"
            "The sources are this machine's registry, as registry:local, the catalogs that were "
            "imported, and what cpfind sources add has added. What is not known of a resource is "
            "neither true nor false: it is left "
            "out, and counted, unless --include-unknown is given. Amounts are for one node. Prices "
            "in another currency than the one that is asked for are not known.\n\n"
            "The exit status is 1 when nothing is found.",
        .flags = kQueryFlags,
        .examples = kQueryExamples,
        .run = query},
    Command{
        .name = "import",
        .summary = "read catalogs into the cache",
        .description =
            "Reads each FILE (- is standard input) into the cache as a source: documents of our "
            "own (cp.resource, cp.offer) one a line, SkyPilot's vms.csv of schema v5 to v8, "
            "SpareCores' servers.ndjson, a TOP500 list as CSV, the topology of the Open Science "
            "Grid "
            "(its directory, or one file of it). An import replaces what the source had before, "
            "whole or not at all.\n\n"
            "Each faulty row is told with its line and its rule, and kept out or put right as the "
            "rule says (FAULTS below). Prints a cp.source for each file.",
        .flags = kImportFlags,
        .operand =
            {.name = "FILE", .help = "a catalog", .least = 1, .most = -1, .type = Type::file},
        .examples = kImportExamples,
        .run = import},
    Command{
        .name = "sources",
        .summary = "add, list, refresh and forget what is asked",
        .description =
            "sources, and sources list, show what a query asks: kind, rows, faults, age and "
            "status.\n\n"
            "sources add URL adds a source and asks it for the first time. URL is a catalog, as a "
            "path or https://..., which is read into the cache now and by sources refresh; or a "
            "provider, which a query asks when its last answer is older than --max-age: exec:NAME "
            "(PROGRAMS below), slurm:, slurm+ssh://HOST, local:. Each source has a deadline of its "
            "own: no other one waits for it longer.\n\n"
            "sources refresh asks all that were added anew, or those that are named, and prints a "
            "cp.source for each. One that fails keeps what is known of it. sources remove NAME "
            "forgets one, also an imported one.",
        .flags = kSourcesFlags,
        .operand = {.name = "ACTION [NAME|URL]",
                    .help = "add, list, refresh or remove, and which",
                    .least = 0,
                    .most = -1,
                    .complete = "source"},
        .examples = kSourcesExamples,
        .run = sources},
    Command{
        .name = "watch",
        .summary = "tell when a demand can be satisfied, or for less",
        .description =
            "Looks again and again, and prints an offer (cp.offer with an event) when the demand "
            "can be satisfied and could not before, when the cheapest offer costs less than at the "
            "look before, and when its price has become known. The first look tells what can be "
            "had now. On a terminal an event is a line; a pipe gets documents as they come, and "
            "the closing answer (cp.answer) at the end.\n\n"
            "All that a query asks is asked, as it stands at each look: registries, catalogs that "
            "were imported meanwhile, providers whose last answer is older than their age limit. A "
            "source that fails is told once and asked again; what it offered is not taken for "
            "gone.\n\n"
            "The exit status is 0 when --count offers came, or without --count one at least; 1 "
            "when --timeout passed first.",
        .flags = kWatchFlags,
        .examples = kWatchExamples,
        .run = watch},
    Command{.name = "fields",
            .summary = "list the names for --where and --sort",
            .description = "Lists the fields that expressions and sort keys know: their type, the "
                           "document and path they are read from, and what they mean.",
            .examples = kFieldsExamples,
            .run = fields},
    Command{
        .name = "assign",
        .summary = "give many demands their nodes of many resources",
        .description =
            "Reads demands (cp.demand) from FILE or standard input, and distributes the nodes of "
            "the resources among them: as many demands as can be served, those of the highest "
            "priority first, at the least cost for all together (a minimum-cost flow). Prints a "
            "cp.assignment for each demand, in their order: what it got, or why it got nothing "
            "(no_match, too_dear, no_capacity, not_whole); and a closing cp.answer.\n\n"
            "Nodes are given away whole, and a demand gets all of its nodes or none; they lie in "
            "one resource where there is room. A demand's priority and owner stand in it. "
            "Resources that differ in their names alone are one class, and each demand chooses "
            "among its best classes (--classes). See ASSIGNMENT below.\n\n"
            "The exit status is 1 when a demand got nothing.",
        .flags = kAssignFlags,
        .operand = {.name = "FILE", .help = "demands", .least = 0, .most = -1, .type = Type::file},
        .examples = kAssignExamples,
        .run = assign},
    Command{
        .name = "gpus",
        .summary = "list the accelerators that have names here, or name some",
        .description =
            "Lists the accelerators of the built-in table as cp.accelerator documents: names, "
            "aliases, form factor, year, memory, bandwidth, peak rates by number format without "
            "sparsity, interconnect; each figure with its source and date. What no source says is "
            "left out. NAME is a model or a family in any spelling.\n\n"
            "With --normalise it says for each NAME, or each line of standard input, what it is "
            "called here, and of what products it leaves the choice open. A name that the table "
            "does not have is told with the nearest one that it has.\n\n"
            "The exit status is 1 when nothing fulfils the conditions, and 66 when the table does "
            "not have a name.",
        .flags = kGpusFlags,
        .operand = {.name = "NAME", .help = "an accelerator", .least = 0, .most = -1},
        .examples = kGpusExamples,
        .run = gpus},
};

constexpr std::array kSettings{
    Setting{"money.currency", "", "the currency of money that is written without one"},
};

}  // namespace

const Tool& tool() {
  static constexpr Tool kTool{
      .name = "cpfind",
      .summary = "find computing resources that fit, and what they cost",
      .description =
          "cpfind answers which resources fit a demand, at what price, and whether they are "
          "free now. It asks this machine's registry, catalogs and providers; offers go to "
          "cpprobe rank and cprun run.",
      .commands = kCommands,
      .default_command = "query",
      .settings = kSettings};
  return kTool;
}

}  // namespace cpfind
