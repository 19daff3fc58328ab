// SPDX-License-Identifier: Apache-2.0
#include "jobs/job.hpp"

#include "base/text.hpp"
#include "base/units.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace cp::jobs {
namespace {

using model::JobReason;
using model::JobState;
using model::Json;

constexpr int kTimeLimit = 124;
constexpr int kNeverRan = 125;

void put_text(Json& out, const char* name, std::string_view text) {
  if (!text.empty()) {
    out[name] = model::text_value(text);
  }
}

void put_time(Json& out, const char* name, const std::optional<UnixTime>& time) {
  if (time) {
    out[name] = format_time(*time);
  }
}

template <class T>
void put(Json& out, const char* name, const std::optional<T>& value) {
  if (value) {
    out[name] = *value;
  }
}

void put_money(Json& out, const char* name, const std::optional<Money>& money) {
  if (money) {
    out[name] = model::to_json(*money);
  }
}

std::int64_t int_in(const Json& document, std::string_view path, std::int64_t fallback) {
  return model::int_at(document, path).value_or(fallback);
}

// Whole seconds of a double are printed as integers, as all numbers in the documents are.
Json number(double value) {
  const auto whole = static_cast<std::int64_t>(value);
  return static_cast<double>(whole) == value ? Json(whole) : Json(value);
}

void put_outcome(Json& out, JobState state, JobReason reason, const std::optional<Exit>& exit) {
  out["state"] = model::name_of(state);
  out["reason"] = reason == JobReason::none ? Json(nullptr) : Json(model::name_of(reason));
  out["exit_code"] = exit && exit->signal == 0 ? Json(exit->code) : Json(nullptr);
  out["signal"] = exit && exit->signal != 0 ? Json(exit->signal) : Json(nullptr);
}

template <class T>
void read_outcome(const Json& document, T& target) {
  target.state =
      model::job_state_of(model::bytes_at(document, "state")).value_or(JobState::unknown);
  target.reason =
      model::job_reason_of(model::bytes_at(document, "reason")).value_or(JobReason::none);
  target.message = model::bytes_at(document, "message");
  const auto code = model::int_at(document, "exit_code");
  const auto signal = model::int_at(document, "signal");
  target.exit = std::nullopt;
  if (code || signal) {
    target.exit = Exit{static_cast<int>(code.value_or(0)), static_cast<int>(signal.value_or(0))};
  }
}

Json usage_json(const Usage& usage) {
  Json out = Json::object();
  out["card_s"] = number(usage.card_s);
  if (!usage.card_hours.empty()) {
    for (const auto& [name, hours] : usage.card_hours) {
      out["card_hours"][name] = hours.to_string();
    }
  }
  out["core_s"] = number(usage.core_s);
  out["bytes_in"] = usage.bytes_in;
  out["bytes_out"] = usage.bytes_out;
  out["cost"] = usage.cost ? model::to_json(*usage.cost) : Json(nullptr);
  out["estimated"] = usage.estimated;
  return out;
}

std::optional<Usage> read_usage(const Json* document) {
  if (document == nullptr || !document->is_object()) {
    return std::nullopt;
  }
  Usage usage;
  usage.card_s = model::number_at(*document, "card_s").value_or(0);
  usage.core_s = model::number_at(*document, "core_s").value_or(0);
  if (const Json* const hours = model::find(*document, "card_hours")) {
    for (const auto& [name, value] : hours->items()) {
      usage.card_hours[name] =
          Decimal::parse(model::text_of(value).value_or("")).value_or(Decimal{});
    }
  }
  usage.bytes_in = int_in(*document, "bytes_in", 0);
  usage.bytes_out = int_in(*document, "bytes_out", 0);
  usage.cost = model::money_at(*document, "cost");
  usage.estimated = model::bool_at(*document, "estimated").value_or(false);
  return usage;
}

Json price_json(const Price& price) {
  return {{"unit", price.unit},
          {"price", model::to_json(price.per_unit)},
          {"quantum_s", price.quantum_s},
          {"minimum_s", price.minimum_s},
          {"terms", price.terms}};
}

std::optional<Price> read_price(const Json* document) {
  if (document == nullptr) {
    return std::nullopt;
  }
  const auto money = model::money_at(*document, "price");
  if (!money) {
    return std::nullopt;
  }
  return Price{model::bytes_at(*document, "unit"), *money, int_in(*document, "quantum_s", 1),
               int_in(*document, "minimum_s", 0), model::bytes_at(*document, "terms")};
}

void put_candidate(Json& out, const Candidate& at) {
  put_text(out, "resource", at.resource);
  put_text(out, "provider", at.provider);
  out["url"] = at.url;
  put(out, "resource_seq", at.resource_seq);
  put_text(out, "workdir", at.workdir);
  put_text(out, "queue", at.queue);
  put_text(out, "card_model", at.card_model);
  put(out, "walltime_s", at.walltime_s);
  if (at.price) {
    out["price"] = price_json(*at.price);
  }
}

Candidate read_candidate(const Json& document) {
  Candidate at;
  at.url = model::bytes_at(document, "url");
  at.resource = model::bytes_at(document, "resource");
  at.resource_seq = model::int_at(document, "resource_seq");
  at.provider = model::bytes_at(document, "provider");
  at.workdir = model::bytes_at(document, "workdir");
  at.queue = model::bytes_at(document, "queue");
  at.card_model = model::bytes_at(document, "card_model");
  at.walltime_s = model::int_at(document, "walltime_s");
  at.price = read_price(model::find(document, "price"));
  return at;
}

Json attempt_json(const Attempt& attempt) {
  Json out = {{"n", attempt.n}};
  put_candidate(out, attempt.at);
  out["token"] = attempt.token;
  put_text(out, "native_name", attempt.native_name);
  out["guarantee"] = attempt.exactly_once ? "exactly-once" : "at-most-once";
  put_text(out, "native_id", attempt.native_id);
  put_text(out, "native_state", attempt.native_state);
  put_outcome(out, attempt.state, attempt.reason, attempt.exit);
  if (attempt.known != attempt.state) {
    out["known_state"] = model::name_of(attempt.known);
  }
  put_text(out, "message", attempt.message);
  put_text(out, "directory", attempt.directory);
  if (attempt.never_ran) {
    out["never_ran"] = true;
  }
  put_time(out, "submitted_at", attempt.submitted_at);
  put_time(out, "started_at", attempt.started_at);
  put_time(out, "ended_at", attempt.ended_at);
  put_time(out, "observed_at", attempt.observed_at);
  put(out, "time_limit_s", attempt.time_limit_s);
  put_money(out, "reserved", attempt.reserved);
  if (attempt.usage) {
    out["usage"] = usage_json(*attempt.usage);
  }
  out["may_overlap"] = attempt.may_overlap;
  return out;
}

Attempt read_attempt(const Json& document) {
  Attempt attempt;
  attempt.n = static_cast<int>(int_in(document, "n", 1));
  attempt.at = read_candidate(document);
  attempt.token = model::bytes_at(document, "token");
  attempt.native_name = model::bytes_at(document, "native_name");
  attempt.native_id = model::bytes_at(document, "native_id");
  attempt.native_state = model::bytes_at(document, "native_state");
  attempt.exactly_once = model::bytes_at(document, "guarantee") != "at-most-once";
  read_outcome(document, attempt);
  attempt.known =
      model::job_state_of(model::bytes_at(document, "known_state")).value_or(attempt.state);
  attempt.directory = model::bytes_at(document, "directory");
  attempt.never_ran = model::bool_at(document, "never_ran").value_or(false);
  attempt.submitted_at = model::time_at(document, "submitted_at");
  attempt.started_at = model::time_at(document, "started_at");
  attempt.ended_at = model::time_at(document, "ended_at");
  attempt.observed_at = model::time_at(document, "observed_at");
  attempt.time_limit_s = model::int_at(document, "time_limit_s");
  attempt.reserved = model::money_at(document, "reserved");
  attempt.usage = read_usage(model::find(document, "usage"));
  attempt.may_overlap = model::bool_at(document, "may_overlap").value_or(false);
  return attempt;
}

std::string how_it_ended(const std::optional<Exit>& exit) {
  if (!exit) {
    return "";
  }
  return exit->signal != 0 ? fmt::format(" by signal {}", exit->signal)
                           : fmt::format(" with exit code {}", exit->code);
}

}  // namespace

