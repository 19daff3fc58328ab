// SPDX-License-Identifier: Apache-2.0
#include "identity/sync.hpp"

#include "authority.hpp"
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
    cp::cli::Column{"PROBLEM", "problem"},
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
  return record;
}

// Those of the command line, else the children's and those of the configuration.
Result<std::vector<std::string>> wanted_registries(const Context& context,
                                                   cp::identity::Estate& estate,
                                                   std::vector<std::string> configured) {
  std::vector<std::string> urls;
  for (const std::string& word : context.arguments().operands()) {
    CP_TRY_ASSIGN(std::string url, cp::identity::registry_url(word));
    urls.push_back(std::move(url));
  }
  if (urls.empty()) {
    CP_TRY_ASSIGN(urls, cp::identity::child_registries(estate));
    urls.insert(urls.end(), configured.begin(), configured.end());
  }
  if (urls.empty()) {
    return cp::with_hint(cp::fail(Errc::not_found, "there is no registry to follow"),
                         "name its URL, or give a child its prefix with --registry");
  }
  return urls;
}

}  // namespace

Result<int> sync(Context& context) {
  CP_TRY_ASSIGN(const auto settings, resolver_settings(context));
  CP_TRY_ASSIGN(const auto limits, child_limits(context));
  CP_TRY_ASSIGN(const auto estate, open_estate(context));
  CP_TRY_ASSIGN(const auto urls, wanted_registries(context, *estate, settings.registries));
  CP_TRY_ASSIGN(auto store, cp::identity::ResolverStore::open(estate->state_directory));
  cp::net::HttpClient::Settings rules{settings.authorities, settings.allow_net, {}};
  std::vector<std::string> own = context.arguments().operands();
  own.insert(own.end(), settings.registries.begin(), settings.registries.end());
  for (const std::string& url : own) {
    CP_TRY_ASSIGN(const auto parsed, cp::net::HttpUrl::parse(url));
    rules.own_origins.push_back(parsed.origin());
  }
  cp::identity::RegistryClient client(std::move(rules), settings.patience);
  const std::stop_token stop = context.stop_on_signals();
  cp::cli::Output& output = context.output(kSyncColumns);
  bool all_complete = true;
  for (const std::string& url : urls) {
    const auto synced = cp::identity::sync_feed(*estate, store, client, url, limits, stop);
    if (context.stop_signal() != 0) {
      return 128 + context.stop_signal();
    }
    if (!synced) {
      return tl::unexpected<cp::Error>(synced.error());
    }
    output.record(record_of(*synced, context.clock().now()));
    CP_TRY(output.flush());
    all_complete = all_complete && synced->feed.status == "complete";
  }
  return all_complete ? 0 : 1;
}

}  // namespace cpid
