// SPDX-License-Identifier: Apache-2.0
#include "identity/sync.hpp"

#include "authority.hpp"
#include "identity/descent.hpp"
#include "identity/following.hpp"
#include "model/json.hpp"
#include "net/http_url.hpp"
#include "resolving.hpp"
#include "tool.hpp"

#include <nlohmann/json.hpp>

#include <array>

namespace cpid {
namespace {

using cp::Errc;
using cp::Result;
using cp::cli::Context;
using cp::identity::Followers;
using cp::identity::Synced;
using cp::model::Json;

constexpr std::array kSyncColumns{
    cp::cli::Column{"PREFIX", "prefix"},
    cp::cli::Column{"STATUS", "status", cp::cli::Show::verdict},
    cp::cli::Column{"ENTRY", "seq", cp::cli::Show::count},
    cp::cli::Column{"HEAD", "head_seq", cp::cli::Show::count},
    cp::cli::Column{"RECORDS", "records", cp::cli::Show::count},
    cp::cli::Column{"AGE", "age_s", cp::cli::Show::seconds},
    cp::cli::Column{"REGISTRY", "url", cp::cli::Show::id},
};

Json record_of(const Synced& synced, cp::UnixTime now) {
  const auto& feed = synced.feed;
  Json record{{"schema", "cp.sync/1"},
              {"url", feed.url},
              {"prefix", feed.prefix.empty() ? Json() : Json(feed.prefix)},
              {"status", feed.status},
              {"problem", feed.problem.empty() ? Json() : Json(feed.problem)},
              {"seq", feed.seq},
              {"head_seq", feed.head_seq},
              {"records", feed.records},
              {"refused", feed.refused},
              {"entries", synced.entries},
              {"duration_s", synced.duration_s}};
  if (feed.synced_at > cp::UnixTime()) {
    record["synced_at"] = cp::format_time(std::chrono::floor<std::chrono::seconds>(feed.synced_at));
    record["age_s"] = std::chrono::floor<std::chrono::seconds>(now - feed.synced_at).count();
  }
  for (const auto& one : synced.refusals) {
    record["refusals"].push_back({{"entry", one.entry},
                                  {"subject", one.subject},
                                  {"reason", one.reason},
                                  {"message", one.message}});
  }
  return record;
}

// Those of the command line, else the children's and those of the configuration.
Result<void> begin(const Context& context, cp::identity::Descent& descent,
                   const cp::identity::Estate& estate, const std::vector<std::string>& configured) {
  const auto& operands = context.arguments().operands();
  for (const std::string& word : operands) {
    CP_TRY_ASSIGN(const std::string url, cp::identity::registry_url(word));
    descent.begin_with(url);
  }
  if (operands.empty()) {
    if (estate.authority) {
      CP_TRY(descent.begin_below(estate.authority->prefix));
    }
    for (const std::string& url : configured) {
      descent.begin_with(url);
    }
  }
  return descent.is_empty()
             ? cp::with_hint(cp::fail(Errc::not_found, "there is no registry to follow"),
                             "name its URL, or give a child its prefix with --registry")
             : Result<void>{};
}

// How deep it goes: to the end below the own authority, nowhere below what was named.
Result<int> levels_of(const Context& context) {
  const auto given = context.arguments().integer("depth");
  if (given && *given > 8) {
    return context.arguments().blame("depth", {Errc::usage, "a prefix has 8 levels at most", ""});
  }
  return static_cast<int>(given.value_or(context.arguments().operands().empty() ? 8 : 0));
}

// One run over all of them.
class Round {
 public:
  Round(Context& context, const std::string& state_directory, cp::identity::SyncRun& run,
        Followers::MakeClient make_client)
      : context_(context),
        limits_(run.limits),
        followers_(state_directory, context.clock(), run, std::move(make_client),
                   context.stop_on_signals()),
        output_(context.output(kSyncColumns)) {}

