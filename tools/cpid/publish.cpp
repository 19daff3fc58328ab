// SPDX-License-Identifier: Apache-2.0
#include "authority.hpp"
#include "identity/proof.hpp"
#include "identity/registry_client.hpp"
#include "identity/resolved.hpp"
#include "identity/token.hpp"
#include "model/json.hpp"
#include "net/http_url.hpp"
#include "provider/table.hpp"
#include "providing.hpp"
#include "resolving.hpp"
#include "tool.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>

namespace cpid {
namespace {

using cp::Errc;
using cp::Result;
using cp::cli::Context;
using cp::identity::Estate;
using cp::identity::ResolverSettings;
using cp::model::Json;
using cp::store::Transaction;

constexpr double kLongestValidity = 3'600;
constexpr std::array kStateColumns{
    cp::cli::Column{"ID", "id", cp::cli::Show::id},
    cp::cli::Column{"HEALTH", "health", cp::cli::Show::verdict},
    cp::cli::Column{"FREE NODES", "nodes.free", cp::cli::Show::count},
    cp::cli::Column{"FREE CARDS", "cards.free", cp::cli::Show::count},
    cp::cli::Column{"FREE CORES", "cores.free", cp::cli::Show::count},
    cp::cli::Column{"OBSERVED", "observed_at", cp::cli::Show::time},
};

// Where states go besides the store here, and what opens the door there.
struct Receivers {
  std::vector<std::string> urls;
  std::string token;
  cp::identity::RegistryClient client;
};

Result<Receivers> receivers_of(const Context& context) {
  CP_TRY_ASSIGN(const ResolverSettings settings, resolver_settings(context));
  cp::net::HttpClient::Settings rules{settings.authorities, settings.allow_net, {}};
  for (const std::string& url : settings.registries) {
    CP_TRY_ASSIGN(const auto parsed, cp::net::HttpUrl::parse(url));
    rules.own_origins.push_back(parsed.origin());
  }
  std::string token;
  if (const auto file = context.arguments().text("token")) {
    CP_TRY_ASSIGN(token, cp::identity::read_token_file(*file));
  } else if (!settings.registries.empty()) {
    return cp::fail(Errc::usage, "a registry wants --token and the file of a token for state");
  }
  return Receivers{settings.registries, token,
                   cp::identity::RegistryClient(std::move(rules), settings.patience)};
}

// The record of NAME, which must be of this machine's authority.
Result<Json> own_record(Context& context, const std::string& name) {
  CP_TRY_ASSIGN(const auto registry, open_registry(context));
  CP_TRY_ASSIGN(const auto resolved, registry.resolve(name));
  if (!resolved.own_authority) {
    return cp::fail(Errc::denied, "{}: {}", name, resolved.problem);
  }
  return resolved.record;
}

// The provider that launches on RECORD, which can tell how it is; this machine where nothing does.
Result<std::unique_ptr<cp::provider::Catalog>> catalog_of(const Context& context,
                                                          const Json& record) {
  CP_TRY_ASSIGN(const auto settings, catalog_settings(context, ""));
  const Json* const access = cp::model::find(record, "access");
  std::optional<cp::Error> problem;
  for (std::size_t i = 0; access != nullptr && access->is_array() && i < access->size(); ++i) {
    if (cp::model::text_at((*access)[i], "role") != "launch") {
      continue;
    }
    CP_TRY_ASSIGN(const auto url, cp::provider::parse_provider_url(
                                      cp::model::text_at((*access)[i], "url").value_or("")));
    auto made = cp::provider::make_catalog(url, settings);
    if (made) {
      return made;
    }
    problem = problem.value_or(made.error());
  }
  if (problem) {
    return tl::unexpected<cp::Error>(*problem);
  }
  return cp::provider::make_catalog({"local", ""}, settings);
}

// Signed and kept, so that its number never comes again, before anybody sees it.
Result<Json> enter_state(Estate& estate, const std::string& code, const Json& seen,
                         std::chrono::nanoseconds every) {
  CP_TRY_ASSIGN(const auto key, estate.key_for("state"));
  CP_TRY_ASSIGN(auto transaction, Transaction::begin(estate.database));
  CP_TRY_ASSIGN(const std::string anchor, estate.judge.anchor_of(estate.authority->prefix));
  CP_TRY_ASSIGN(const auto last,
                estate.trust.find(anchor, "cp.state", code, key.public_key().thumbprint()));
  Json state{{"schema", "cp.state/1"}, {"id", code}};
  state.update(seen);
  const std::int64_t wanted = cp::unix_milliseconds(estate.now());
  state["seq"] = last ? std::max(wanted, last->seq + 1) : wanted;
  // It must outlive the next one's delay.
  const double needed = 3 * std::chrono::duration<double>(every).count();
  const double given = cp::model::number_at(seen, "valid_for_s").value_or(0);
  state["valid_for_s"] =
      static_cast<std::int64_t>(std::min(kLongestValidity, std::max({given, needed, 1.0})));
  CP_TRY_ASSIGN(Json document, cp::identity::sign_document(std::move(state), key));
  CP_TRY_ASSIGN(const auto verdict, estate.judge.accept(document));
  if (!verdict.holds()) {
    return cp::fail(Errc::denied, "the state would not hold: {}", verdict.message);
  }
  CP_TRY(transaction.commit());
  return document;
}

// Whether what failed so may be over by the next time.
bool may_pass(const cp::Error& error) {
  return error.code == Errc::unavailable || error.code == Errc::timed_out ||
         error.code == Errc::protocol;
}

// False when STOP was asked meanwhile.
bool wait(std::chrono::nanoseconds pause, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock(mutex);
  changed.wait_for(lock, stop, pause, [] { return false; });
  return !stop.stop_requested();
}

// What one run of the command publishes.
class Publisher {
 public:
  Publisher(Context& context, Receivers receivers, Json record,
            std::unique_ptr<cp::provider::Catalog> catalog, std::chrono::nanoseconds every)
      : context_(context),
        receivers_(std::move(receivers)),
        record_(std::move(record)),
        code_(cp::model::text_at(record_, "id").value_or("")),
        catalog_(std::move(catalog)),
        every_(every) {}

