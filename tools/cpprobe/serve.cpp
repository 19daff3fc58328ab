// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "cli/context.hpp"
#include "net/host_port.hpp"
#include "probe/reflector.hpp"
#include "probe/target.hpp"
#include "tool.hpp"

#include <algorithm>
#include <memory>
#include <thread>
#include <vector>

namespace cpprobe {
namespace {

using cp::Errc;
using cp::Result;
using cp::cli::Context;
using cp::probe::Admission;
using cp::probe::Reflector;
using cp::probe::ReflectorCounts;
using Reflectors = std::vector<std::unique_ptr<Reflector>>;

Result<Admission::Rules> rules_of(const cp::cli::Arguments& given) {
  Admission::Rules rules;
  for (const std::string& text : given.texts("allow")) {
    CP_TRY_ASSIGN(const cp::net::Network network, cp::net::Network::parse(text));
    rules.allow.push_back(network);
  }
  if (const auto pps = given.integer("limit-pps")) {
    rules.source.packets_per_s = static_cast<double>(*pps);
  }
  if (const auto rate = given.rate_bps("limit-rate")) {
    rules.source.bytes_per_s = *rate / 8;
  }
  rules.limits_loopback = given.has("limit-pps") || given.has("limit-rate");
  return rules;
}

Result<Reflectors> open_all(Context& context, const Admission::Rules& rules) {
  Reflectors reflectors;
  for (const std::string& text : context.arguments().texts("listen")) {
    CP_TRY_ASSIGN(const cp::net::HostPort host,
                  cp::net::parse_host_port(text, cp::probe::kOwnPort));
    CP_TRY_ASSIGN(const std::vector<cp::net::Endpoint> endpoints, cp::net::resolve(host));
    CP_TRY_ASSIGN(auto reflector,
                  Reflector::open(endpoints.front(), rules, context.clock(), context.random()));
    reflectors.push_back(std::move(reflector));
  }
  return reflectors;
}

Result<void> announce(Context& context, const Reflectors& reflectors,
                      const Admission::Rules& rules) {
  const bool is_plain = context.output().form() == cp::cli::Output::Form::plain;
  for (const auto& reflector : reflectors) {
    const std::string url = "stamp://" + reflector->local().to_string();
    if (is_plain) {
      context.output().raw_line(url);
    }
    context.note("listening on " + url);
    if (!reflector->local().address.is_loopback() && rules.allow.empty()) {
      context.warn(cp::Error{Errc::usage, url + " answers this machine alone",
                             "name the networks that it shall answer with --allow CIDR"});
    }
  }
  return context.output().flush();
}

void report(Context& context, const Reflectors& reflectors) {
  ReflectorCounts sum;
  for (const auto& reflector : reflectors) {
    const ReflectorCounts counts = reflector->counts();
    sum.answered += counts.answered;
    sum.unsent += counts.unsent;
    for (std::size_t i = 0; i < cp::probe::kDrops; ++i) {
      sum.dropped[i] += counts.dropped[i];
    }
  }
  std::vector<std::string> parts{fmt::format("answered {}", sum.answered)};
  if (sum.unsent > 0) {
    parts.push_back(fmt::format("could not send {}", sum.unsent));
  }
  for (std::size_t i = 0; i < cp::probe::kDrops; ++i) {
    if (sum.dropped[i] > 0) {
      parts.push_back(fmt::format("dropped {} ({})", sum.dropped[i],
                                  cp::probe::name_of(static_cast<cp::probe::Drop>(i))));
    }
  }
  context.note(cp::text::join(parts, ", "));
}

}  // namespace

Result<int> serve(Context& context) {
  CP_TRY_ASSIGN(const Admission::Rules rules, rules_of(context.arguments()));
  CP_TRY_ASSIGN(const Reflectors reflectors, open_all(context, rules));
  const std::stop_token stop = context.stop_on_signals(true);
  CP_TRY(announce(context, reflectors, rules));
  std::vector<Result<void>> results(reflectors.size());
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 1; i < reflectors.size(); ++i) {
      threads.emplace_back([&, i] { results[i] = reflectors[i]->run(stop); });
    }
    results[0] = reflectors[0]->run(stop);
  }
  report(context, reflectors);
  for (const auto& result : results) {
    CP_TRY(result);
  }
  return 0;
}

}  // namespace cpprobe
