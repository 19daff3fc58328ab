// SPDX-License-Identifier: Apache-2.0
#include "probe/prober.hpp"

#include "probe/reflector.hpp"
#include "probe/udp_wire.hpp"

#include <algorithm>
#include <thread>

namespace cp::probe {
namespace {

constexpr std::uint64_t kUnansweredAtMost = 3;
constexpr int kAttempts = 3;

std::uint16_t random_session(Random& random) {
  std::uint16_t id = 0;
  while (id == 0) {
    random.fill(std::as_writable_bytes(std::span(&id, 1)));
  }
  return id;
}

bool was_too_busy(const Measurement& measurement) {
  return std::ranges::find(measurement.verdict.reasons, "host_overload") !=
         measurement.verdict.reasons.end();
}

Measurement finish(const std::string& target, const net::Endpoint& peer, const UdpWire& wire,
                   const Plan& plan, const ProbeContext& context, Outcome outcome) {
  Verdict verdict = judge(outcome);
  std::optional<Score> score = verdict.is_valid ? score_of(outcome) : std::nullopt;
  const auto local = wire.local();
  return {"m-" + make_ulid(outcome.started, context.random),
          target,
          peer,
          local ? std::optional(*local) : std::nullopt,
          plan,
          read_clock_state(),
          std::move(outcome),
          std::move(verdict),
          std::move(score)};
}

}  // namespace

Result<Measurement> measure(const std::string& target, const net::Endpoint& peer, const Plan& plan,
                            const ProbeContext& context, const Session::Watch& watch) {
  CP_TRY(check_plan(plan));
  CP_TRY_ASSIGN(UdpWire wire, UdpWire::open(peer, context.clock, context.stop));
  Session session(plan, random_session(context.random), wire, context.clock);
  return finish(target, peer, wire, plan, context, session.run(context.stop, watch));
}

Result<Measurement> measure_gently(const std::string& target, const net::Endpoint& peer,
                                   const Plan& plan, const ProbeContext& context) {
  CP_TRY(check_plan(plan));
  CP_TRY_ASSIGN(UdpWire wire, UdpWire::open(peer, context.clock, context.stop));
  const std::uint16_t session_id = random_session(context.random);
  Plan first = plan;
  first.count = kUnansweredAtMost;
  first.interval = plan.timeout / kUnansweredAtMost;
  first.until_first_reply = true;
  Outcome contact = Session(first, session_id, wire, context.clock).run(context.stop);
  if (contact.received == 0) {
    return finish(target, peer, wire, first, context, std::move(contact));
  }
  Plan patient = plan;
  for (int attempt = 1;; ++attempt) {
    Session session(patient, session_id, wire, context.clock);
    Measurement measurement =
        finish(target, peer, wire, patient, context, session.run(context.stop));
    if (attempt == kAttempts || context.stop.stop_requested() || !was_too_busy(measurement)) {
      return measurement;
    }
    patient.interval *= 2;
  }
}

Result<Measurement> measure_this_machine(const Plan& plan, const ProbeContext& context) {
  const net::Endpoint anywhere{net::IpAddress::loopback(net::Family::ipv4), 0};
  CP_TRY_ASSIGN(const auto reflector, Reflector::open(anywhere, {}, context.clock, context.random));
  const std::jthread thread([&](const std::stop_token& stop) { (void)reflector->run(stop); });
  return measure_gently("stamp://" + reflector->local().to_string(), reflector->local(), plan,
                        context);
}

}  // namespace cp::probe
