// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "jobs/metering.hpp"
#include "model/json.hpp"
#include "session.hpp"
#include "tool.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <map>

namespace cprun {
namespace {

using cp::Decimal;
using cp::Errc;
using cp::Result;
using cp::cli::Context;
using cp::jobs::Attempt;
using cp::jobs::Job;
using cp::model::Json;

constexpr std::array kUsageColumns{
    cp::cli::Column{"PROVIDER", "by.provider"},
    cp::cli::Column{"MONTH", "by.month"},
    cp::cli::Column{"PROJECT", "by.project"},
    cp::cli::Column{"NAME", "by.name"},
    cp::cli::Column{"JOBS", "jobs", cp::cli::Show::count},
    cp::cli::Column{"CORE-HOURS", "core_hours"},
    cp::cli::Column{"CARD-HOURS", "card_hours"},
    cp::cli::Column{"MOVED", "bytes_moved", cp::cli::Show::bytes},
    cp::cli::Column{"COST", "cost", cp::cli::Show::money},
};

using Key = std::map<std::string, std::string>;
struct Sum {
  std::map<std::string, bool> jobs;
  cp::jobs::Usage usage;
  bool is_empty = true;
};

std::string value_of(const std::string& dimension, const Job& job, const Attempt& attempt) {
  if (dimension == "provider") {
    return attempt.at.provider.empty() ? attempt.at.url : attempt.at.provider;
  }
  if (dimension == "month") {
    const auto when = attempt.started_at.value_or(attempt.ended_at.value_or(job.created_at));
    return cp::format_time(when).substr(0, 7);
  }
  if (dimension == "project") {
    const auto tag = job.spec.tags.find("project");
    return tag == job.spec.tags.end() ? "" : tag->second;
  }
  return job.name;
}

Json record_of(const Key& key, const Sum& sum) {
  Json out = {{"schema", "cp.usage/1"}, {"by", Json::object()}};
  for (const auto& [dimension, value] : key) {
    out["by"][dimension] = value;
  }
  out["jobs"] = sum.jobs.size();
  for (const auto& [model, hours] : sum.usage.card_hours) {
    out["card_hours"][model] = hours.to_string();
  }
  constexpr std::int64_t milliseconds_per_hour = 3'600'000;
  const auto milliseconds = static_cast<std::int64_t>(sum.usage.core_s * 1000 + 0.5);
  out["core_hours"] = Decimal::from_int(1).times(milliseconds, milliseconds_per_hour).to_string();
  out["bytes_moved"] = sum.usage.bytes_in + sum.usage.bytes_out;
  out["cost"] = sum.usage.cost ? cp::model::to_json(*sum.usage.cost) : Json(nullptr);
  out["estimated"] = sum.usage.estimated;
  return out;
}

}  // namespace

Result<int> usage(Context& context) {
  constexpr std::array<std::string_view, 4> known{"provider", "month", "project", "name"};
  const std::string by = context.arguments().text("by").value_or("provider,month");
  const auto dimensions = cp::text::split(by, ',');
  for (const auto dimension : dimensions) {
    if (std::ranges::find(known, dimension) == known.end()) {
      return cp::fail(Errc::usage, "--by {}: there are provider, month, project, name", dimension);
    }
  }
  CP_TRY_ASSIGN(Session session, Session::open(context));
  CP_TRY(refresh(context, session));
  // What is not comparable is not added up: each currency is a sum of its own.
  std::map<std::pair<Key, std::string>, Sum> sums;
  CP_TRY(session.store->for_each([&](const Job& job) -> Result<void> {
    for (const Attempt& attempt : job.attempts) {
      if (!attempt.usage) {
        continue;
      }
      Key key;
      for (const auto dimension : dimensions) {
        key[std::string(dimension)] = value_of(std::string(dimension), job, attempt);
      }
      Sum& sum = sums[{key, attempt.usage->cost ? attempt.usage->cost->currency : ""}];
      sum.jobs[job.id] = true;
      if (sum.is_empty) {
        sum.usage = *attempt.usage;
        sum.is_empty = false;
      } else {
        cp::jobs::add(sum.usage, *attempt.usage);
      }
    }
    return {};
  }));
  for (const auto& [key, sum] : sums) {
    context.output(kUsageColumns).record(record_of(key.first, sum));
  }
  return 0;
}

}  // namespace cprun
