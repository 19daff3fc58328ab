// SPDX-License-Identifier: Apache-2.0
#include "market/lint.hpp"

#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <array>

namespace cp::market {
namespace {

constexpr std::array kRules{
    Rule{Fault::long_line, "long-line", Remedy::rejected,
         "the line is longer than an import may have; kept out"},
    Rule{Fault::not_utf8, "not-utf8", Remedy::rejected,
         "the line is not UTF-8, or holds a NUL; kept out"},
    Rule{Fault::malformed_json, "malformed-json", Remedy::rejected,
         "the line is no JSON; kept out"},
    Rule{Fault::wrong_schema, "wrong-schema", Remedy::rejected,
         "the document is none that the format knows; kept out"},
    Rule{Fault::malformed_document, "malformed-document", Remedy::rejected,
         "a member has the wrong type or an impossible value; kept out"},
    Rule{Fault::unclosed_quote, "unclosed-quote", Remedy::rejected,
         "a quoted field does not begin and end on its line; kept out"},
    Rule{Fault::short_row, "short-row", Remedy::rejected,
         "fewer fields than the header names; kept out"},
    Rule{Fault::long_row, "long-row", Remedy::rejected,
         "more fields than the header names; kept out"},
    Rule{Fault::ragged_row, "ragged-row", Remedy::repaired,
         "more fields than the header names, behind a last column that nobody reads: the surplus "
         "is its"},
    Rule{Fault::no_instance_type, "no-instance-type", Remedy::rejected,
         "a part that is priced apart from any machine; kept out"},
    Rule{Fault::bad_number, "bad-number", Remedy::rejected,
         "a field that should be a number is none, or negative, or not whole cards; kept out"},
    Rule{Fault::bad_price, "bad-price", Remedy::rejected,
         "a price is no amount of money, or negative; kept out"},
    Rule{Fault::zero_price, "zero-price", Remedy::repaired,
         "a price of 0 stands for none: the price is unknown"},
    Rule{Fault::zero_spot_price, "zero-spot-price", Remedy::repaired,
         "a spot price of 0 stands for none: the spot price is unknown"},
    Rule{Fault::sentinel_price, "sentinel-price", Remedy::repaired,
         "700 or nothing but nines stands for an unknown price: it is unknown"},
    Rule{Fault::price_places, "price-places", Remedy::repaired,
         "a price with more than nine places is rounded at the ninth"},
    Rule{Fault::spot_above_on_demand, "spot-above-on-demand", Remedy::repaired,
         "a spot price above the on-demand price is left out"},
    Rule{Fault::sentinel_number, "sentinel-number", Remedy::repaired,
         "a 0, a -1 or nothing but nines in place of an unknown amount: it is unknown"},
    Rule{Fault::fractional_cpus, "fractional-cpus", Remedy::repaired,
         "a CPU count that is no whole number is left out"},
    Rule{Fault::accelerator_without_name, "accelerator-without-name", Remedy::repaired,
         "a count of accelerators without a name: the model is unknown"},
    Rule{Fault::accelerator_without_count, "accelerator-without-count", Remedy::repaired,
         "an accelerator that is named and not counted: the accelerators are unknown"},
    Rule{Fault::gpu_info_unreadable, "gpu-info-unreadable", Remedy::repaired,
         "what is said of the accelerator cannot be read and is left out"},
    Rule{Fault::gpu_info_other_count, "gpu-info-other-count", Remedy::repaired,
         "two counts of the accelerators differ: what is said of their memory is left out"},
    Rule{Fault::gpu_name_carries_total, "gpu-name-carries-total", Remedy::repaired,
         "the total of all cards in an accelerator's name is cut off"},
    Rule{Fault::gpu_memory_is_total, "gpu-memory-is-total", Remedy::repaired,
         "the memory of all cards is given as that of one: divided by their count"},
    Rule{Fault::gpu_memory_is_gib, "gpu-memory-is-gib", Remedy::repaired,
         "a card's memory in GiB stands where MiB should: multiplied by 1024"},
    Rule{Fault::gpu_memory_wrong, "gpu-memory-wrong", Remedy::repaired,
         "a card's memory that its model does not have is left out"},
    Rule{Fault::gpu_total_is_one_card, "gpu-total-is-one-card", Remedy::repaired,
         "the total of all cards is that of one card: the card's figure counts"},
    Rule{Fault::gpu_slice_as_card, "gpu-slice-as-card", Remedy::repaired,
         "a card with a part of its model's memory is a slice of one: counted as that share"},
    Rule{Fault::inactive, "inactive", Remedy::rejected,
         "the source says that it is offered no more; kept out"},
    Rule{Fault::duplicate_row, "duplicate-row", Remedy::merged,
         "the same line stands there before"},
    Rule{Fault::every_type_in_every_region, "every-type-in-every-region", Remedy::merged,
         "each type is listed in each region at one price, which is no statement about places: one "
         "row a type, "
         "its region unknown"},
    Rule{Fault::not_yaml, "not-yaml", Remedy::rejected,
         "the file is no YAML, or too much of it; kept out"},
    Rule{Fault::no_name, "no-name", Remedy::rejected, "the row names nothing; kept out"},
    Rule{Fault::unknown_country, "unknown-country", Remedy::repaired,
         "a country that is none of ISO 3166 is left out"},
    Rule{Fault::bad_place, "bad-place", Remedy::repaired,
         "a latitude or longitude that is none is left out"},
    Rule{Fault::measured_above_nominal, "measured-above-nominal", Remedy::repaired,
         "a measured rate above the nominal one: the nominal one is left out"},
    Rule{Fault::accelerator_is_vendor, "accelerator-is-vendor", Remedy::repaired,
         "the name of an accelerator is its maker's alone: the model is unknown"},
    Rule{Fault::memory_is_bytes, "memory-is-bytes", Remedy::repaired,
         "a memory of 2^30 GiB and more stands there in bytes: taken as bytes"},
    Rule{Fault::memory_impossible, "memory-impossible", Remedy::repaired,
         "a memory of more than 2^20 GiB, in whatever unit, is left out"},
    Rule{Fault::name_twice, "name-twice", Remedy::repaired,
         "a name stands twice in one mapping of YAML: the later one counts"},
};

constexpr bool is_in_order() {
  for (std::size_t i = 0; i < kRules.size(); ++i) {
    if (kRules[i].fault != static_cast<Fault>(i)) {
      return false;
    }
  }
  return true;
}
static_assert(is_in_order());

}  // namespace

std::span<const Rule> rules() { return kRules; }

std::string_view name_of(Remedy remedy) {
  constexpr std::array<std::string_view, 3> names{"rejected", "repaired", "merged"};
  return names[static_cast<std::size_t>(remedy)];
}

void Lint::count(Count& count, std::int64_t line) {
  if (count.count == 0) {
    count.first_line = line;
    count.first_file = file_;
  } else if (count.last_line == line) {
    return;
  }
  ++count.count;
  count.last_line = line;
}

void Lint::enter(std::string file) {
  file_ = std::move(file);
  for (Count& count : counts_) {
    count.last_line = 0;
  }
  for (Count& count : rows_) {
    count.last_line = 0;
  }
}

void Lint::found(std::int64_t line, Fault fault, std::string_view detail) {
  const Rule& rule = kRules[static_cast<std::size_t>(fault)];
  count(counts_[static_cast<std::size_t>(fault)], line);
  count(rows_[static_cast<std::size_t>(rule.remedy)], line);
  if (observer_) {
    observer_(line, rule, detail);
  }
}

model::Json Lint::summary() const {
  model::Json all = model::Json::array();
  for (std::size_t i = 0; i < kRules.size(); ++i) {
    if (counts_[i].count > 0) {
      all.push_back({{"rule", kRules[i].name},
                     {"remedy", name_of(kRules[i].remedy)},
                     {"rows", counts_[i].count},
                     {"first_line", counts_[i].first_line}});
      if (!counts_[i].first_file.empty()) {
        all.back()["first_file"] = model::text_value(counts_[i].first_file);
      }
    }
  }
  return all;
}

}  // namespace cp::market
