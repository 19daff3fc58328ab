// SPDX-License-Identifier: Apache-2.0
#include "identity/registry_client.hpp"

#include "base/text.hpp"
#include "model/document.hpp"
#include "model/json.hpp"
#include "net/http_url.hpp"

#include <algorithm>

namespace cp::identity {
namespace {

using model::Json;
using ReplyKind = RegistryReply::Kind;

constexpr std::size_t kMaxRegistries = 8;

std::optional<std::chrono::seconds> max_age_of(const net::HttpAnswer& answer) {
  const std::string* control = answer.header("cache-control");
  if (control == nullptr) {
    return std::nullopt;
  }
  for (const std::string_view part : text::split(*control, ',')) {
    const auto pair = text::cut(text::trim(part), '=');
    const auto seconds = pair && text::equal_ignoring_case(pair->before, "max-age")
                             ? text::to_uint(pair->after)
                             : std::nullopt;
    if (seconds) {
      constexpr std::uint64_t kYear = 31'536'000;
      return std::chrono::seconds(std::min(*seconds, kYear));
    }
  }
  return std::nullopt;
}

// What the registry says in its cp.error, for people.
std::string complaint(const net::HttpAnswer& answer) {
  const std::string* const elsewhere = answer.header("location");
  if (answer.status >= 300 && answer.status < 400 && elsewhere != nullptr) {
    return fmt::format("it redirects to {}, and nobody follows ({})", *elsewhere, answer.status);
  }
  const auto body = model::parse_json(answer.body);
  const auto message = body ? model::text_at(*body, "message") : std::nullopt;
  return message ? fmt::format("{} ({})", *message, answer.status)
                 : fmt::format("status {}", answer.status);
}

Errc code_of_status(int status) {
  switch (status) {
    case 401:
    case 403:
      return Errc::denied;
    case 404:
      return Errc::not_found;
    case 409:
    case 412:
      return Errc::denied;
    case 408:
    case 429:
    case 503:
    case 504:
      return Errc::timed_out;
    case 400:
    case 413:
    case 422:
      return Errc::bad_data;
    default:
      return status >= 500 ? Errc::unavailable : Errc::protocol;
  }
}

// An answer that is too long breaks the protocol: no input of the user's is bad.
Error as_answer(Error error) {
  error.code = error.code == Errc::bad_data ? Errc::protocol : error.code;
  return error;
}

// What a body that is no JSON seems to be.
std::string appearance(const net::HttpAnswer& answer) {
  const std::string* const encoding = answer.header("content-encoding");
  if (encoding != nullptr && !text::equal_ignoring_case(*encoding, "identity")) {
    return "encoded as " + *encoding + ", which nobody asked for";
  }
  const std::string* const type = answer.header("content-type");
  return type != nullptr && type->starts_with("text/") ? *type + ", no JSON object"
                                                       : std::string("no JSON object");
}

Result<Json> json_of(const std::string& base, const net::HttpAnswer& answer) {
  auto document = model::parse_json(answer.body, {"the answer of " + base});
  if (!document || !document->is_object()) {
    return fail(Errc::protocol, "{}: its answer is {}", base, appearance(answer));
  }
  return document;
}

Result<RegistryReply> read_referral(const std::string& base, const Json& body,
                                    RegistryReply reply) {
  reply.kind = ReplyKind::referral;
  reply.prefix = model::text_at(body, "prefix").value_or("");
  const Json* list = model::find(body, "registries");
  if (!model::is_a(body, "cp.referral") || list == nullptr || !list->is_array()) {
    return fail(Errc::protocol, "{}: its redirect is no cp.referral", base);
  }
  for (const Json& url : *list) {
    auto known = url.is_string() ? registry_url(url.get<std::string>())
                                 : Result<std::string>(fail(Errc::usage, "no text"));
    if (known && reply.registries.size() < kMaxRegistries) {
      reply.registries.push_back(*std::move(known));
    }
  }
  const Json* delegation = model::find(body, "delegation");
  reply.document = delegation == nullptr ? Json() : *delegation;
  return reply;
}

}  // namespace

Result<std::string> registry_url(std::string_view url) {
  CP_TRY_ASSIGN(net::HttpUrl parsed, net::HttpUrl::parse(url));
  if (parsed.path.find('?') != std::string::npos) {
    return fail(Errc::usage, "{} has a query in it", url);
  }
  if (!parsed.path.ends_with('/')) {
    parsed.path += '/';
  }
  return parsed.to_string();
}

void RegistryClient::introduce(const std::string& base, std::string token) {
  const auto url = net::HttpUrl::parse(base);
  known_to_ = url ? url->origin() : "";
  token_ = std::move(token);
}

net::HttpCall RegistryClient::question(std::string url) const {
  net::HttpCall call{.url = std::move(url), .timeout = patience_};
  const auto parsed = net::HttpUrl::parse(call.url);
  if (!token_.empty() && parsed && parsed->origin() == known_to_) {
    call.headers.emplace_back("Authorization", "Bearer " + token_);
  }
  return call;
}

Result<RegistryReply> RegistryClient::ask(const std::string& base, const std::string& path,
                                          std::optional<std::int64_t> seq, std::stop_token stop) {
  net::HttpCall call = question(base + path);
  call.headers.emplace_back("Accept", "application/json");
  if (seq) {
    call.headers.emplace_back("If-None-Match", fmt::format("\"{}\"", *seq));
  }
  CP_TRY_ASSIGN(const net::HttpAnswer answer,
                client_.ask(call, std::move(stop)).map_error(as_answer));
  RegistryReply reply;
  reply.max_age = max_age_of(answer);
  if (answer.status == 404) {
    return reply;
  }
  if (answer.status == 304 && seq) {
    reply.kind = ReplyKind::unchanged;
    return reply;
  }
  constexpr std::array<int, 4> kKnown{200, 307, 409, 410};
  if (std::ranges::find(kKnown, answer.status) == kKnown.end()) {
    return fail(code_of_status(answer.status), "{}: {}", base, complaint(answer));
  }
  CP_TRY_ASSIGN(Json body, json_of(base, answer));
  if (answer.status == 307) {
    return read_referral(base, body, std::move(reply));
  }
  reply.kind = answer.status == 200   ? ReplyKind::record
               : answer.status == 410 ? ReplyKind::gone
                                      : ReplyKind::conflict;
  const Json* inner = answer.status == 410 ? model::find(body, "document") : nullptr;
  reply.document = inner != nullptr ? *inner : body;
  return reply;
}

Result<Json> RegistryClient::document(const std::string& base, const std::string& path,
                                      std::string_view kind, std::stop_token stop) {
  CP_TRY_ASSIGN(const net::HttpAnswer answer,
                client_.ask(question(base + path), std::move(stop)).map_error(as_answer));
  if (answer.status != 200) {
    return fail(code_of_status(answer.status), "{}: {}", base, complaint(answer));
  }
  CP_TRY_ASSIGN(Json body, json_of(base, answer));
  if (!model::is_a(body, kind)) {
    return fail(Errc::protocol, "{}: what it has at {} is no {}", base, path, kind);
  }
  return body;
}

Result<Json> RegistryClient::bootstrap(const std::string& base, std::stop_token stop) {
  return document(base, "v1/bootstrap", "cp.bootstrap", std::move(stop));
}

Result<Json> RegistryClient::chain(const std::string& base, const std::string& prefix,
                                   std::stop_token stop) {
  return document(base, "v1/chain/" + prefix, "cp.chain", std::move(stop));
}

Result<void> RegistryClient::feed(const std::string& base, std::int64_t since, std::size_t limit,
                                  const std::function<Result<void>(std::string_view line)>& each,
                                  std::stop_token stop) {
  net::HttpCall call = question(fmt::format("{}v1/feed?since={}&limit={}", base, since, limit));
  call.is_long = true;
  call.most_bytes = limit * limits::document_bytes;
  constexpr int kMostBlanks = 100;
  int blanks = 0;
  std::string rest;  // of a line whose end has not come
  const auto take = [&](std::string_view piece) -> Result<void> {
    while (!piece.empty()) {
      const std::size_t end = piece.find('\n');
      rest.append(piece.substr(0, end));
      if (rest.size() > limits::document_bytes) {
        CP_TRY(each(rest));
        return fail(Errc::protocol, "{}: an entry has more than {} bytes", base,
                    limits::document_bytes);
      }
      if (end == std::string_view::npos) {
        return {};
      }
      if (!rest.empty()) {
        CP_TRY(each(rest));
      } else if (++blanks > kMostBlanks) {
        return fail(Errc::protocol, "{}: its feed has more than {} empty lines", base, kMostBlanks);
      }
      rest.clear();
      piece.remove_prefix(end + 1);
    }
    return {};
  };
  CP_TRY_ASSIGN(const net::HttpAnswer answer, client_.stream(call, take, std::move(stop)));
  if (answer.status != 200) {
    return fail(code_of_status(answer.status), "{}: {}", base, complaint(answer));
  }
  return rest.empty() ? Result<void>{}
                      : fail(Errc::protocol, "{}: its feed ends within an entry", base);
}

Result<void> RegistryClient::put(const std::string& base, const std::string& path,
                                 const std::string& document, const std::string& token,
                                 std::stop_token stop) {
  net::HttpCall call{.method = "PUT", .url = base + path, .body = document, .timeout = patience_};
  call.headers.emplace_back("Content-Type", "application/json");
  call.headers.emplace_back("Authorization", "Bearer " + token);
  CP_TRY_ASSIGN(const net::HttpAnswer answer, client_.ask(call, std::move(stop)));
  if (answer.status == 307) {
    CP_TRY_ASSIGN(const Json body, json_of(base, answer));
    CP_TRY_ASSIGN(const RegistryReply referral, read_referral(base, body, {}));
    return fail(Errc::denied, "{}: that is for the registries of prefix {} to take: {}", base,
                referral.prefix, text::join(referral.registries, " "));
  }
  const bool taken = answer.status >= 200 && answer.status < 300;
  return taken ? Result<void>{}
               : fail(code_of_status(answer.status), "{}: {}", base, complaint(answer));
}

}  // namespace cp::identity
