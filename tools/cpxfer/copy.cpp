// SPDX-License-Identifier: Apache-2.0
#include "base/paths.hpp"
#include "base/text.hpp"
#include "cli/context.hpp"
#include "cpxfer.hpp"
#include "known.hpp"
#include "model/json.hpp"
#include "named_places.hpp"
#include "reach.hpp"
#include "screen.hpp"
#include "selection.hpp"
#include "transfer/transfer.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <csignal>
#include <unistd.h>

namespace cpxfer {
namespace {

using cp::cli::Column;
using cp::cli::Context;
using cp::cli::Show;
namespace transfer = cp::transfer;

constexpr std::array kCopyColumns{Column{"STATE", "state", Show::verdict},
                                  Column{"FILES", "files.done", Show::count},
                                  Column{"FAILED", "files.failed", Show::count},
                                  Column{"BYTES", "bytes.moved", Show::bytes},
                                  Column{"WIRE", "bytes.wire", Show::bytes},
                                  Column{"TIME", "duration_s", Show::seconds},
                                  Column{"RATE", "rate_bps", Show::rate},
                                  Column{"BOTTLENECK", "bottleneck"},
                                  Column{"DIGEST", "digest.value"}};

constexpr std::array kPlanColumns{Column{"FILES", "files.total", Show::count},
                                  Column{"STAY", "files.skipped", Show::count},
                                  Column{"BYTES", "bytes.total", Show::bytes}};

transfer::Durability durability_of(std::string_view text) {
  return text == "file"   ? transfer::Durability::file
         : text == "end"  ? transfer::Durability::end
         : text == "none" ? transfer::Durability::none
                          : transfer::Durability::batch;
}

cp::Result<transfer::Preserve> preserve_of(std::string_view list) {
  transfer::Preserve preserve;
  for (const std::string_view word : cp::text::split(list, ',')) {
    if (const auto added = list.empty() ? cp::Result<void>() : add_word(preserve, word); !added) {
      return cp::fail(added.error().code, "--preserve: {}", added.error().message);
    }
  }
  return preserve;
}

cp::Result<transfer::Compression> compression_of(std::string_view text) {
  auto compression = transfer::parse_compression(text);
  return compression ? std::move(compression)
                     : cp::fail(compression.error().code, "--compress: {}, not '{}'",
                                compression.error().message, text);
}

cp::Result<transfer::Request> request_of(const Context& context) {
  const cp::cli::Arguments& arguments = context.arguments();
  transfer::Request request;
  request.sources = arguments.operands();
  request.destination = request.sources.back();
  request.sources.pop_back();
  request.input = STDIN_FILENO;
  request.output = STDOUT_FILENO;
  if (arguments.has("no-target-directory")) {
    request.placement = transfer::Placement::exact;
  }
  CP_TRY_ASSIGN(request.selection, selection_of(arguments, context.clock()));
  CP_TRY_ASSIGN(request.preserve, preserve_of(arguments.text("preserve").value_or("")));
  request.preserve.numeric_ids = arguments.has("numeric-ids");
  request.sync = {.update = arguments.has("update"), .checksum = arguments.has("checksum")};
  if (arguments.has("ignore-errors") && !arguments.has("delete")) {
    return cp::fail(cp::Errc::usage, "--ignore-errors says something about --delete alone");
  }
  request.deletion = !arguments.has("delete")         ? transfer::Deletion::none
                     : arguments.has("ignore-errors") ? transfer::Deletion::always
                                                      : transfer::Deletion::unless_failed;
  request.durability = durability_of(arguments.text("durability").value_or(""));
  request.reads_back = arguments.text("verify") == "readback";
  request.dry_run = arguments.has("dry-run");
  CP_TRY(read_reach(arguments, request));
  CP_TRY(read_data_way(arguments, request));
  CP_TRY(resolve_named_places(context, request));
  request.retry = arguments.duration("retry").value_or(request.retry);
  if (const auto compress = arguments.text("compress")) {
    CP_TRY_ASSIGN(request.compression, compression_of(*compress));
  }
  return request;
}

// An interrupted transfer ends by its signal, so that a shell's loop ends, too.
int status_of(const Context& context, const cp::Error& failure, const cp::model::Json& record) {
  if (const int signal = context.stop_signal(); signal != 0) {
    return 128 + signal;
  }
  return record.at("state") == "partial" ? 1 : cp::exit_status(failure.code);
}

}  // namespace

cp::Result<int> copy(Context& context) {
  CP_TRY_ASSIGN(transfer::Request request, request_of(context));
  // Bytes that go to standard output leave no room for a record beside them.
  const bool has_output =
      request.dry_run || !request.is_to_stream() || context.arguments().has("output");
  auto& output = context.output(request.dry_run ? std::span<const Column>(kPlanColumns)
                                                : std::span<const Column>(kCopyColumns));
  // A file-size limit is an error of that file like a full disk, not the end of the process.
  std::signal(SIGXFSZ, SIG_IGN);
  const auto stop = context.stop_on_signals();
  request.resume = !context.arguments().has("no-resume") && !request.has_stream();
  // Without one, what is done is forgotten.
  if (const auto paths = cp::paths_from_environment(); paths && request.resume) {
    request.archive = cp::path_join(paths->state, "transfers/done");
  }
  const auto entry =
      request.resume && !request.dry_run ? begin_entry(context, request) : std::nullopt;
  const auto record = [&] {
    Screen screen(context, "moving", "cannot move", has_output);
    return transfer::run(request, screen, stop);
  }();
  if (!record) {
    // Nothing was begun, and there is nothing to go on with but what an earlier one left.
    if (const auto catalog = catalog_of(context); catalog && entry && entry->id().empty()) {
      catalog->forget(request.id);
    }
    return tl::unexpected<cp::Error>(record.error());
  }
  if (entry) {
    entry->write(*record);
  }
  if (has_output) {
    output.record(*record);
  }
  auto failure = transfer::failure_of(*record);
  if (!failure) {
    return 0;
  }
  if (entry && failure->code == cp::Errc::timed_out) {
    failure->hint = "cpxfer resume " + cp::model::text_at(*record, "id").value_or("");
  }
  context.warn(*failure);
  return status_of(context, *failure, *record);
}

}  // namespace cpxfer
