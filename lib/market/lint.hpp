// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "model/json_fwd.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cp::market {

/// What an importer does with a faulty row.
enum class Remedy : std::uint8_t {
  rejected,  ///< kept out
  repaired,  ///< kept, put right by the rule
  merged,    ///< said again by a row that is kept
};
std::string_view name_of(Remedy remedy);

/// A fault that importers look for; what each is stands in its rule.
enum class Fault : std::uint8_t {
  long_line,
  not_utf8,
  malformed_json,
  wrong_schema,
  malformed_document,
  unclosed_quote,
  short_row,
  long_row,
  ragged_row,
  no_instance_type,
  bad_number,
  bad_price,
  zero_price,
  zero_spot_price,
  sentinel_price,
  price_places,
  spot_above_on_demand,
  sentinel_number,
  fractional_cpus,
  accelerator_without_name,
  accelerator_without_count,
  gpu_info_unreadable,
  gpu_info_other_count,
  gpu_name_carries_total,
  gpu_memory_is_total,
  gpu_memory_is_gib,
  gpu_memory_wrong,
  gpu_total_is_one_card,
  gpu_slice_as_card,
  inactive,
  duplicate_row,
  every_type_in_every_region,
  not_yaml,
  no_name,
  unknown_country,
  bad_place,
  measured_above_nominal,
  accelerator_is_vendor,
  memory_is_bytes,
  memory_impossible,
  name_twice,
};

/// A fault and what importers do about it: the stated rules.
struct Rule {
  Fault fault;
  std::string_view name;  ///< "ragged-row"
  Remedy remedy;
  std::string_view says;  ///< one sentence without a dot: the fault and the remedy
};

/// All rules, for help and reports.
std::span<const Rule> rules();

/// Collects what was wrong with the rows of one source.
class Lint {
 public:
  /// Called with each fault as it is found: the line, its rule, and what was there.
  using Observer =
      std::function<void(std::int64_t line, const Rule& rule, std::string_view detail)>;
  explicit Lint(Observer observer = {}) : observer_(std::move(observer)), counts_(rules().size()) {}

  /// The rows to come stand in FILE, one of several that the source is made of.
  void enter(std::string file);
  /// The file that was entered last; empty where the source is one file.
  const std::string& file() const { return file_; }

  /// The row at LINE has FAULT; DETAIL is what stands there ("" for nothing). Counts the row once
  /// for each remedy at most, as long as lines come in order.
  void found(std::int64_t line, Fault fault, std::string_view detail = {});

  std::int64_t rejected() const { return rows_[static_cast<std::size_t>(Remedy::rejected)].count; }
  std::int64_t repaired() const { return rows_[static_cast<std::size_t>(Remedy::repaired)].count; }
  std::int64_t merged() const { return rows_[static_cast<std::size_t>(Remedy::merged)].count; }
  bool is_clean() const { return rejected() + repaired() + merged() == 0; }

  /// [{"rule","remedy","rows","first_line"}] of the rules that were broken, and "first_file" where
  /// there are several.
  model::Json summary() const;

 private:
  struct Count {
    std::int64_t count = 0;
    std::int64_t first_line = 0;
    std::int64_t last_line = 0;
    std::string first_file;
  };
  void count(Count& count, std::int64_t line);

  Observer observer_;
  std::vector<Count> counts_;
  Count rows_[3];
  std::string file_;
};

}  // namespace cp::market
