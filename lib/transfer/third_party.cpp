// SPDX-License-Identifier: Apache-2.0
#include "transfer/third_party.hpp"

#include "transfer/dispatch.hpp"
#include "transfer/go_on.hpp"
#include "transfer/run_remote.hpp"

namespace cp::transfer {
namespace {

/// One transfer, over as many deputies as it takes.
class ThirdParty {
 public:
  ThirdParty(const Request& request, const std::vector<Location>& sources,
             const Location& destination, Report& report, std::stop_token stop)
      : request_(request),
        sources_(sources),
        destination_(destination),
        report_(report),
        stop_(std::move(stop)),
        goes_back_(request.reverse) {}

  Result<void> once() {
    bool has_no_way = false;
    CP_TRY_ASSIGN(const auto refused, dispatch(has_no_way));
    if (!refused) {
      return {};
    }
    const bool may_turn = !request_.reverse && request_.data_host.empty();
    if (!has_no_way || !may_turn) {
      return has_no_way ? no_way(refused->message) : tl::unexpected<Error>(*refused);
    }
    goes_back_ = !goes_back_;
    bool has_none_either = false;
    CP_TRY_ASSIGN(const auto refused_again, dispatch(has_none_either));
    if (refused_again && has_none_either) {
      return no_way(refused->message + "; " + refused_again->message);
    }
    return refused_again ? tl::unexpected<Error>(*refused_again) : Result<void>();
  }

 private:
  // The source's host is the better one to begin with: it walks and reads while the other waits.
  Roles roles() const {
    const Location& source = sources_.front();
    const bool are_two_hosts = source.kind == Place::ssh && destination_.kind == Place::ssh &&
                               source.server() != destination_.server();
    if (!are_two_hosts) {
      const bool is_push = source.kind == Place::ssh;
      return {is_push ? source : destination_, nullptr,
              is_push ? Direction::push : Direction::pull};
    }
    return goes_back_ ? Roles{destination_, &source, Direction::pull}
                      : Roles{source, &destination_, Direction::push};
  }

  // Why the deputy began nothing, if it did not.
  Result<std::optional<Error>> dispatch(bool& has_no_way) {
    const Roles roles = this->roles();
    Dispatch attempt(request_, sources_, destination_, roles, report_, stop_);
    CP_TRY(attempt.meet());
    auto outcome = attempt.follow();
    Account& account = report_.account();
    if (!outcome) {
      account.error = std::move(outcome).error();
      return std::nullopt;
    }
    has_no_way = outcome->has_no_way;
    if (outcome->refused) {
      return std::optional(attempt.named(*outcome->refused));
    }
    set_figures(outcome->figures, report_.tally());
    const Account& told = outcome->account;
    account.id = told.id;
    account.attempt = told.attempt;
    account.result = told.result;
    account.is_planned = told.is_planned;
    account.compression = told.compression;
    report_.begin(told.rail, told.provider, told.streams, told.encrypted);
    if (told.error) {
      account.error = attempt.named(*told.error);
    }
    report_.tick();
    if (!adds_up() && !account.error) {
      account.error =
          attempt.named({Errc::protocol, "the figures of its outcome do not add up", {}});
    }
    return std::nullopt;
  }

  // Whether no more has ended than there is, and all of it when it is done; else nobody knows how
  // much there is.
  bool adds_up() const {
    Tally& tally = report_.tally();
    const Account& account = report_.account();
    const std::uint64_t done = account.result ? account.result->files : tally.files_placed.load();
    const std::uint64_t ended = done + tally.files_skipped + account.failed_count;
    const std::uint64_t total = tally.files_found;
    const bool is_done = account.result && account.failed_count == 0;
    const bool adds_up = is_done ? ended == total : ended <= total;
    tally.walk_ended = tally.walk_ended && adds_up;
    return adds_up;
  }

  tl::unexpected<Error> no_way(const std::string& why) const {
    const std::string from = sources_.front().server();
    const std::string to = destination_.server();
    return with_hint(
        fail(Errc::unavailable, "no data goes straight from {} to {}: {}", from, to, why),
        fmt::format("open ports from one to the other (--port-range FIRST-LAST), name another "
                    "address (--data-host), or go through ssh from there: ssh {} cpxfer SOURCE "
                    "{}:DESTINATION",
                    from, to));
  }

  const Request& request_;
  const std::vector<Location>& sources_;
  const Location& destination_;
  Report& report_;
  std::stop_token stop_;
  bool goes_back_;  ///< the destination's host has the deputy, and connects
};

Result<void> check_ends(const Request& request, const std::vector<Location>& sources,
                        const Location& destination) {
  CP_TRY(check_one_server(sources));
  const Location& source = sources.front();
  if (request.relay != nullptr) {
    return fail(Errc::usage, "a deputy has no deputy");
  }
  if (source.kind == Place::daemon && destination.kind == Place::daemon) {
    return with_hint(
        fail(Errc::unavailable,
             "no server is the client of another, so nothing moves from {} to {}", source.server(),
             destination.server()),
        "give the command on one of the two machines, with a path there for one of the ends; where "
        "ssh reaches one, write HOST:PATH for it");
  }
  const bool are_two_hosts = source.kind == Place::ssh && destination.kind == Place::ssh;
  if (are_two_hosts && request.rail != RailChoice::automatic && request.rail != RailChoice::tcp) {
    return fail(Errc::usage, "data goes from host to host beside ssh (--rail tcp)");
  }
  if (!request.other_rails.empty()) {
    return fail(Errc::usage, "data goes from one far end to another over one kind of rail");
  }
  return {};
}

}  // namespace

Result<void> run_third_party(const Request& request, const std::vector<Location>& sources,
                             const Location& destination, Report& report, std::stop_token stop) {
  CP_TRY(check_ends(request, sources, destination));
  ThirdParty transfer(request, sources, destination, report, stop);
  return go_on_while_lost(request, report, stop, [&] { return transfer.once(); });
}

}  // namespace cp::transfer
