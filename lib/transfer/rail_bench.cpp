// SPDX-License-Identifier: Apache-2.0
#include "transfer/rail_bench.hpp"

#include "base/random.hpp"
#include "transfer/at_server.hpp"
#include "transfer/client.hpp"
#include "transfer/far_link.hpp"
#include "transfer/loop_link.hpp"
#include "transfer/measuring.hpp"
#include "transfer/path_plan.hpp"

#include <algorithm>

namespace cp::transfer {
namespace {

// Why streams broke, the other end tells within this time.
constexpr auto kReasonPatience = std::chrono::seconds(1);
constexpr std::int64_t kMeasuringFormat = 4;

std::unique_ptr<Link> bench_link(const BenchRequest& request, bool is_first) {
  if (request.far) {
    return link_to(request.way, *request.far, is_first);
  }
  return std::make_unique<LoopLink>(request.way.seals_always, request.way.silence);
}

Open wish_of(const BenchRequest& request, const RailCase& which,
             std::chrono::nanoseconds round_trip) {
  const std::string path = request.far ? request.far->path : "/";
  const PathPlan plan =
      plan_path({.round_trip = round_trip, .rail = which.rail, .streams = request.way.streams});
  Open open{.direction = which.direction,
            .rail = which.rail,
            .provider = which.provider,
            .streams = plan.streams,
            .window = plan.window,
            .bytes_per_second = request.way.bytes_per_second,
            .measuring = request.time};
  if (which.direction == Direction::push) {
    open.destination = path;
  } else {
    open.sources = {path};
  }
  return open;
}

// The error that the other end has sent, if it does so soon, instead of ERROR.
Error reason_of(Control& control, Error error) {
  const SteadyTime until = SystemClock().steady() + kReasonPatience;
  while (SystemClock().steady() < until && control.stream().wait(until) && control.take_in()) {
    const auto message = control.next();
    if (!message) {
      break;
    }
    if (*message && (*message)->type == MessageType::error) {
      const auto told = decode<SessionError>((*message)->body);
      return told ? told->error : error;
    }
  }
  return error;
}

Result<Effort> carry(const BenchRequest& request, const RailCase& which, Carriers carriers,
                     std::uint32_t window, const std::stop_token& stop) {
  const MeasuringTime time{request.time, request.way.silence};
  if (which.direction == Direction::push) {
    CP_TRY_ASSIGN(auto streams, as_senders(std::move(carriers), window));
    return pour(std::move(streams), time, request.way.bytes_per_second, stop);
  }
  CP_TRY_ASSIGN(auto streams, as_receivers(std::move(carriers), window));
  return swallow(std::move(streams), time, stop);
}

// Streams that ended early would have made a figure of whatever the other end likes.
Result<void> check_length(const Effort& effort, std::chrono::nanoseconds wanted) {
  return effort.bytes == 0 || effort.elapsed < wanted / 2
             ? fail(Errc::protocol, "the other end broke the measurement off")
             : Result<void>();
}

Result<Measured> hear_claim(Control& control, const std::stop_token& stop) {
  const std::stop_callback interrupt(stop, [&] { control.shutdown(); });
  CP_TRY_ASSIGN(const Message message, control.expect(MessageType::measured));
  return decode<Measured>(message.body);
}

Result<std::unique_ptr<Client>> meet(Link& link, const BenchRequest& request,
                                     const std::stop_token& stop) {
  CP_TRY_ASSIGN(auto client, Client::connect(link, request.way.silence, stop));
  if (client->far().format < kMeasuringFormat) {
    return fail(Errc::unavailable, "its cpxfer {} is too old to be measured",
                client->far().version);
  }
  return client;
}

Result<RailFigure> measure_with(Client& client, const BenchRequest& request, const RailCase& which,
                                const std::stop_token& stop) {
  const Open open = wish_of(request, which, client.round_trip());
  CP_TRY_ASSIGN(const Opened opened, client.open(open));
  CP_TRY_ASSIGN(auto carriers, client.connect_rails(opened));
  const std::size_t streams = carriers.size();
  const std::uint32_t window = std::min(open.window, opened.window);
  const auto effort = carry(request, which, std::move(carriers), window, stop);
  if (!effort) {
    return tl::unexpected<Error>(
        stop.stop_requested() ? effort.error() : reason_of(client.control(), effort.error()));
  }
  CP_TRY_ASSIGN(const Measured claim, hear_claim(client.control(), stop));
  CP_TRY(check_length(*effort, request.time));
  CP_TRY(check_claim(claim, *effort, streams, request.way.silence));
  return RailFigure{.effort = *effort,
                    .streams = streams,
                    .provider = opened.place.provider,
                    .encrypted = client.is_sealed() || which.rail == RailChoice::ssh,
                    .far_cpu = std::chrono::nanoseconds(claim.cpu_ns),
                    .far_version = client.far().version};
}

}  // namespace

Result<void> check_claim(const Measured& claim, const Effort& seen, std::size_t streams,
                         std::chrono::nanoseconds patience) {
  if (claim.bytes != seen.bytes) {
    return fail(Errc::protocol, "the other end says that it carried {} bytes, and it was {}",
                claim.bytes, seen.bytes);
  }
  // It may have begun before this end, and ended after it.
  const auto most = static_cast<std::uint64_t>((seen.elapsed + patience).count()) * streams;
  if (claim.cpu_ns > most) {
    return fail(Errc::protocol, "the other end says that it used more of a processor than it had");
  }
  return {};
}

Result<Reached> reach(const BenchRequest& request, bool is_first, const std::stop_token& stop) {
  Reached reached{.link = bench_link(request, is_first), .client = nullptr};
  auto met = meet(*reached.link, request, stop);
  CP_TRY_ASSIGN(reached.client,
                request.far ? at_server(*request.far, std::move(met)) : std::move(met));
  return reached;
}

Result<RailFigure> measure_rail(Reached& reached, const BenchRequest& request,
                                const RailCase& which, const std::stop_token& stop) {
  auto figure = measure_with(*reached.client, request, which, stop);
  return request.far ? at_server(*request.far, std::move(figure)) : std::move(figure);
}

}  // namespace cp::transfer