  // Whether all of them are complete. An authority's registries are as good as one another: one
  // that is complete will do.
  Result<bool> run(cp::identity::Descent& descent) {
    bool all_complete = true;
    while (!descent.is_empty() || !followers_.is_idle()) {
      while (!descent.is_empty() && followers_.has_room()) {
        followers_.follow(*descent.next());
      }
      CP_TRY_ASSIGN(const bool is_complete, take(descent, followers_.next()));
      all_complete = all_complete && is_complete;
    }
    for (const std::string& prefix : descent.crowded()) {
      context_.warn(
          fmt::format("prefix {} has more than {} registries below it: --child-limit "
                      "registries",
                      prefix, limits_.of(prefix).registries));
      all_complete = false;
    }
    return all_complete;
  }

 private:
  // Whether all that was asked of the station is complete.
  Result<bool> take(cp::identity::Descent& descent, const Followers::Followed& followed) {
    const cp::identity::Station& station = followed.station;
    std::string prefix = station.prefix;
    bool all_complete = true;
    CP_TRY(followed.feeds);
    for (const Synced& synced : *followed.feeds) {
      CP_TRY(show(synced, station.level));
      prefix = synced.feed.prefix;
      all_complete = all_complete && synced.feed.status == "complete";
    }
    if (!prefix.empty()) {
      CP_TRY(descent.go_below(station, prefix));
    }
    return all_complete;
  }

  Result<void> show(const Synced& synced, int level) {
    Json record = record_of(synced, context_.clock().now());
    record["level"] = level;
    output_.record(record);
    if (!synced.feed.problem.empty()) {
      context_.note(
          fmt::format("{}: {}: {}", synced.feed.url, synced.feed.status, synced.feed.problem));
    }
    for (const auto& one : synced.refusals) {
      context_.note(fmt::format("{}: entry {} is refused: {}: {} ({})", synced.feed.url, one.entry,
                                one.subject, one.message, one.reason));
    }
    return output_.flush();
  }

  Context& context_;
  const cp::identity::ChildLimitTable& limits_;
  Followers followers_;
  cp::cli::Output& output_;
};

}  // namespace

Result<int> sync(Context& context) {
  CP_TRY_ASSIGN(auto settings, resolver_settings(context));
  const std::vector<std::string> configured = settings.registries;
  if (!context.arguments().operands().empty()) {
    settings.registries = context.arguments().operands();
  }
  if (const auto file = context.arguments().text("token")) {
    CP_TRY(settings.take_token(*file));
  }
  CP_TRY_ASSIGN(const auto limits, child_limits(context));
  CP_TRY_ASSIGN(const auto estate, open_estate(context));
  CP_TRY_ASSIGN(const int levels, levels_of(context));
  cp::identity::Descent descent(*estate, limits, levels);
  CP_TRY(begin(context, descent, *estate, configured));
  CP_TRY_ASSIGN(auto heads, estate->trust.newest_heads());
  cp::identity::SyncRun run{limits, std::move(heads)};
  cp::net::HttpClient::Settings rules{settings.authorities, settings.allow_net, {}};
  std::vector<std::string> own = settings.registries;
  own.insert(own.end(), configured.begin(), configured.end());
  for (const std::string& url : own) {
    CP_TRY_ASSIGN(const auto parsed, cp::net::HttpUrl::parse(url));
    rules.own_origins.push_back(parsed.origin());
  }
  const auto make_client = [&rules, &settings] {
    auto client = std::make_unique<cp::identity::RegistryClient>(rules, settings.patience);
    if (!settings.token.empty()) {
      client->introduce(settings.registries.front(), settings.token);
    }
    return client;
  };
  const auto complete = Round(context, estate->state_directory, run, make_client).run(descent);
  if (context.stop_signal() != 0) {
    return 128 + context.stop_signal();
  }
  CP_TRY_ASSIGN(const bool is_complete, complete);
  return is_complete ? 0 : 1;
}

}  // namespace cpid
