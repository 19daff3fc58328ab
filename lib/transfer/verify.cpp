// SPDX-License-Identifier: Apache-2.0
#include "transfer/verify.hpp"

#include "base/thread.hpp"
#include "model/json.hpp"
#include "transfer/counterpart.hpp"
#include "transfer/endpoint.hpp"
#include "transfer/far_sums.hpp"
#include "transfer/landing.hpp"
#include "transfer/murmur.hpp"
#include "transfer/record.hpp"
#include "transfer/report.hpp"
#include "transfer/run_local.hpp"
#include "transfer/sum_talk.hpp"
#include "transfer/tree_sum.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>

namespace cp::transfer {
namespace {

using model::Json;

constexpr int kThreads = 2;

/// Compares each item as it is summed.
class Comparing final : public SumSink {
 public:
  Comparing(Counterpart& counterpart, Tally& tally) : counterpart_(counterpart), tally_(tally) {}

  void begins(const Source& /*source*/, const Entry& entry) override { counterpart_.begin(entry); }
  void summed(const Source& source, const Entry& entry, const std::string& sum) override {
    tree_.add(entry, sum);
    if (const auto same = counterpart_.check(entry, sum); !same) {
      failed(source, entry, same.error());
    }
  }
  void failed(const Source& source, const Entry& entry, const Error& error) override {
    ++different_;
    tally_.failed({.path = source.show(entry.path), .error = error});
  }

  std::uint64_t different() const { return different_; }
  Digest digest() const { return tree_.digest(); }

 private:
  Counterpart& counterpart_;
  Tally& tally_;
  std::atomic<std::uint64_t> different_{0};
  SummedTree tree_;
};

Result<void> check_places(const std::vector<Location>& sources, const Location& destination,
                          bool has_token) {
  const auto is_stream = [](const Location& place) { return place.kind == Place::stream; };
  if (is_stream(destination) || std::ranges::any_of(sources, is_stream)) {
    return fail(Errc::usage, "a stream is not compared; ./- is a file of that name");
  }
  for (const Location& source : sources) {
    if (source.server() != sources.front().server() || source.kind != sources.front().kind) {
      return fail(Errc::usage, "the sources are at several places; one comparison asks one");
    }
  }
  const bool are_two_servers = sources.front().kind == Place::daemon &&
                               destination.kind == Place::daemon &&
                               sources.front().server() != destination.server();
  // What opens one is shown to no other.
  return are_two_servers && has_token
             ? fail(Errc::usage, "one token opens one server, and these are two")
             : Result<void>();
}

Result<Landing> find_landing(const Request& request, const Incoming& incoming) {
  CP_TRY_ASSIGN(const Plan plan, plan_landing(OpenGround(), request.destination, incoming));
  CP_TRY_ASSIGN(Confined root, Confined::open(plan.root));
  return Landing{.root = std::move(root),
                 .root_is_new = false,
                 .renamed_from = plan.renamed_to.empty() ? "" : incoming.name,
                 .renamed_to = plan.renamed_to};
}

Json record_of(const Request& request, const Tally& tally, std::uint64_t different,
               const Digest& digest) {
  return {{"schema", "cp.digest/1"},
          {"path", sources_of(request)},
          {"against", model::text_value(request.destination)},
          {"files", tally.files_found.load()},
          {"bytes", tally.bytes_found.load()},
          {"different", different},
          {"algorithm", digest_algorithm},
          {"value", digest.hex()}};
}

Result<Json> verify_here(const Request& request, Report& report, const std::stop_token& stop) {
  CP_TRY_ASSIGN(const auto sources, open_sources(request.sources, request.placement));
  CP_TRY_ASSIGN(Landing landing, find_landing(request, incoming_of(request, sources)));
  Tally& tally = report.tally();
  Counterpart counterpart(std::move(landing), request.destination, stop);
  Comparing comparing(counterpart, tally);
  const auto tick = [&] { report.tick(); };
  CP_TRY(
      sum_trees({.sources = sources, .threads = kThreads, .walk = {.selection = request.selection}},
                comparing, tally, tick, stop));
  tick();
  return record_of(request, tally, comparing.different(), comparing.digest());
}

/// A comparison with a far end, or between two of them, through here: sums alone travel.
class Verifying {
 public:
  Verifying(const Request& request, const std::vector<Location>& locations,
            const Location& destination, Report& report, std::stop_token stop)
      : request_(request),
        locations_(locations),
        destination_(destination),
        report_(report),
        stop_(std::move(stop)) {}

