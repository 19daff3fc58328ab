// SPDX-License-Identifier: Apache-2.0
#include "market/top500.hpp"

#include "base/text.hpp"
#include "market/amounts.hpp"
#include "market/countries.hpp"
#include "market/csv_rows.hpp"
#include "market/ndjson.hpp"
#include "model/accelerators.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

namespace cp::market {
namespace {

using model::Json;

constexpr std::string_view kMeasured = "Rmax [TFlop/s]";
constexpr std::string_view kNominal = "Rpeak [TFlop/s]";
constexpr std::string_view kMeasuredByHpcg = "HPCG [TFlop/s]";
constexpr double kTera = 1e12;
// The lists' numbers: 1 is June 1993, and there are two a year.
constexpr std::int64_t kMostLists = 400;
constexpr std::size_t kMostSystems = 100'000;

struct System {
  Json resource;
  std::int64_t line = 0;
  std::vector<std::pair<const char*, double>> measured;  ///< benchmark, FLOP/s
  std::optional<double> nominal;
};

class SystemReader {
 public:
  SystemReader(const CsvRows& row, Lint& lint) : row_(row), lint_(lint) {}

  /// The system of the row; nullopt when it is kept out.
  std::optional<System> read() {
    System system;
    system.line = row_.line();
    const std::string_view name = row_.field("Name");
    const std::string_view computer = row_.field("Computer");
    if (name.empty() && computer.empty()) {
      found(Fault::no_name, "");
      return std::nullopt;
    }
    system.resource = {
        {"schema", "cp.resource/1"}, {"name", name.empty() ? computer : name}, {"kind", "cluster"}};
    if (const auto id = row_.field("System ID"); !id.empty()) {
      system.resource["also_known_as"] =
          Json::array({{{"scheme", "top500"}, {"id", std::string(id)}}});
    }
    if (const auto site = row_.field("Site"); !site.empty()) {
      system.resource["provider"] = {{"name", site}};
    }
    place(system.resource);
    node(system.resource);
    rates(system);
    return is_rejected_ ? std::nullopt : std::optional(std::move(system));
  }

  /// The list in which the system appeared first; 0 when it does not say.
  std::int64_t first_list() const {
    const auto number = text::to_int(row_.field("First Appearance"));
    return number && *number >= 1 && *number <= kMostLists ? *number : 0;
  }

 private:
  void found(Fault fault, std::string_view detail) { lint_.found(row_.line(), fault, detail); }

  // The number in COLUMN above 0, × SCALE.
  std::optional<double> number(std::string_view column, double scale) {
    const std::string_view field = row_.field(column);
    if (field.empty()) {
      return std::nullopt;
    }
    const auto amount = parse_amount(field);
    if (!amount || *amount * scale > 1e24) {
      found(Fault::bad_number, field);
      is_rejected_ = true;
      return std::nullopt;
    }
    if (*amount == 0 || is_sentinel(*amount)) {
      found(Fault::sentinel_number, field);
      return std::nullopt;
    }
    return *amount * scale;
  }

  void place(Json& resource) {
    const std::string_view country = row_.field("Country");
    if (country.empty()) {
      return;
    }
    if (const auto code = country_code(country)) {
      resource["place"] = {{"country", *code}};
    } else {
      found(Fault::unknown_country, country);
    }
  }

  void node(Json& resource) {
    Json node = Json::object();
    if (const auto processor = row_.field("Processor"); !processor.empty()) {
      node["cpu"] = {{"model", processor}};
      if (const auto clock = number("Processor Speed (MHz)", 1e6)) {
        node["cpu"]["clock_hz"] = *clock;
      }
    }
    accelerators(node);
    if (const auto family = row_.field("Interconnect Family"); !family.empty()) {
      node["network"] = Json::array({{{"type", network_type(family)}}});
    }
    if (!node.empty()) {
      resource["node"] = std::move(node);
    }
  }

  static std::string network_type(std::string_view family) {
    const std::string name = text::lower(family);
    return name.ends_with("ethernet") ? "ethernet" : text::replace_all(name, " ", "-");
  }