  const std::string& code() const { return code_; }

  Result<void> publish_once(cp::cli::Output& output, const std::stop_token& stop) {
    // It may have ended, or another one stand in its place.
    CP_TRY_ASSIGN(record_, own_record(context_, code_));
    if (cp::model::text_at(record_, "id") != code_) {
      return cp::fail(Errc::not_found, "{} is no more: it is {} now", code_,
                      cp::model::text_at(record_, "id").value_or("another"));
    }
    CP_TRY_ASSIGN(const Json seen, catalog_->state(record_, stop));
    // Keys and delegation may be others than the last time.
    CP_TRY_ASSIGN(const auto estate, open_estate(context_));
    CP_TRY_ASSIGN(const Json state, enter_state(*estate, code_, seen, every_));
    output.record(state);
    CP_TRY(output.flush());
    const std::string path = "v1/state/" + cp::net::percent_encoded(code_);
    for (const std::string& url : receivers_.urls) {
      const auto put =
          receivers_.client.put(url, path, cp::model::to_line(state), receivers_.token, stop);
      if (!put && !stop.stop_requested()) {
        context_.item_failed(put.error(), url);
        CP_TRY(output.flush());
      }
    }
    return {};
  }

 private:
  Context& context_;
  Receivers receivers_;
  Json record_;
  std::string code_;
  std::unique_ptr<cp::provider::Catalog> catalog_;
  std::chrono::nanoseconds every_;
};

}  // namespace

Result<int> publish(Context& context) {
  const auto every = *context.arguments().duration("every");
  if (every < std::chrono::milliseconds(100) || every > std::chrono::minutes(20)) {
    return cp::fail(Errc::usage, "--every is from 100 ms to 20 minutes");
  }
  CP_TRY_ASSIGN(Receivers receivers, receivers_of(context));
  CP_TRY_ASSIGN(Json record, own_record(context, context.arguments().operands().front()));
  CP_TRY_ASSIGN(auto catalog, catalog_of(context, record));
  Publisher publisher(context, std::move(receivers), std::move(record), std::move(catalog), every);
  const std::stop_token stop = context.stop_on_signals(true);
  const std::int64_t count = context.arguments().integer("count").value_or(0);
  cp::cli::Output& output = context.output(kStateColumns);
  for (std::int64_t round = 1; !stop.stop_requested(); ++round) {
    const auto published = publisher.publish_once(output, stop);
    const bool may_go_on = published || may_pass(published.error());
    if (stop.stop_requested()) {
      break;
    }
    if (!may_go_on || (!published && round == count)) {
      return tl::unexpected<cp::Error>(published.error());
    }
    if (!published) {
      context.item_failed(published.error(), publisher.code());
      CP_TRY(output.flush());
    }
    if (round == count || !wait(every, stop)) {
      break;
    }
  }
  return context.failed_status();
}

}  // namespace cpid
