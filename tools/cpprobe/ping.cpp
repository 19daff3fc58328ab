// SPDX-License-Identifier: Apache-2.0
#include "base/units.hpp"
#include "cli/context.hpp"
#include "cli/progress.hpp"
#include "probe/network.hpp"
#include "probe/prober.hpp"
#include "probe/reflector.hpp"
#include "probe/target.hpp"
#include "probe/threshold.hpp"
#include "resolving.hpp"
#include "summary.hpp"
#include "tool.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <variant>
#include <vector>

namespace cpprobe {
namespace {

using cp::Errc;
using cp::Error;
using cp::Result;
using cp::cli::Context;
using cp::model::Json;
using cp::net::Endpoint;
using cp::probe::Measurement;
using cp::probe::Outcome;
using cp::probe::Plan;
using cp::probe::ResourceName;
using cp::probe::Threshold;

constexpr std::array kPingColumns{cp::cli::Column{"P50", "rtt.p50_ns", cp::cli::Show::nanoseconds}};

Plan plan_of(const cp::cli::Arguments& given) {
  Plan plan;
  plan.count = static_cast<std::uint64_t>(given.integer("count").value_or(0));
  plan.interval = *given.duration("interval");
  plan.size = static_cast<std::size_t>(*given.bytes("size"));
  plan.timeout = *given.duration("timeout");
  return plan;
}

Result<std::vector<Threshold>> thresholds_of(const cp::cli::Arguments& given) {
  std::vector<Threshold> thresholds;
  for (const std::string& text : given.texts("fail-if")) {
    CP_TRY_ASSIGN(Threshold threshold, Threshold::parse(text));
    thresholds.push_back(std::move(threshold));
  }
  return thresholds;
}

std::string progress_text(const Outcome& outcome) {
  const std::string mean =
      outcome.received == 0
          ? ""
          : fmt::format(", round trip {} on average", cp::units::show_duration(outcome.rtt.mean()));
  return fmt::format("{} sent, {} answered, {} lost{}", outcome.sent, outcome.received,
                     outcome.lost, mean);
}

bool is_refused(const Measurement& measurement) {
  return !measurement.verdict.reasons.empty() && measurement.verdict.reasons.front() == "refused";
}

// A name may stand for several addresses of which only one is listened on.
Result<Measurement> measure_first(const std::string& target, const std::vector<Endpoint>& peers,
                                  const Plan& plan, Context& context, const std::stop_token& stop) {
  cp::cli::Progress progress("probing", context.terminal(), context.clock());
  const auto watch = [&](const Outcome& outcome) { progress.update(progress_text(outcome)); };
  const cp::probe::ProbeContext world{context.clock(), context.random(), stop};
  for (std::size_t i = 0;; ++i) {
    auto measured = cp::probe::measure(target, peers[i], plan, world, watch);
    const bool is_in_vain =
        measured ? is_refused(*measured) : measured.error().code == Errc::unavailable;
    if (!is_in_vain || i + 1 == peers.size()) {
      return measured;
    }
  }
}

Result<Measurement> measure_host(const cp::net::HostPort& host, const Plan& plan, Context& context,
                                 const std::stop_token& stop) {
  CP_TRY_ASSIGN(const std::vector<Endpoint> peers, cp::net::resolve(host));
  return measure_first(cp::probe::to_url(host), peers, plan, context, stop);
}

Error no_access(const std::string& name, const std::string& reason) {
  if (reason == "no_probe_access") {
    return {Errc::unavailable, name + ": its record names no stamp:// access", {}};
  }
  return {Errc::denied, fmt::format("{}: {}", name, reason), "cpid resolve says why"};
}

// Loopback only where the record names no reflector that answers.
Result<Measurement> measure_resource(const std::string& name, const Plan& plan, Context& context,
                                     const std::stop_token& stop) {
  CP_TRY_ASSIGN(const auto resolver, open_resolver(context));
  const cp::probe::ProbeContext world{context.clock(), context.random(), stop};
  cp::probe::Network network(resolver.get(), false, plan, world);
  CP_TRY_ASSIGN(const cp::probe::ProbeAccess access, network.access_to(name));
  if (!access.reason.empty()) {
    return tl::unexpected<Error>(no_access(name, access.reason));
  }
  for (const cp::net::HostPort& host : access.reflectors) {
    CP_TRY_ASSIGN(const std::vector<Endpoint> peers, cp::net::resolve(host));
    if (!cp::probe::may_probe(peers.front().address, access.is_own)) {
      return fail(Errc::denied, "{}: {} is no address that its record may name", name,
                  cp::probe::to_url(host));
    }
    const bool is_last = &host == &access.reflectors.back() && !access.is_this_machine;
    auto measured = measure_first(cp::probe::to_url(host), {peers.front()}, plan, context, stop);
    if (is_last || (measured && measured->outcome.received > 0) || stop.stop_requested()) {
      return measured;
    }
  }
  return cp::probe::measure_this_machine(plan, world);
}

std::string hint_for_silence(const Measurement& measurement) {
  if (measurement.plan.size > cp::probe::Reflector::kLongest) {
    return fmt::format("cpprobe serve answers packets of at most {} bytes: take a smaller --size",
                       cp::probe::Reflector::kLongest);
  }
  return "does a STAMP reflector run there, and does it answer this address (--allow)?";
}

Error error_of(const Measurement& measurement) {
  const std::string& target = measurement.target;
  const std::string& reason = measurement.verdict.reasons.front();
  const Outcome& outcome = measurement.outcome;
  if (reason == "refused") {
    return {Errc::unavailable, target + ": connection refused: nobody listens there",
            "on that host, run cpprobe serve"};
  }
  if (reason == "cannot_send") {
    return {Errc::unavailable,
            fmt::format("{}: {}", target, outcome.error ? outcome.error->message : "cannot send"),
            {}};
  }
  if (reason == "no_answer") {
    return {Errc::timed_out,
            fmt::format("{}: no answer to {} packet{}", target, outcome.sent,
                        outcome.sent == 1 ? "" : "s"),
            hint_for_silence(measurement)};
  }
  if (reason == "host_overload") {
    return {Errc::timed_out,
            fmt::format("{}: this host was too busy: {} of {} packets were never sent", target,
                        outcome.missed, outcome.planned),
            "take a longer --interval, or try again when the host is idle"};
  }
  return {Errc::timed_out, fmt::format("{}: the measurement is not valid: {}", target, reason), {}};
}

int judge(Context& context, const Json& record, const std::vector<Threshold>& thresholds) {
  int status = 0;
  for (const Threshold& threshold : thresholds) {
    if (const auto failure = threshold.failure(record)) {
      context.warn(*failure);
      status = 1;
    }
  }
  return status;
}

}  // namespace

Result<int> ping(Context& context) {
  const cp::cli::Arguments& given = context.arguments();
  const Plan plan = plan_of(given);
  CP_TRY(cp::probe::check_plan(plan));
  CP_TRY_ASSIGN(const std::vector<Threshold> thresholds, thresholds_of(given));
  CP_TRY_ASSIGN(const cp::probe::Target target, cp::probe::parse_target(given.operands().front()));
  const std::stop_token stop = context.stop_on_signals();
  const auto* const host = std::get_if<cp::net::HostPort>(&target);
  CP_TRY_ASSIGN(const Measurement measurement,
                host != nullptr
                    ? measure_host(*host, plan, context, stop)
                    : measure_resource(std::get<ResourceName>(target).name, plan, context, stop));

  const Json record = cp::probe::to_json(measurement);
  cp::cli::Output& output = context.output(kPingColumns);
  if (output.form() == cp::cli::Output::Form::table) {
    print_summary(output, record, context.terminal().output_colour);
  } else {
    output.record(record);
  }
  if (context.stop_signal() != 0) {
    return 128 + context.stop_signal();
  }
  if (!measurement.verdict.is_valid) {
    const Error error = error_of(measurement);
    context.warn(error);
    return cp::exit_status(error.code);
  }
  return judge(context, record, thresholds);
}

}  // namespace cpprobe