  Result<Json> run() {
    CP_TRY_ASSIGN(const Incoming incoming, find_sources());
    CP_TRY_ASSIGN(const TakeSums compare, find_destination(incoming));
    CP_TRY(sum([&](const Summed& summed) {
      add(summed);
      return compare(summed);
    }));
    if (to_) {
      CP_TRY(to_->finish());
    }
    report_.tick();
    return record_of(request_, report_.tally(), different_, tree_.digest());
  }

 private:
  Result<Incoming> find_sources() {
    if (!locations_.front().is_remote()) {
      CP_TRY_ASSIGN(sources_, open_sources(request_.sources, request_.placement));
      return incoming_of(request_, sources_);
    }
    CP_TRY_ASSIGN(from_, FarSums::meet(request_, locations_.front(), stop_));
    return from_->give(locations_, SumKind::xxh3_128_tree);
  }

  Result<TakeSums> find_destination(const Incoming& incoming) {
    if (!destination_.is_remote()) {
      CP_TRY_ASSIGN(Landing landing, find_landing(request_, incoming));
      counterpart_.emplace(std::move(landing), request_.destination, stop_);
      return check_here(*counterpart_, failed());
    }
    // Whoever has begun to sum waits until the other one is met.
    const auto murmur = from_ ? std::make_unique<Murmur>(from_->control()) : nullptr;
    CP_TRY_ASSIGN(to_, FarSums::meet(request_, destination_, stop_));
    CP_TRY(to_->take(incoming));
    return to_->comparer(failed());
  }

  Result<void> sum(const TakeSums& take) {
    const std::stop_callback interrupt(stop_, [this] {
      if (to_) {
        to_->control().shutdown();
      }
    });
    const auto tick = [this] { report_.tick(); };
    const TellSumBegun begins = to_ ? begin_there(to_->control()) : begin_here(*counterpart_);
    if (from_) {
      const auto murmur = to_ ? std::make_unique<Murmur>(to_->control()) : nullptr;
      return from_->hear({.take = take,
                          .begins = begins,
                          .failed = failed(),
                          .tally = report_.tally(),
                          .tick = tick},
                         stop_);
    }
    return sum_here({.sources = sources_,
                     .selection = request_.selection,
                     .take = take,
                     .begins = begins,
                     .failed = failed(),
                     .tally = report_.tally(),
                     .tick = tick,
                     .control = &to_->control()},
                    stop_);
  }

  TellFailed failed() {
    return [this](ItemFailed item) {
      ++different_;
      report_.tally().failed(std::move(item));
    };
  }

  void add(const Summed& summed) {
    for (const Summed::Item& item : summed.items) {
      tree_.add(item.entry, item.sum);
    }
  }

  const Request& request_;
  const std::vector<Location>& locations_;
  const Location& destination_;
  Report& report_;
  const std::stop_token stop_;
  std::vector<Source> sources_;
  std::optional<Counterpart> counterpart_;
  std::unique_ptr<FarSums> from_;
  std::unique_ptr<FarSums> to_;
  std::atomic<std::uint64_t> different_{0};
  SummedTree tree_;
};

}  // namespace

Result<Json> verify(const Request& request, Observer& observer, std::stop_token stop) {
  std::vector<Location> sources;
  for (const std::string& path : request.sources) {
    CP_TRY_ASSIGN(Location source, parse_location(path));
    sources.push_back(std::move(source));
  }
  CP_TRY_ASSIGN(const Location destination, parse_location(request.destination));
  CP_TRY(check_places(sources, destination, !request.token.empty()));
  Report report(request, observer, "");
  if (!sources.front().is_remote() && !destination.is_remote()) {
    return verify_here(request, report, stop);
  }
  return within_means([&] { return Verifying(request, sources, destination, report, stop).run(); });
}

}  // namespace cp::transfer
