// SPDX-License-Identifier: Apache-2.0
#include "identity/service.hpp"

#include "base/limits.hpp"
#include "base/text.hpp"
#include "identity/bootstrap.hpp"
#include "identity/feed.hpp"
#include "identity/record_stream.hpp"
#include "identity/registration.hpp"
#include "identity/registry_metrics.hpp"
#include "identity/status_page.hpp"
#include "model/document.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace cp::identity {
namespace {

using model::Json;
using net::HttpReply;
using net::HttpRequest;

constexpr std::int64_t kFeedPage = limits::feed_page_records;
constexpr const char* kJson = "application/json";
constexpr const char* kLines = "application/x-ndjson";

Route route_of(const HttpRequest& request) {
  const auto& path = request.path;
  if (path.size() == 1) {
    return path[0].empty() ? Route::page : path[0] == "metrics" ? Route::metrics : Route::other;
  }
  if (path.size() < 2 || path[0] != "v1") {
    return Route::other;
  }
  // How many segments follow each word.
  constexpr std::array<std::size_t, kRoutes> more{0, 1, 1, 2, 2, 1, 0, 0, 0, 99, 99, 99};
  for (std::size_t i = 0; i < kRoutes; ++i) {
    if (path[1] == kRouteNames[i] && path.size() == 2 + more[i]) {
      return static_cast<Route>(i);
    }
  }
  return Route::other;
}

int status_of(Errc code) {
  switch (code) {
    case Errc::usage:
    case Errc::bad_data:
      return 400;
    case Errc::not_found:
      return 404;
    case Errc::denied:
      return 403;
    case Errc::timed_out:
    case Errc::unavailable:
      return 503;
    default:
      return 500;
  }
}

// What went wrong here is for the log of whoever runs the registry: it names files of his.
Error for_others(int status, const Error& error) {
  if (status < 500) {
    return error;
  }
  switch (error.code) {
    case Errc::timed_out:
      return {error.code, "the registry is busy: try again", ""};
    case Errc::io:
      return {error.code, "the registry cannot write to its store", ""};
    default:
      return {error.code, "the registry cannot answer that", ""};
  }
}

HttpReply text_reply(int status, const char* type, std::string body) {
  // Nothing that is answered here loads anything, or is taken for something else (SECURITY §5).
  return {status,
          {{"Content-Type", type},
           {"X-Content-Type-Options", "nosniff"},
           {"Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"}},
          std::move(body),
          nullptr};
}

HttpReply stream_reply(std::unique_ptr<net::HttpBody> body) {
  HttpReply reply = text_reply(200, kLines, "");
  reply.headers.emplace_back("Cache-Control", "no-store");
  reply.stream = std::move(body);
  return reply;
}

void set_age(HttpReply& reply, std::chrono::seconds age) {
  reply.headers.emplace_back("Cache-Control", fmt::format("public, max-age={}", age.count()));
}

// RFC 9110 §13.1.2: any of the tags, compared weakly.
bool has_it_already(const HttpRequest& request, const std::string& tag) {
  const std::string* tags = request.header("If-None-Match");
  if (tags == nullptr) {
    return false;
  }
  const auto parts = text::split(*tags, ',');
  return std::ranges::any_of(parts, [&](std::string_view one) {
    one = text::trim(one);
    one.remove_prefix(one.starts_with("W/") ? 2 : 0);
    return one == "*" || one == tag;
  });
}

HttpReply tagged(const HttpRequest& request, HttpReply reply, const std::string& tag,
                 std::chrono::seconds age) {
  if (reply.status == 200 && has_it_already(request, tag)) {
    reply = {304, {}, {}, nullptr};
  }
  reply.headers.emplace_back("ETag", tag);
  set_age(reply, age);
  return reply;
}

Result<std::int64_t> whole(const HttpRequest& request, const char* name, std::int64_t fallback,
                           std::int64_t most) {
  const std::string* text = request.parameter(name);
  if (text == nullptr) {
    return fallback;
  }
  const auto value = text::to_int(*text);
  if (!value || *value < 0) {
    return fail(Errc::usage, "{} is a whole number from 0 on", name);
  }
  return std::min(*value, most);
}

// Only a record that says "ended" is looked into: taking every record apart would cost a third of
// all requests.
bool has_ended(const std::string& record) {
  if (record.find(R"("ended")") == std::string::npos) {
    return false;
  }
  const auto document = model::parse_json(record);
  const auto how = document ? model::text_at(*document, "ended.how") : std::nullopt;
  return how && !model::text_at(*document, "ended.successor");
}

bool is_put(const HttpRequest& request, Route route) {
  return request.method == "PUT" && (route == Route::id || route == Route::state);
}

// If-None-Match: *, or If-Match: "SEQ"; nullopt for what is neither.
std::optional<Precondition> precondition_of(const HttpRequest& request) {
  Precondition wanted;
  const std::string* none = request.header("If-None-Match");
  const std::string* match = request.header("If-Match");
  if ((none != nullptr && (*none != "*" || match != nullptr))) {
    return std::nullopt;
  }
  wanted.must_be_new = none != nullptr;
  if (match != nullptr) {
    std::string_view tag = *match;
    const bool is_quoted = tag.size() > 2 && tag.starts_with('"') && tag.ends_with('"');
    wanted.seq = is_quoted ? text::to_int(tag.substr(1, tag.size() - 2)) : std::nullopt;
    if (!wanted.seq) {
      return std::nullopt;
    }
  }
  return wanted;
}

}  // namespace