model::Json to_json(const Job& job) {
  Json out = {{"schema", "cp.job/1"}, {"id", job.id}};
  out["name"] = job.name.empty() ? Json(nullptr) : Json(job.name);
  put_outcome(out, job.state, job.reason, job.exit);
  put_text(out, "message", job.message);
  out["created_at"] = format_time(job.created_at);
  out["observed_at"] = format_time(job.observed_at);
  put_time(out, "ended_at", job.ended_at);
  put_time(out, "retry_at", job.retry_at);
  out["attempts"] = Json::array();
  for (const auto& attempt : job.attempts) {
    out["attempts"].push_back(attempt_json(attempt));
  }
  if (job.is_array()) {
    out["counts"] = Json(job.counts);
  }
  out["usage"] = job.usage ? usage_json(*job.usage) : Json(nullptr);
  return out;
}

Result<void> read_document(const model::Json& document, Job& job) {
  const Json* const attempts = model::find(document, "attempts");
  const auto created = model::time_at(document, "created_at");
  if (attempts == nullptr || !attempts->is_array() || !created) {
    return fail(Errc::bad_data, "the store holds no job where one should be");
  }
  job.id = model::bytes_at(document, "id");
  job.name = model::bytes_at(document, "name");
  read_outcome(document, job);
  job.created_at = *created;
  job.observed_at = model::time_at(document, "observed_at").value_or(*created);
  job.ended_at = model::time_at(document, "ended_at");
  job.retry_at = model::time_at(document, "retry_at");
  job.attempts.clear();
  std::ranges::transform(*attempts, std::back_inserter(job.attempts), read_attempt);
  job.counts.clear();
  if (const Json* const counts = model::find(document, "counts")) {
    for (const auto& [state, count] : counts->items()) {
      job.counts[state] = count.is_number_integer() ? count.get<std::int64_t>() : 0;
    }
  }
  job.usage = read_usage(model::find(document, "usage"));
  return {};
}

