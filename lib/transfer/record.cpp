// SPDX-License-Identifier: Apache-2.0
#include "transfer/record.hpp"

#include "model/json.hpp"
#include "transfer/zstd.hpp"

#include <nlohmann/json.hpp>

namespace cp::transfer {
namespace {

using model::Json;

const char* state_of(const Account& account, const Tally& tally) {
  if (account.error) {
    return "failed";
  }
  if (account.is_planned) {
    return "planned";
  }
  if (!account.result) {
    return "running";
  }
  if (account.failed_count == 0) {
    return "done";
  }
  return account.result->files + tally.files_skipped == 0 ? "failed" : "partial";
}

// Messages may quote names of any bytes.
Json message_of(const Error& error) {
  const Json text = model::text_value(error.message);
  return text.is_string() ? text : Json("failed");
}

Json failed_of(const Account& account) {
  Json list = Json::array();
  for (const ItemFailed& item : account.failed) {
    list.push_back({{"path", model::text_value(item.path)},
                    {"code", name_of(item.error.code)},
                    {"message", message_of(item.error)}});
  }
  return list;
}

Json rail_of(const RailCount& count) {
  Json rail = {{"kind", count.kind()}};
  if (const std::string provider = count.provider(); !provider.empty()) {
    rail["provider"] = model::text_value(provider);
  }
  rail["streams"] = count.streams();
  rail["bytes"] = count.bytes();
  if (const auto error = count.error()) {
    rail["error"] = {{"code", name_of(error->code)}, {"message", message_of(*error)}};
  }
  return rail;
}

// Of one kind, what it moved; of several, what each carried.
Json rails_of(const Account& account, std::uint64_t bytes) {
  if (account.rails.size() > 1) {
    Json rails = Json::array();
    for (const auto& count : account.rails) {
      rails.push_back(rail_of(*count));
    }
    if (account.round_trip) {
      rails.front()["window_bytes"] = account.window;
      rails.front()["rtt_s"] = std::chrono::duration<double>(*account.round_trip).count();
    }
    return rails;
  }
  if (account.rail.empty()) {
    return Json::array();
  }
  Json rail = {{"kind", account.rail}};
  if (!account.provider.empty()) {
    rail["provider"] = account.provider;
  }
  rail["streams"] = account.streams;
  if (account.round_trip) {
    rail["window_bytes"] = account.window;
    rail["rtt_s"] = std::chrono::duration<double>(*account.round_trip).count();
  }
  rail["bytes"] = bytes;
  return Json::array({rail});
}

Json digest_of(const Account& account) {
  if (!account.result || account.result->digest == Digest{}) {
    return nullptr;
  }
  return {{"algorithm", digest_algorithm}, {"value", account.result->digest.hex()}};
}

Json compression_told(const Account& account, const Tally& tally) {
  const std::uint64_t plain = tally.payload_plain;
  const double carried = static_cast<double>(tally.payload_carried);
  return {{"codec", zstd_name},
          {"level", to_text(account.compression)},
          {"ratio", plain == 0 ? Json() : Json(carried / static_cast<double>(plain))}};
}

Json plan_of(const Account& account) {
  Json plan = Json::array();
  for (const auto& [from, to] : account.plan) {
    plan.push_back({{"from", model::text_value(from)}, {"to", model::text_value(to)}});
  }
  return plan;
}

}  // namespace

Json sources_of(const Request& request) {
  if (request.sources.size() == 1) {
    return model::text_value(request.sources.front());
  }
  Json sources = Json::array();
  for (const std::string& source : request.sources) {
    sources.push_back(model::text_value(source));
  }
  return sources;
}

model::Json to_record(const Request& request, const Account& account, const Tally& tally) {
  const std::uint64_t moved = account.result ? account.result->bytes : tally.bytes_placed.load();
  const std::uint64_t files = account.result ? account.result->files : tally.files_placed.load();
  const double seconds = std::chrono::duration<double>(account.duration).count();
  const bool knows_totals = tally.walk_ended;
  const std::string_view bottleneck = tally.bottleneck();
  Json record = {
      {"schema", "cp.transfer/1"},
      {"id", account.id},
      {"state", state_of(account, tally)},
      {"attempt", account.attempt},
      {"connections", account.connections},
      {"source", sources_of(request)},
      {"destination", model::text_value(request.destination)},
      {"files",
       {{"total", knows_totals ? Json(tally.files_found.load()) : Json()},
        {"done", files},
        {"skipped", tally.files_skipped.load()},
        {"failed", account.failed_count}}},
      {"bytes",
       {{"total", knows_totals ? Json(tally.bytes_found.load()) : Json()},
        {"moved", moved},
        {"skipped", tally.bytes_skipped.load()},
        {"wire", account.rail == "local" || account.rail.empty()
                     ? Json()
                     : Json(tally.bytes_carried.load())}}},
      {"rails", rails_of(account, moved)},
      {"started_at", format_time(account.started_at)},
      {"duration_s", seconds},
      {"rate_bps", seconds > 0 ? Json(static_cast<double>(moved) * 8 / seconds) : Json()},
      {"digest", digest_of(account)},
      {"encrypted", account.encrypted},
      {"bottleneck", bottleneck.empty() ? Json() : Json(bottleneck)},
      {"failed", failed_of(account)}};
  if (request.deletion != Deletion::none && account.result) {
    record["files"]["deleted"] = account.result->deleted;
  }
  if (request.reads_back) {
    record["verify"] = "readback";
  }
  if (account.compression.is_wanted()) {
    record["compression"] = compression_told(account, tally);
  }
  if (account.is_planned) {
    record["plan"] = plan_of(account);
  }
  if (account.is_planned && request.deletion != Deletion::none) {
    record["files"]["deleted"] = account.would_delete_count;
    record["would_delete"] = Json::array();
    for (const std::string& path : account.would_delete) {
      record["would_delete"].push_back(model::text_value(path));
    }
  }
  if (account.error) {
    record["error"] = {{"code", name_of(account.error->code)},
                       {"message", message_of(*account.error)}};
    if (!account.error->hint.empty()) {
      record["error"]["hint"] = account.error->hint;
    }
  }
  return record;
}

}  // namespace cp::transfer