RegistryService::RegistryService(std::unique_ptr<Estate> estate, Options options,
                                 std::shared_ptr<RateLimiter> limiter,
                                 std::shared_ptr<StatusBoard> board,
                                 std::shared_ptr<ServiceCounts> counts,
                                 std::shared_ptr<const net::HttpCounts> carried)
    : estate_(std::move(estate)),
      view_(*estate_),
      limiter_(std::move(limiter)),
      board_(std::move(board)),
      options_(std::move(options)),
      intake_(view_, options_.limits, *limiter_),
      counts_(std::move(counts)),
      carried_(std::move(carried)) {}

std::size_t RegistryService::body_limit(const HttpRequest& head) {
  return is_put(head, route_of(head)) ? limits::document_bytes : 0;
}

HttpReply RegistryService::error_reply(int status, const Error& error) const {
  HttpReply reply =
      text_reply(status, kJson, model::to_line(model::error_document("cpid", error, "")) + "\n");
  reply.headers.emplace_back("Cache-Control", "no-store");
  return reply;
}

HttpReply RegistryService::failure(int status, const Error& error) const {
  HttpReply reply = error_reply(status, for_others(status, error));
  reply.why = status < 500 ? "" : error.message;
  return reply;
}

HttpReply RegistryService::refuse(int status) {
  counts_->add(Route::other, status);
  switch (status) {
    case 413:
      return error_reply(status, {Errc::bad_data, "the body is longer than what is taken", ""});
    case 503:
      return error_reply(status, {Errc::timed_out, "too much is coming in: try again", ""});
    default:
      return error_reply(status, {Errc::bad_data, "the request is malformed", ""});
  }
}

HttpReply RegistryService::absent(std::string message) const {
  HttpReply reply = text_reply(
      404, kJson,
      model::to_line(model::error_document("cpid", {Errc::not_found, std::move(message), ""}, "")) +
          "\n");
  set_age(reply, options_.absent_ttl);
  return reply;
}

HttpReply RegistryService::answer(const HttpRequest& request) {
  const Route to = route_of(request);
  auto made = reply_to(to, request);
  HttpReply reply = made ? *std::move(made) : failure(status_of(made.error().code), made.error());
  counts_->add(to, reply.status);
  return reply;
}

RegistryService::Reply RegistryService::reply_to(Route to, const HttpRequest& request) {
  if (is_put(request, to)) {
    return put(to, request);
  }
  if (request.method != "GET" && request.method != "HEAD") {
    const bool takes = to == Route::id || to == Route::state;
    HttpReply reply = error_reply(405, {Errc::denied, "that cannot be done here", ""});
    reply.headers.emplace_back("Allow", takes ? "GET, HEAD, PUT" : "GET, HEAD");
    return reply;
  }
  if (auto no = may_not_read(request)) {
    return *std::move(no);
  }
  CP_TRY_ASSIGN(HttpReply reply, route(to, request));
  if (options_.is_private) {
    // What one reader may see, no cache between may give to another.
    for (auto& [name, value] : reply.headers) {
      value = name == "Cache-Control" && value.starts_with("public") ? "private" + value.substr(6)
                                                                     : std::move(value);
    }
  }
  return reply;
}

