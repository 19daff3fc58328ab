// SPDX-License-Identifier: Apache-2.0
#include "transfer/transfer.hpp"

#include "base/file.hpp"
#include "base/random.hpp"
#include "base/thread.hpp"
#include "model/json.hpp"
#include "transfer/carry_out.hpp"
#include "transfer/dry_run.hpp"
#include "transfer/endpoint.hpp"
#include "transfer/errors.hpp"
#include "transfer/limits.hpp"
#include "transfer/run_local.hpp"
#include "transfer/run_remote.hpp"
#include "transfer/third_party.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace cp::transfer {
namespace {

Result<void> check(const Request& request) {
  if (request.sources.empty()) {
    return fail(Errc::usage, "a source is missing");
  }
  if (request.placement == Placement::exact && request.sources.size() != 1) {
    return fail(Errc::usage, "only one source can take the destination's name");
  }
  if (request.selection.names && request.sources.size() != 1) {
    return fail(Errc::usage, "names are those below one source");
  }
  if (request.selection.names && request.deletion != Deletion::none) {
    return fail(Errc::usage, "a list of names does not say what may be deleted");
  }
  if (request.streams < 0 || request.streams > limits::streams) {
    return fail(Errc::usage, "there may be 1 to {} streams", limits::streams);
  }
  return {};
}

bool selects(const Selection& selection) {
  return selection.names || selection.newer_than_s || !selection.filter.rules().empty();
}

Result<void> check_streams(const Request& request, const Location& destination) {
  if (std::ranges::count(request.sources, "-") != 0 && !request.is_from_stream()) {
    return fail(Errc::usage, "a stream is the only source, or none");
  }
  if (!request.has_stream()) {
    return {};
  }
  if (request.is_from_stream() && request.is_to_stream()) {
    return with_hint(fail(Errc::usage, "both ends are streams: one of them has to be a file"),
                     "cat hands a stream on; name a file to keep it, or to read it from");
  }
  if (request.is_from_stream() ? request.input < 0 : request.output < 0) {
    return fail(Errc::unavailable, "there is no stream for -; ./- is a file of that name");
  }
  if (request.sync.any() || request.deletion != Deletion::none || selects(request.selection)) {
    return fail(Errc::usage,
                "of a stream nothing is chosen, compared or deleted: it is one file as it comes");
  }
  if (request.is_to_stream() && request.reads_back) {
    return fail(Errc::usage, "what goes to a stream cannot be read back");
  }
  if (request.is_to_stream() && request.sources.size() != 1) {
    return fail(Errc::usage, "one file goes to a stream, not {}", request.sources.size());
  }
  if (request.is_from_stream() && parse_operand(destination.path).means_contents) {
    return fail(Errc::usage, "{}: a stream has no name: it takes that of the destination",
                request.destination);
  }
  return {};
}

Result<std::vector<Location>> locations_of(const Request& request) {
  std::vector<Location> locations;
  for (const std::string& source : request.sources) {
    CP_TRY_ASSIGN(Location location, parse_location(source));
    if (!locations.empty() && location.is_remote() != locations.front().is_remote()) {
      return fail(Errc::usage, "the sources are partly here and partly at a server");
    }
    locations.push_back(std::move(location));
  }
  return locations;
}

// Whether the user has said all that reaching SERVER needs.
Result<void> check_far_end(const Request& request, const Location& server) {
  if (server.kind == Place::ssh && !request.ssh && request.relay == nullptr) {
    return fail(Errc::unavailable, "{}: nothing goes through ssh here", server.server());
  }
  return {};
}

Result<void> check_reach(const Request& request, const Location& source,
                         const Location& destination) {
  const bool are_two_hosts = source.kind == Place::ssh && destination.kind == Place::ssh;
  const bool asks = request.reverse || !request.data_host.empty();
  return are_two_hosts || request.relay != nullptr || !asks
             ? Result<void>()
             : fail(Errc::usage, "--data-host and --reverse are about two hosts that ssh reaches");
}

Result<std::vector<Source>> sources_here(const Request& request, const Location& destination) {
  if (!request.is_from_stream()) {
    return open_sources(request.sources, request.placement);
  }
  std::vector<Source> sources;
  sources.push_back(stream_source(request.input, std::string(base_name(destination.path))));
  return sources;
}

std::string make_id() {
  KernelRandom random;
  return "t-" + make_ulid(SystemClock().now(), random);
}

Errc gravest_of(const model::Json& failed) {
  std::optional<Errc> gravest;
  for (const auto& item : failed) {
    const Errc code = kind_of_name(model::text_at(item, "code").value_or("failed"));
    gravest = gravest ? graver(*gravest, code) : code;
  }
  return gravest.value_or(Errc::failed);
}

Result<void> carry_out_here(const Request& request, Report& report, const std::stop_token& stop) {
  CP_TRY(check(request));
  CP_TRY_ASSIGN(const Location destination, parse_location(request.destination));
  CP_TRY(check_streams(request, destination));
  CP_TRY_ASSIGN(const auto locations, locations_of(request));
  const bool is_pull = locations.front().is_remote();
  CP_TRY(check_far_end(request, locations.front()));
  CP_TRY(check_far_end(request, destination));
  CP_TRY(check_reach(request, locations.front(), destination));
  if (is_pull) {
    return destination.is_remote() ? run_third_party(request, locations, destination, report, stop)
                                   : run_pull(request, locations, report, stop);
  }
  CP_TRY_ASSIGN(const auto sources, sources_here(request, destination));
  if (destination.is_remote()) {
    return run_push(request, sources, destination, report, stop);
  }
  return request.dry_run ? show_local(request, sources, report, stop)
                         : run_local(request, sources, report, stop);
}

}  // namespace

Result<void> carry_out(const Request& request, Report& report, std::stop_token stop) {
  return within_means([&] { return carry_out_here(request, report, stop); });
}

Result<model::Json> run(const Request& request, Observer& observer, std::stop_token stop) {
  Report report(request, observer, request.id.empty() ? make_id() : request.id);
  CP_TRY(carry_out(request, report, std::move(stop)));
  return report.finish();
}

std::optional<Error> failure_of(const model::Json& record) {
  const std::string state = model::text_at(record, "state").value_or("");
  if (state == "done" || (state == "planned" && model::int_at(record, "files.failed") == 0)) {
    return std::nullopt;
  }
  if (const auto message = model::text_at(record, "error.message")) {
    return Error{kind_of_name(model::text_at(record, "error.code").value_or("failed")), *message,
                 model::text_at(record, "error.hint").value_or("")};
  }
  const auto count = model::int_at(record, "files.failed").value_or(0);
  const auto total = model::int_at(record, "files.total").value_or(0);
  const auto* failed = model::find(record, "failed");
  const Errc code = state == "partial" || failed == nullptr ? Errc::failed : gravest_of(*failed);
  // Directories and what was to be deleted fail, too, and are no files.
  return Error{code,
               count <= total ? fmt::format("{} of {} items failed", count, total)
                              : fmt::format("{} items failed", count),
               {}};
}

}  // namespace cp::transfer
