// SPDX-License-Identifier: Apache-2.0
// A tool that has one of everything, for the tests of the command-line frame.
#include "cli/context.hpp"

#include <nlohmann/json.hpp>

#include <array>

namespace {

using cp::Result;
using cp::cli::Command;
using cp::cli::Context;
using cp::cli::Flag;
using cp::cli::Show;
using cp::cli::Type;
using cp::model::Json;

constexpr std::array kShowFlags{
    Flag{"count", 'c', Type::integer, "N", "print N records", {}, "1", "cpsample.count"},
    Flag{"size", 0, Type::bytes, "SIZE", "a size"},
    Flag{"price", 0, Type::money, "MONEY", "a price"},
    Flag{"kind", 0, Type::choice, "KIND", "a kind", "good|bad"},
    Flag{"tag", 't', Type::text, "TAG", "a tag", {}, {}, {}, "tag", true},
    Flag{.name = "closed", .help = "let nobody in", .setting = "cpsample.closed"},
    cp::cli::flags::dry_run,
};
constexpr std::array kColumns{cp::cli::Column{"NAME", "name"},
                              cp::cli::Column{"N", "n", Show::count},
                              cp::cli::Column{"STATE", "state", Show::verdict}};

Result<int> show(Context& context) {
  const auto& given = context.arguments();
  auto& out = context.output(kColumns);
  for (std::int64_t i = 0; i < *given.integer("count"); ++i) {
    Json record{
        {"schema", "cp.sample/1"}, {"name", "r" + std::to_string(i)}, {"n", i}, {"state", "ok"}};
    record["operands"] = given.operands();
    record["tags"] = given.texts("tag");
    if (given.has("closed")) {
      record["closed"] = true;
    }
    if (const auto price = given.price("price")) {
      record["price"] = price->money.to_string() + "/" + price->unit;
    }
    out.record(record);
  }
  return 0;
}

// Prints each word of the job behind its length, so that no word can pass for another.
Result<int> job(Context& context) {
  for (const std::string& word : context.arguments().job()) {
    context.output().raw_line(std::to_string(word.size()) + ":" + word);
  }
  return 0;
}

Result<int> copy(Context& context) {
  auto reader = context.open_documents(context.arguments().operands());
  while (true) {
    CP_TRY_ASSIGN(auto document, reader.next());
    if (!document) {
      return 0;
    }
    if (document->contains("fail")) {
      context.item_failed({cp::Errc::not_found, "an item that is not there", "look elsewhere"},
                          "item");
      continue;
    }
    context.output(kColumns).record(*document);
  }
}

Result<int> wait(Context& context) {
  const auto stop = context.stop_on_signals();
  context.output().raw_line("ready");
  CP_TRY(context.output().flush());
  for (int i = 0; i < 2000 && !stop.stop_requested(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  context.note("cleaned up");
  return 128 + context.stop_signal();
}

std::vector<std::string> words(Context& /*context*/, std::string_view /*kind*/) {
  return {"plain", "$(touch pwned)", "`touch pwned`", "two words",
          "it's",  "a;touch pwned",  "line\nbreak"};
}

constexpr std::array kCommands{
    Command{"show",
            "print records",
            "Prints records.\n\nA second paragraph.",
            kShowFlags,
            {.name = "TAG", .help = "words", .most = -1, .complete = "tag"},
            false,
            {},
            show},
    Command{"job", "print a job's words", "Prints a job's words.", {}, {}, true, {}, job},
    Command{"copy",
            "copy documents",
            "Copies documents.",
            {},
            {.name = "FILE", .help = "JSON", .most = -1, .type = Type::file},
            false,
            {},
            copy},
    Command{"wait", "wait for a signal", "Waits.", {}, {}, false, {}, wait},
    Command{.name = "other",
            .summary = "end as somebody else does",
            .description = "Fails with a status of its own.",
            .run = [](Context&) -> Result<int> { return cp::fail(cp::Errc::io, "no luck"); },
            .error_status = 125},
};
constexpr cp::cli::Tool kTool{.name = "cpsample",
                              .summary = "have one of everything",
                              .description = "A tool for tests.",
                              .commands = kCommands,
                              .complete = words};

}  // namespace

int main(int argc, char** argv) { return cp::cli::run_tool(kTool, argc, argv); }