  // How many there are in a node the list does not say.
  void accelerators(Json& node) {
    if (!row_.has("Accelerator/Co-Processor")) {
      return;
    }
    const std::string_view name = row_.field("Accelerator/Co-Processor");
    node["accelerators"] = Json::array();
    if (name.empty() || text::equal_ignoring_case(name, "none")) {
      return;
    }
    Json one{{"native_name", name}};
    const auto known = model::AcceleratorName::recognise(name);
    if (known.is_in_table()) {
      one["model"] = known.text();
    }
    if (const std::string vendor = vendor_of(known, name); !vendor.empty()) {
      one["vendor"] = vendor;
    }
    node["accelerators"].push_back(std::move(one));
  }

  // The list writes the maker's name in front.
  static std::string vendor_of(const model::AcceleratorName& known, std::string_view name) {
    const std::string brand = text::lower(name.substr(0, name.find(' ')));
    const auto all = model::accelerators();
    const bool is_brand = std::any_of(
        all.begin(), all.end(), [&](const model::Accelerator& one) { return one.vendor == brand; });
    return !known.vendor().empty() || !is_brand ? std::string(known.vendor()) : brand;
  }

  void rates(System& system) {
    const auto measured = number(kMeasured, kTera);
    if (measured) {
      system.measured.emplace_back("HPL", *measured);
    }
    if (const auto rate = number(kMeasuredByHpcg, kTera)) {
      system.measured.emplace_back("HPCG", *rate);
    }
    system.nominal = number(kNominal, kTera);
    if (measured && system.nominal && *measured > *system.nominal) {
      found(Fault::measured_above_nominal, row_.field(kNominal));
      system.nominal.reset();
    }
  }

  const CsvRows& row_;
  Lint& lint_;
  bool is_rejected_ = false;
};

std::string date_of_list(std::int64_t number) {
  return fmt::format("{}-{}-01T00:00:00Z", 1993 + (number - 1) / 2, number % 2 == 1 ? "06" : "11");
}

// A measured figure says when: without a date it is not kept.
void add_performance(System& system, const std::string& as_of) {
  Json all = Json::array();
  const auto add = [&](double value, Json figure) {
    figure["what"] = "flops";
    figure["format"] = "fp64";
    figure["sparse"] = false;
    figure["per"] = "system";
    figure["value"] = value;
    figure["source"] = "TOP500";
    if (!as_of.empty()) {
      figure["as_of"] = as_of;
    }
    all.push_back(std::move(figure));
  };
  for (const auto& [benchmark, rate] : system.measured) {
    if (!as_of.empty()) {
      add(rate, {{"basis", "measured"}, {"benchmark", benchmark}});
    }
  }
  if (system.nominal) {
    add(*system.nominal, {{"basis", "nominal"}});
  }
  if (!all.empty()) {
    system.resource["performance"] = std::move(all);
  }
}

}  // namespace

bool is_top500_header(std::string_view header) {
  CsvSplitter splitter;
  const auto names = splitter.split(header);
  return names && std::find(names->begin(), names->end(), kMeasured) != names->end() &&
         std::find(names->begin(), names->end(), "Site") != names->end();
}

Result<void> import_top500(LineReader& lines, const std::string& as_of, CacheImport& import,
                           Lint& lint) {
  CP_TRY_ASSIGN(CsvRows rows, CsvRows::open(lines, lint));
  if (!rows.has(kMeasured) || !rows.has("Site")) {
    return fail(Errc::bad_data, "line 1 names no columns {} and Site: no TOP500 list", kMeasured);
  }
  std::vector<System> systems;
  std::int64_t newest = 0;
  while (true) {
    CP_TRY_ASSIGN(const bool is_there, rows.next());
    if (!is_there) {
      break;
    }
    if (systems.size() == kMostSystems) {
      return fail(Errc::bad_data, "line {}: a TOP500 list has no more than {} systems", rows.line(),
                  kMostSystems);
    }
    SystemReader reader(rows, lint);
    if (auto system = reader.read()) {
      newest = std::max(newest, reader.first_list());
      systems.push_back(*std::move(system));
    }
  }
  const std::string date = !as_of.empty() ? as_of : newest > 0 ? date_of_list(newest) : "";
  for (System& system : systems) {
    add_performance(system, date);
    CP_TRY(import_resource(system.resource, system.line, import, lint));
  }
  return {};
}

}  // namespace cp::market