model::Json to_json(const std::vector<Candidate>& candidates) {
  Json out = Json::array();
  for (const auto& candidate : candidates) {
    Json one = Json::object();
    put_candidate(one, candidate);
    out.push_back(std::move(one));
  }
  return out;
}

std::vector<Candidate> read_candidates(const model::Json& list) {
  std::vector<Candidate> out;
  std::ranges::transform(list, std::back_inserter(out), read_candidate);
  return out;
}

std::string token_of(std::string_view job_id, int n) {
  std::string stem = text::lower(job_id.substr(2));  // "j-"
  std::erase(stem, ']');
  std::ranges::replace(stem, '[', '_');
  return fmt::format("cp-{}-{}", stem, n);
}

bool may_have_run(const Job& job) {
  return std::ranges::any_of(job.attempts, [](const Attempt& attempt) {
    return attempt.submitted_at && !attempt.never_ran;
  });
}

int exit_status_of(const Job& job) {
  if (job.is_array()) {
    return job.state == JobState::completed ? 0 : 1;
  }
  if (job.reason == JobReason::timeout) {
    return kTimeLimit;
  }
  if (!job.exit) {
    return may_have_run(job) ? cp::exit_status(Errc::unavailable) : kNeverRan;
  }
  // A job that ended well but whose results did not arrive has not done what was asked.
  const int status = job.exit->status();
  return status == 0 && job.state == JobState::failed ? cp::exit_status(Errc::io) : status;
}

std::string describe(const Job& job) {
  std::string out = std::string(model::name_of(job.state));
  if (job.has_ended()) {
    out += how_it_ended(job.exit);
  }
  const Attempt* const attempt = job.current();
  if (job.state == JobState::active && attempt != nullptr) {
    out += " on " + (attempt->at.resource.empty() ? attempt->at.url : attempt->at.resource);
  }
  if (job.has_ended() && attempt != nullptr && attempt->started_at && attempt->ended_at) {
    out += " after " + units::show_duration(*attempt->ended_at - *attempt->started_at);
  }
  if (job.reason != JobReason::none && !job.exit) {
    out += " (" + std::string(model::name_of(job.reason)) + ")";
  }
  return job.message.empty() ? out : out + ": " + job.message;
}

}  // namespace cp::jobs
