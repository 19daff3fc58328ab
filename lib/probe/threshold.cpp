// SPDX-License-Identifier: Apache-2.0
#include "probe/threshold.hpp"

#include "base/text.hpp"
#include "base/units.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace cp::probe {
namespace {

struct Group {
  std::string_view name;
  std::string_view path;
  std::string_view figures;
};
constexpr std::string_view kAll = "min mean max stddev p50 p75 p90 p95 p99 p999";
constexpr std::string_view kParts = "p50 p99";
constexpr std::array kGroups{Group{"rtt", "rtt", kAll},
                             Group{"response", "response", kAll},
                             Group{"pdv", "pdv", "p50 p95 p99 p999"},
                             Group{"net", "split.net", kParts},
                             Group{"reflector", "split.reflector", kParts},
                             Group{"app_tx", "split.app_tx", kParts},
                             Group{"app_rx", "split.app_rx", kParts}};

struct Field {
  std::string name;
  std::string path;
  bool is_duration = false;
};

std::vector<Field> all_fields() {
  std::vector<Field> fields{{"loss", "loss_ratio"},
                            {"score", "score.value"},
                            {"duplicates", "duplicates"},
                            {"reordered", "reordered"}};
  for (const Group& group : kGroups) {
    for (const std::string_view figure : text::split(group.figures, ' ')) {
      fields.push_back({fmt::format("{}.{}", group.name, figure),
                        fmt::format("{}.{}_ns", group.path, figure), true});
    }
  }
  return fields;
}

Result<Field> find_field(std::string_view name) {
  const std::vector<Field> fields = all_fields();
  const auto found = std::ranges::find(fields, name, &Field::name);
  if (found != fields.end()) {
    return *found;
  }
  std::vector<std::string_view> names;
  for (const Field& field : fields) {
    names.push_back(field.name);
  }
  const auto near = text::near_match(name, names);
  return with_hint(fail(Errc::usage, "a measurement has no field '{}'", name),
                   near ? fmt::format("did you mean {}?", *near)
                        : std::string("there are loss, score, rtt.p99, net.p50 and others"));
}

Result<double> parse_bound(const Field& field, std::string_view text) {
  if (field.is_duration) {
    CP_TRY_ASSIGN(const auto duration, units::parse_duration(text));
    return static_cast<double>(duration.count());
  }
  const bool is_percentage = field.name == "loss" && text.ends_with('%');
  const auto value = text::to_double(text::trim(text.substr(0, text.size() - is_percentage)));
  if (!value) {
    return fail(Errc::usage, "'{}' is not a number", text);
  }
  return is_percentage ? *value / 100 : *value;
}

}  // namespace

Result<Threshold> Threshold::parse(std::string_view text) {
  const auto at = text.find_first_of("<>");
  if (at == std::string_view::npos) {
    return with_hint(fail(Errc::usage, "'{}' is not a condition", text),
                     "write e.g. rtt.p99>5ms or loss>0.1%");
  }
  const std::size_t length = text.substr(at + 1).starts_with('=') ? 2 : 1;
  CP_TRY_ASSIGN(const Field field, find_field(text::trim(text.substr(0, at))));
  Threshold threshold;
  CP_TRY_ASSIGN(threshold.bound_, parse_bound(field, text::trim(text.substr(at + length))));
  threshold.text_ = std::string(text);
  threshold.path_ = field.path;
  threshold.operator_ = std::string(text.substr(at, length));
  threshold.is_duration_ = field.is_duration;
  return threshold;
}

bool Threshold::is_met(double value) const {
  if (operator_ == ">") {
    return value > bound_;
  }
  if (operator_ == ">=") {
    return value >= bound_;
  }
  return operator_ == "<" ? value < bound_ : value <= bound_;
}

std::optional<std::string> Threshold::failure(const model::Json& measurement) const {
  const auto value = model::number_at(measurement, path_);
  if (!value) {
    return fmt::format("{}: it is not known", text_);
  }
  if (!is_met(*value)) {
    return std::nullopt;
  }
  const std::string shown =
      is_duration_ ? units::show_duration(std::chrono::nanoseconds(std::llround(*value)))
                   : fmt::format("{:.4g}", *value);
  return fmt::format("{}: it is {}", text_, shown);
}

}  // namespace cp::probe