RegistryService::Reply RegistryService::refusal(const Refused& why,
                                                const HttpRequest& request) const {
  if (why.referral) {
    return refer(*why.referral, request);
  }
  HttpReply reply = failure(why.status, why.error);
  if (why.status == 401) {
    reply.headers.emplace_back("WWW-Authenticate", "Bearer");
  }
  if (why.retry_after) {
    reply.headers.emplace_back("Retry-After", fmt::format("{}", why.retry_after->count()));
  }
  return reply;
}

std::optional<RegistryService::Reply> RegistryService::may_not_read(const HttpRequest& request) {
  if (!options_.is_private) {
    return std::nullopt;
  }
  const auto token = intake_.who(request.header("Authorization"));
  if (!token) {
    return refusal(token.error(), request);
  }
  if (token->allows({.op = "read"}) != nullptr) {
    return std::nullopt;
  }
  return refusal({403, {Errc::denied, "the token does not allow to read", ""}}, request);
}

RegistryService::Reply RegistryService::put(Route route, const HttpRequest& request) {
  const auto id = Identifier::parse(request.path[2]);
  const auto wanted = precondition_of(request);
  if (!id || !wanted) {
    return error_reply(
        400, !id ? id.error() : Error{Errc::bad_data, "the precondition is malformed", ""});
  }
  const auto token = intake_.who(request.header("Authorization"));
  if (!token) {
    return refusal(token.error(), request);
  }
  const auto taken = route == Route::id ? intake_.put_record(*token, *id, request.body, *wanted)
                                        : intake_.put_state(*token, *id, request.body, *wanted);
  const std::string who = token->issuer + " " + token->subject;
  if (!taken) {
    CP_TRY_ASSIGN(HttpReply refused, refusal(taken.error(), request));
    refused.who = who;
    return refused;
  }
  HttpReply reply{taken->is_new ? 201 : 200, {}, {}, nullptr, who};
  reply.headers.emplace_back("ETag", fmt::format("\"{}\"", taken->seq));
  reply.headers.emplace_back("Cache-Control", "no-store");
  return reply;
}

RegistryService::Reply RegistryService::route(Route route, const HttpRequest& request) {
  switch (route) {
    case Route::bootstrap:
      return bootstrap(request);
    case Route::chain:
      return chain(request);
    case Route::id:
      return by_code(request);
    case Route::alias:
      return by_alias(request);
    case Route::known:
      return by_foreign_code(request);
    case Route::state:
      return state(request);
    case Route::search:
      return search(request);
    case Route::feed:
      return feed(request);
    case Route::dump:
      return stream_reply(std::make_unique<RegistryDump>(view_));
    case Route::metrics:
      return metrics();
    case Route::page:
      return page();
    case Route::other:
      break;
  }
  return absent("there is nothing here under that path");
}

RegistryService::Reply RegistryService::bootstrap(const HttpRequest& request) {
  CP_TRY_ASSIGN(Bootstrap made, make_bootstrap(view_));
  const std::string tag = fmt::format("\"{}\"", made.seq);
  return tagged(request, text_reply(200, kJson, std::move(made.text) + "\n"), tag, options_.ttl);
}

RegistryService::Reply RegistryService::chain(const HttpRequest& request) {
  const std::string& prefix = request.path[2];
  if (!is_prefix(prefix)) {
    return fail(Errc::bad_data, "{} is no prefix", prefix);
  }
  auto made = make_chain(view_, prefix);
  if (!made && made.error().code == Errc::denied) {
    return absent("nothing proves prefix " + prefix + " here");
  }
  CP_TRY(made);
  HttpReply reply = text_reply(200, kJson, *std::move(made) + "\n");
  set_age(reply, options_.ttl);
  return reply;
}

HttpReply RegistryService::record_reply(const HttpRequest& request, const StoredDocument& record,
                                        const std::string& tag) const {
  const int status = has_ended(record.text) ? 410 : 200;
  HttpReply reply = text_reply(status, kJson, record.text + "\n");
  return tagged(request, std::move(reply), tag, options_.ttl);
}

RegistryService::Reply RegistryService::refer(const Referral& referral,
                                              const HttpRequest& request) const {
  CP_TRY_ASSIGN(Json delegation, model::parse_json(referral.delegation, {"a kept delegation"}));
  const Json document{{"schema", "cp.referral/1"},
                      {"prefix", referral.prefix},
                      {"registries", referral.registries},
                      {"delegation", std::move(delegation)}};
  HttpReply reply = text_reply(307, kJson, model::to_line(document) + "\n");
  std::string location = referral.registries.front();
  for (std::size_t i = 0; i < request.path.size(); ++i) {
    location += (i == 0 ? "" : "/") + net::percent_encoded(request.path[i]);
  }
  reply.headers.emplace_back("Location", std::move(location));
  set_age(reply, options_.ttl);
  return reply;
}

