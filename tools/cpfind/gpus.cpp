// SPDX-License-Identifier: Apache-2.0
#include "base/escape.hpp"
#include "base/text.hpp"
#include "cli/context.hpp"
#include "market/line_reader.hpp"
#include "model/accelerator_document.hpp"
#include "model/expression.hpp"
#include "tool.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <vector>

namespace cpfind {
namespace {

using cp::Errc;
using cp::Result;
using cp::cli::Column;
using cp::cli::Context;
using cp::cli::Show;
using cp::model::Accelerator;
using cp::model::AcceleratorName;
using cp::model::Condition;
using cp::model::Json;
using cp::model::Truth;

constexpr std::array kGpusColumns{Column{"MODEL", "model", Show::id},
                                  Column{"VENDOR", "vendor"},
                                  Column{"FORM", "form_factor"},
                                  Column{"YEAR", "year"},
                                  Column{"MEMORY", "memory"},
                                  Column{"BANDWIDTH", "bandwidth"},
                                  Column{"FP64", "fp64"},
                                  Column{"FP32", "fp32"},
                                  Column{"FP16", "fp16"},
                                  Column{"FP8", "fp8"},
                                  Column{"LINK", "link"}};
constexpr std::array kNamesColumns{Column{"MODEL", "model", Show::id}, Column{"VENDOR", "vendor"},
                                   Column{"ASKED", "asked"}, Column{"MEMBERS", "members"}};

constexpr std::size_t kLongestName = 1000;
constexpr double kGib = 1024.0 * 1024 * 1024;

// Figures as data sheets print them: "80 GiB", "3.35 TB/s", "989 T".
std::string scaled(const cp::model::AcceleratorFigure* figure, double unit, std::string_view name) {
  return figure == nullptr
             ? std::string{}
             : fmt::format("{:.4g} {}", static_cast<double>(figure->value) / unit, name);
}

// What the table on a terminal shows besides the document.
Json with_cells(Json record, const Accelerator& accelerator) {
  record["memory"] = scaled(accelerator.figure("memory_bytes"), kGib, "GiB");
  record["bandwidth"] = scaled(accelerator.figure("memory_bandwidth"), 1e12, "TB/s");
  for (const std::string_view format : {"fp64", "fp32", "fp16", "fp8"}) {
    record[std::string(format)] = scaled(accelerator.figure("flops", format), 1e12, "T");
  }
  record["link"] = std::string(accelerator.interconnect);
  return record;
}

// The accelerators that the operands name, all without operands.
Result<std::vector<const Accelerator*>> named(Context& context) {
  std::vector<const Accelerator*> chosen;
  const auto all = cp::model::accelerators();
  if (context.arguments().operands().empty()) {
    for (const Accelerator& accelerator : all) {
      chosen.push_back(&accelerator);
    }
  }
  for (const std::string& text : context.arguments().operands()) {
    const AcceleratorName name = AcceleratorName::recognise(text);
    if (!name.is_in_table()) {
      const auto near = cp::model::near_accelerator(text);
      return cp::with_hint(
          cp::fail(Errc::not_found, "the table has no accelerator '{}'",
                   cp::escape::terminal(text)),
          near ? fmt::format("do you mean {}?", *near) : "cpfind gpus lists all of them");
    }
    for (const std::uint16_t member : name.members()) {
      chosen.push_back(&all[member]);
    }
  }
  return chosen;
}

// The conditions of --where, of which each speaks of accelerators alone.
Result<std::vector<Condition>> conditions(const Context& context) {
  std::vector<Condition> all;
  for (const std::string& text : context.arguments().texts("where")) {
    auto condition = cp::model::parse_condition(text);
    if (!condition) {
      return context.arguments().blame("where", std::move(condition).error());
    }
    for (const cp::model::Field* field : fields_of(*condition)) {
      if (!field->is_of_accelerator()) {
        return cp::with_hint(
            cp::fail(Errc::usage, "--where: the table says nothing of '{}'", field->name),
            "it is about gpu.vendor, gpu.model and gpu.memory here");
      }
    }
    all.push_back(*std::move(condition));
  }
  return all;
}

// Whether ACCELERATOR fulfils --vendor and all of CONDITIONS; what is not known of it is no yes.
bool is_wanted(const Context& context, const std::vector<Condition>& conditions,
               const Accelerator& accelerator) {
  const auto vendor = context.arguments().text("vendor");
  if (vendor && !cp::text::equal_ignoring_case(*vendor, accelerator.vendor)) {
    return false;
  }
  return conditions.empty() ||
         std::ranges::all_of(conditions, [&, resource = as_resource(accelerator)](const auto& one) {
           return evaluate(one, resource, Json::object()) == Truth::yes;
         });
}

Result<int> list(Context& context) {
  CP_TRY_ASSIGN(const auto wanted, conditions(context));
  CP_TRY_ASSIGN(const auto chosen, named(context));
  cp::cli::Output& output = context.output(kGpusColumns);
  const bool is_table = output.form() == cp::cli::Output::Form::table;
  bool is_empty = true;
  for (const Accelerator* accelerator : chosen) {
    if (is_wanted(context, wanted, *accelerator)) {
      Json record = to_json(*accelerator);
      output.record(is_table ? with_cells(std::move(record), *accelerator) : record);
      is_empty = false;
    }
  }
  return is_empty ? 1 : 0;
}

Json document_of(std::string_view text, const AcceleratorName& name) {
  Json members = Json::array();
  for (const std::uint16_t member : name.members()) {
    members.push_back(cp::model::accelerators()[member].name);
  }
  return Json{{"schema", "cp.accelerator/1"},    {"asked", cp::model::text_value(text)},
              {"vendor", name.vendor()},         {"model", name.text()},
              {"is_family", members.size() > 1}, {"members", std::move(members)}};
}

void normalise(Context& context, cp::cli::Output& output, std::string_view text) {
  const AcceleratorName name = AcceleratorName::recognise(text);
  if (name.is_in_table()) {
    return output.record(document_of(text, name));
  }
  const auto near = cp::model::near_accelerator(text);
  cp::Error error{Errc::not_found,
                  fmt::format("the table has no accelerator '{}'", cp::escape::terminal(text))};
  if (near) {
    error.hint = fmt::format("do you mean {}?", *near);
  }
  context.item_failed(error, text);
}

Result<void> normalise_lines(Context& context, cp::cli::Output& output) {
  CP_TRY_ASSIGN(auto lines, cp::market::LineReader::open("-"));
  while (true) {
    CP_TRY_ASSIGN(const auto line, lines.next());
    if (!line) {
      return {};
    }
    if (line->is_too_long || line->text.size() > kLongestName) {
      return cp::fail(Errc::bad_data, "line {} of standard input is too long for a name",
                      line->number);
    }
    if (const std::string_view name = cp::text::trim(line->text); !name.empty()) {
      normalise(context, output, name);
    }
  }
}

Result<int> names(Context& context) {
  cp::cli::Output& output = context.output(kNamesColumns);
  const auto& operands = context.arguments().operands();
  for (const std::string& text : operands) {
    normalise(context, output, text);
  }
  if (operands.empty()) {
    CP_TRY(normalise_lines(context, output));
  }
  return 0;
}

}  // namespace

Result<int> gpus(Context& context) {
  const cp::cli::Arguments& arguments = context.arguments();
  if (!arguments.has("normalise")) {
    return list(context);
  }
  if (arguments.has("where") || arguments.has("vendor")) {
    return cp::fail(Errc::usage, "--normalise takes names, and no --where or --vendor");
  }
  return names(context);
}

}  // namespace cpfind
