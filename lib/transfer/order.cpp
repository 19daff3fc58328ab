// SPDX-License-Identifier: Apache-2.0
#include "transfer/order.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "model/json.hpp"
#include "transfer/limits.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace cp::transfer {
namespace {

// Those of a whole system take a quarter of it.
constexpr std::size_t kAuthorityBytes = limits::message_bytes / 2;
constexpr std::int64_t kLongestSilence = 24 * 3600 * std::int64_t{1000};

std::string_view word_of_rail(RailChoice rail) {
  switch (rail) {
    case RailChoice::automatic:
      return "auto";
    case RailChoice::tcp:
      return "tcp";
    case RailChoice::fabric:
      return "fabric";
    case RailChoice::ssh:
      return "ssh";
  }
  return "auto";
}

std::optional<RailChoice> rail_of_word(std::string_view word) {
  for (const RailChoice rail :
       {RailChoice::automatic, RailChoice::tcp, RailChoice::fabric, RailChoice::ssh}) {
    if (word == word_of_rail(rail)) {
      return rail;
    }
  }
  return std::nullopt;
}

std::string text_in(const model::Json& json, std::string_view path) {
  return model::text_at(json, path).value_or("");
}

bool bool_in(const model::Json& json, std::string_view path) {
  return model::bool_at(json, path).value_or(false);
}

// One string would be too long for a document.
model::Json lines_of(std::string_view text) {
  model::Json lines = model::Json::array();
  for (const std::string_view line : text::split(text, '\n')) {
    lines.push_back(model::text_value(line));
  }
  return lines;
}

std::string lines_in(const model::Json& json, std::string_view path) {
  const model::Json* const lines = model::find(json, path);
  std::string text;
  for (const model::Json& line : lines != nullptr ? *lines : model::Json::array()) {
    text += model::text_of(line).value_or("") + "\n";
  }
  // As it was, with or without an end of its last line.
  return text.empty() ? "" : text.substr(0, text.size() - 1);
}

}  // namespace

Result<Order> order_of(const Request& request, Open wish) {
  Order order{.wish = std::move(wish),
              .rail = request.rail,
              .streams = request.streams,
              .anonymous = request.anonymous,
              .tls_key = request.tls_key,
              .trusts_network = request.trusts_network,
              .seals_always = request.seals_always,
              .data_host = request.data_host,
              .silence = request.silence};
  if (!request.authorities.empty()) {
    CP_TRY_ASSIGN(order.authorities, read_file(request.authorities, kAuthorityBytes));
  }
  // What only fills the form.
  order.wish.rail = RailChoice::tcp;
  order.wish.streams = std::max(order.wish.streams, 1);
  order.wish.secret = std::string(limits::key_bytes, '\0');
  order.wish.incoming.sources = std::max<std::size_t>(order.wish.sources.size(), 1);
  return order;
}

Request request_of(const Order& order) {
  const Open& wish = order.wish;
  Request request{.sources = wish.sources, .destination = wish.destination};
  request.placement = wish.placement;
  request.durability = wish.durability;
  request.rail = order.rail;
  request.selection = wish.selection;
  request.preserve = wish.preserve;
  request.sync = wish.sync;
  request.reads_back = wish.reads_back;
  request.deletion = wish.deletion;
  request.provider = wish.provider;
  request.streams = order.streams;
  request.anonymous = order.anonymous;
  request.tls_key = order.tls_key;
  request.token = wish.token;
  request.trusts_network = order.trusts_network;
  request.seals_always = order.seals_always;
  request.data_host = order.data_host;
  request.ports = wish.ports;
  request.dry_run = wish.dry_run;
  request.resume = wish.key.has_value();
  request.key = wish.key ? wish.key->hex() : "";
  request.id = order.id;
  request.compression = wish.compression;
  request.bytes_per_second = wish.bytes_per_second;
  request.silence = order.silence;
  return request;
}

std::string to_text(const Order& order) {
  using std::chrono::milliseconds;
  const auto wish = model::parse_json(to_text(order.wish));
  return model::to_line(
      {{"wish", wish ? *wish : model::Json()},
       {"rail", word_of_rail(order.rail)},
       {"streams", order.streams},
       {"id", order.id},
       {"anonymous", order.anonymous},
       {"authorities", lines_of(order.authorities)},
       {"tls_key", model::text_value(order.tls_key)},
       {"trusts_network", order.trusts_network},
       {"seals_always", order.seals_always},
       {"data_host", model::text_value(order.data_host)},
       {"silence_ms", std::chrono::duration_cast<milliseconds>(order.silence).count()}});
}

Result<Order> parse_order(std::string_view text) {
  const auto json = model::parse_json(text);
  const model::Json* wish = json ? model::find(*json, "wish") : nullptr;
  if (wish == nullptr || !wish->is_object()) {
    return fail(Errc::protocol, "an order without a wish");
  }
  Order order;
  CP_TRY_ASSIGN(order.wish, parse_open(model::to_line(*wish)));
  const auto rail = rail_of_word(text_in(*json, "rail"));
  const auto streams = model::int_at(*json, "streams").value_or(-1);
  const auto silence = model::int_at(*json, "silence_ms").value_or(0);
  order.id = text_in(*json, "id");
  if (!rail || streams < 0 || streams > limits::streams || silence < 1 ||
      silence > kLongestSilence || !is_transfer_id(order.id)) {
    return fail(Errc::protocol, "an order that cannot be");
  }
  order.rail = *rail;
  order.streams = static_cast<int>(streams);
  order.anonymous = bool_in(*json, "anonymous");
  order.authorities = lines_in(*json, "authorities");
  order.tls_key = model::bytes_at(*json, "tls_key");
  order.trusts_network = bool_in(*json, "trusts_network");
  order.seals_always = bool_in(*json, "seals_always");
  order.data_host = model::bytes_at(*json, "data_host");
  order.silence = std::chrono::milliseconds(silence);
  return order;
}

}  // namespace cp::transfer
