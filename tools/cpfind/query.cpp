// SPDX-License-Identifier: Apache-2.0
#include "base/escape.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "cli/context.hpp"
#include "demand_flags.hpp"
#include "market/plot.hpp"
#include "market/search.hpp"
#include "model/accelerators.hpp"
#include "model/json.hpp"
#include "remarks.hpp"
#include "tool.hpp"
#include "world.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace cpfind {
namespace {

using cp::Result;
using cp::cli::Column;
using cp::cli::Context;
using cp::cli::Show;
using cp::market::Demand;
using cp::market::SearchOptions;
using cp::market::SearchResult;
using cp::model::Json;

constexpr std::array kQueryColumns{
    Column{"RESOURCE", "resource|name"},
    Column{"PROVIDER", "provider"},
    Column{"REGION", "place.region|place.country"},
    Column{"CPUS", "node.cpu.threads|node.cpu.cores", Show::count},
    Column{"MEMORY", "node.memory_bytes", Show::bytes},
    Column{"GPU", "node.accelerators.0.model|node.accelerators.0.native_name"},
    Column{"N", "node.accelerators.0.share|node.accelerators.0.count", Show::count},
    Column{"AN HOUR", "price.hour", Show::money},
    Column{"THE JOB", "price.job", Show::money},
    Column{"NOW", "availability.verdict", Show::verdict},
    Column{"SCORE", "scores.total", Show::bar},
};

Result<SearchOptions> options_of(const Context& context, const Demand& demand) {
  const cp::cli::Arguments& given = context.arguments();
  SearchOptions options;
  set_common(context, options);
  auto sort = cp::market::parse_sort(*given.text("sort"), demand.duration_s().has_value());
  if (!sort) {
    return given.blame("sort", std::move(sort).error());
  }
  options.sort = std::move(*sort);
  options.limit = static_cast<std::size_t>(*given.integer("limit"));
  const std::int64_t per_provider = *given.integer("per-provider");
  constexpr std::int64_t most = 1'000'000;
  if (per_provider < 0 || per_provider > most) {
    return cp::fail(cp::Errc::usage, "--per-provider: it is a number from 0 to {}", most);
  }
  options.per_provider = static_cast<std::size_t>(per_provider);
  options.pareto = given.has("pareto");
  options.include_unknown = given.has("include-unknown");
  options.explain = given.has("explain");
  return options;
}

void warn_of_sources(const Context& context, const Json& answer) {
  for (const Remark& remark : remarks_of(answer)) {
    remark.is_warning ? context.warn(remark.error) : context.note(remark.error.message);
  }
}

// A model that neither the table nor the cache knows may be a slip of the finger.
void warn_of_models(const Context& context, const Demand& demand, const SearchResult& result) {
  const Json* models = cp::model::find(demand.document(), "gpu.models");
  for (std::size_t i = 0; models != nullptr && i < models->size(); ++i) {
    const auto name = cp::model::AcceleratorName::recognise((*models)[i].get<std::string>());
    const auto is_this = [&](const std::string& known) {
      return cp::model::AcceleratorName::recognise(known).is(name) == cp::model::Truth::yes;
    };
    if (name.is_in_table() || std::any_of(result.models.begin(), result.models.end(), is_this)) {
      continue;
    }
    const auto near = cp::model::near_accelerator(name.text());
    context.warn(cp::Error{cp::Errc::failed,
                           fmt::format("no accelerator is called '{}'", name.text()),
                           near ? fmt::format("did you mean {}?", *near) : ""});
  }
}

std::string summary_of(const Json& answer, bool include_unknown) {
  const auto number = [&](const char* name) { return answer[name].get<std::int64_t>(); };
  std::string text = fmt::format("{} of {} offers", number("shown"),
                                 number("matched") + (include_unknown ? number("unknown") : 0));
  if (number("unknown") > 0) {
    text += fmt::format("; {} could not be judged", number("unknown"));
  }
  return text;
}

Result<void> draw(const std::string& file, const SearchResult& result,
                  const std::string& currency) {
  const std::string svg = cp::market::svg_of(cp::market::plot_data_of(result.offers, currency));
  CP_TRY_ASSIGN(auto picture, cp::AtomicFile::create_output(file, 0666));
  CP_TRY(picture.write(svg));
  return picture.commit();
}

std::string text_of(const Json& json, const char* name) {
  return cp::escape::terminal(json[name].get_ref<const std::string&>());
}

std::string change_text(const Json& change) {
  const std::string clause = text_of(change, "clause");
  return change.contains("instead")
             ? fmt::format("{} instead of {}", text_of(change, "instead"), clause)
             : fmt::format("without {}", clause);
}

// For people; a pipe has it in the answer.
void show_explanation(cp::cli::Output& output, const Json& explanation) {
  const auto number = [](const Json& json, const char* name) {
    return json[name].get<std::int64_t>();
  };
  output.line(fmt::format("{} offers were looked at", number(explanation, "offers")));
  for (const Json& clause : explanation["clauses"]) {
    output.line(fmt::format("  {}: {} removed, {} not known; {} fail in this alone",
                            text_of(clause, "clause"), number(clause, "removed"),
                            number(clause, "unknown"), number(clause, "alone")));
  }
  for (const Json& relaxation : explanation.value("relaxations", Json::array())) {
    std::vector<std::string> changes;
    for (const Json& change : relaxation["changes"]) {
      changes.push_back(change_text(change));
    }
    const std::int64_t offers = number(relaxation, "offers");
    output.line(fmt::format("{} {}: {}", offers, offers == 1 ? "offer" : "offers",
                            cp::text::join(changes, " and ")));
  }
}

}  // namespace

Result<int> query(Context& context) {
  CP_TRY_ASSIGN(const Demand demand, demand_of(context));
  CP_TRY_ASSIGN(const SearchOptions options, options_of(context, demand));
  CP_TRY_ASSIGN(World world, World::open(context));
  CP_TRY_ASSIGN(const SearchResult result,
                search(world.sources(), demand, options, context.clock(), context.random(), {}));
  if (const auto file = context.arguments().text("plot")) {
    CP_TRY(draw(*file, result, options.currency));
  }
  cp::cli::Output& output = context.output(kQueryColumns);
  for (const Json& offer : result.offers) {
    output.record(offer);
  }
  output.record(result.answer);
  output.line(summary_of(result.answer, options.include_unknown));
  if (options.explain) {
    show_explanation(output, result.answer["explanation"]);
  }
  warn_of_sources(context, result.answer);
  if (result.offers.empty()) {
    warn_of_models(context, demand, result);
  }
  return result.offers.empty() ? 1 : 0;
}

}  // namespace cpfind