RegistryService::Reply RegistryService::by_code(const HttpRequest& request) {
  CP_TRY_ASSIGN(const Identifier id, Identifier::parse(request.path[2]));
  CP_TRY_ASSIGN(const auto record, view_.record(id));
  if (record) {
    return record_reply(request, *record, fmt::format("\"{}\"", record->seq));
  }
  CP_TRY_ASSIGN(const auto referral, view_.referral(id.prefix()));
  return referral ? refer(*referral, request)
                  : Reply(absent("nothing is registered under " + id.text()));
}

RegistryService::Reply RegistryService::by_codes(const HttpRequest& request,
                                                 const std::vector<std::string>& codes) {
  if (codes.size() > 1) {
    return error_reply(409, {Errc::denied, "several claim it: " + text::join(codes, ", "), ""});
  }
  CP_TRY_ASSIGN(const Identifier id, Identifier::parse(codes.front()));
  CP_TRY_ASSIGN(const auto record, view_.record(id));
  return record ? record_reply(request, *record, fmt::format("\"{} {}\"", id.text(), record->seq))
                : Reply(absent("nothing is registered under " + id.text()));
}

RegistryService::Reply RegistryService::by_alias(const HttpRequest& request) {
  const std::string alias = "@" + request.path[2] + "/" + request.path[3];
  if (!is_alias(alias)) {
    return fail(Errc::bad_data, "{} is no alias: @label/name is wanted", alias);
  }
  CP_TRY_ASSIGN(const auto codes, view_.codes_of_alias(alias));
  if (!codes.empty()) {
    return by_codes(request, codes);
  }
  CP_TRY_ASSIGN(const auto referral, view_.referral_of_label(request.path[2]));
  return referral ? refer(*referral, request) : Reply(absent("nothing here is called " + alias));
}

RegistryService::Reply RegistryService::by_foreign_code(const HttpRequest& request) {
  CP_TRY_ASSIGN(const auto codes, view_.codes_known_as(request.path[2], request.path[3]));
  return codes.empty() ? Reply(absent("nothing here is known as that")) : by_codes(request, codes);
}

RegistryService::Reply RegistryService::state(const HttpRequest& request) {
  constexpr std::chrono::seconds kStateAge{5};
  CP_TRY_ASSIGN(const Identifier id, Identifier::parse(request.path[2]));
  CP_TRY_ASSIGN(const auto state, view_.state(id));
  if (state) {
    return tagged(request, text_reply(200, kJson, state->text + "\n"),
                  fmt::format("\"{}\"", state->seq), kStateAge);
  }
  std::optional<Referral> referral;
  if (id.prefix() != estate_->authority->prefix) {
    CP_TRY_ASSIGN(referral, view_.referral(id.prefix()));
  }
  return referral ? refer(*referral, request)
                  : Reply(absent("no state of " + id.text() + " holds now"));
}

// Whoever asks often gets what was counted for somebody else.
HttpReply RegistryService::page() {
  HttpReply reply = text_reply(200, "text/html; charset=utf-8", status_page(*board_->look()));
  reply.headers.emplace_back("Cache-Control", "no-cache");
  return reply;
}

HttpReply RegistryService::metrics() {
  return text_reply(200, "application/openmetrics-text; version=1.0.0; charset=utf-8",
                    registry_metrics(*board_->look(), *counts_, *carried_));
}

RegistryService::Reply RegistryService::search(const HttpRequest& request) {
  const std::string* where = request.parameter("where");
  CP_TRY_ASSIGN(const std::int64_t limit, whole(request, "limit", kFeedPage, INT64_MAX));
  model::Condition condition;
  if (where != nullptr) {
    CP_TRY_ASSIGN(condition, model::parse_condition(*where, {.knows_duration = false}));
  }
  return stream_reply(std::make_unique<RecordSearch>(view_, std::move(condition), limit));
}

RegistryService::Reply RegistryService::feed(const HttpRequest& request) {
  CP_TRY_ASSIGN(const std::int64_t since, whole(request, "since", 0, INT64_MAX));
  CP_TRY_ASSIGN(const std::int64_t limit, whole(request, "limit", kFeedPage, kFeedPage));
  return stream_reply(std::make_unique<LedgerFeed>(view_, since, limit));
}

}  // namespace cp::identity
