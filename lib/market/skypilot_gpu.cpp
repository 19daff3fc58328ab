// SPDX-License-Identifier: Apache-2.0
#include "market/skypilot_gpu.hpp"

#include "base/text.hpp"
#include "market/amounts.hpp"
#include "market/literal.hpp"
#include "model/accelerators.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace cp::market {
namespace {

using model::AcceleratorName;
using model::Json;
using model::Truth;

constexpr double kTolerance =
    0.02;  // sizes of one card in one source differ by what a driver keeps

struct Info {
  std::string manufacturer;
  std::optional<double> count;
  std::optional<double> size_mib;
  std::optional<double> total_mib;
};

// A bare word in place of the structure only says the accelerator's name again.
bool is_bare_word(std::string_view info) {
  return info.empty() || (info.front() != '{' && info.front() != '[');
}

std::optional<double> number_in(const Json& value, std::string_view path) {
  if (const auto number = model::number_at(value, path)) {
    return number;
  }
  const auto text = model::text_at(value, path);  // some write '1.0'
  return text ? parse_amount(*text) : std::nullopt;
}

std::optional<Info> read_info(std::string_view text) {
  const auto literal = parse_literal(text);
  if (!literal || !literal->is_object()) {
    return std::nullopt;
  }
  Info info;
  info.total_mib = number_in(*literal, "TotalGpuMemoryInMiB");
  const Json* gpus = model::find(*literal, "Gpus");
  if (gpus == nullptr || !gpus->is_array() || gpus->size() != 1) {
    return std::nullopt;
  }
  info.manufacturer = model::text_at(gpus->front(), "Manufacturer").value_or("");
  info.count = number_in(gpus->front(), "Count");
  info.size_mib = number_in(gpus->front(), "MemoryInfo.SizeInMiB");
  return info;
}

// "A100-80GB-320GB" of four cards: the name without the total.
std::string_view without_total(std::string_view name, double count) {
  const auto last = text::cut_last(name, '-');
  const auto before = last ? text::cut_last(last->before, '-') : std::nullopt;
  if (!before || !last->after.ends_with("GB") || !before->after.ends_with("GB")) {
    return name;
  }
  const auto total = text::to_double(last->after.substr(0, last->after.size() - 2));
  const auto one = text::to_double(before->after.substr(0, before->after.size() - 2));
  return total && one && *total == *one * count ? last->before : name;
}

// Some catalogs take the maker's name for the card's.
bool is_vendor(std::string_view name) {
  const auto all = model::accelerators();
  return std::any_of(all.begin(), all.end(), [&](const model::Accelerator& one) {
    return text::equal_ignoring_case(one.vendor, name);
  });
}

class Reading {
 public:
  explicit Reading(std::optional<std::int64_t> one_card) : one_card_(one_card) {}

  SkypilotGpu take() && { return std::move(gpu_); }

  void read(std::string_view name, std::string_view count, std::string_view info) {
    name = text::trim(name);
    if (name.empty() && count.empty()) {
      return;
    }
    if (!read_count(name, count)) {
      return;
    }
    gpu_.accelerators = Accelerators::some;
    gpu_.native = name;
    const std::string_view shorter = without_total(name, *gpu_.count);
    if (shorter != name) {
      found(Fault::gpu_name_carries_total);
    }
    if (shorter.empty()) {
      found(Fault::accelerator_without_name);
      return;
    }
    if (is_vendor(shorter)) {
      found(Fault::accelerator_is_vendor);
      gpu_.vendor = text::lower(shorter);
      return;
    }
    model_ = AcceleratorName::recognise(shorter);
    read_memory(info);
    if (!gpu_.memory_bytes && *gpu_.count >= 1 && gpu_.faults.empty()) {
      take_memory_of_model();
    }
    gpu_.model = model_.text();
    gpu_.vendor = model_.vendor().empty() ? manufacturer_ : std::string(model_.vendor());
  }

 private:
  void found(Fault fault) { gpu_.faults.push_back(fault); }

  bool read_count(std::string_view name, std::string_view count) {
    const auto amount = parse_amount(count);
    const bool is_torn = amount && *amount > 1 && *amount != std::floor(*amount);
    if (is_torn || (!amount && !count.empty())) {
      found(Fault::bad_number);
    } else if (!amount || *amount == 0) {
      gpu_.accelerators = name.empty() ? Accelerators::none : Accelerators::unknown;
      if (!name.empty()) {
        found(Fault::accelerator_without_count);
      }
    } else {
      gpu_.count = *amount;
      return true;
    }
    return false;
  }

  void read_memory(std::string_view text) {
    if (is_bare_word(text)) {
      return;
    }
    const auto info = read_info(text);
    if (!info) {
      found(Fault::gpu_info_unreadable);
      return;
    }
    manufacturer_ = text::lower(info->manufacturer);
    if (info->count && *info->count != *gpu_.count) {
      found(Fault::gpu_info_other_count);
      return;
    }
    if (info->size_mib && *info->size_mib > 0) {
      set_memory(*info->size_mib * kMib, info->total_mib.value_or(0) * kMib);
    }
  }

  Truth can_have(double bytes) const {
    if (bytes < 1 || bytes >= 1e15) {
      return Truth::no;
    }
    const Truth by_table = model_.can_have(static_cast<std::uint64_t>(bytes));
    if (by_table != Truth::unknown || !one_card_) {
      return by_table;
    }
    const auto one_card = static_cast<double>(*one_card_);
    return model::truth_of(std::abs(bytes - one_card) <= kTolerance * one_card);
  }

  void set_memory(double bytes, double total) {
    const double count = *gpu_.count;
    if (can_have(bytes) == Truth::yes || can_have(bytes) == Truth::unknown) {
      if (count > 1 && total == bytes) {
        found(Fault::gpu_total_is_one_card);
      }
    } else if (count > 1 && can_have(bytes / count) == Truth::yes) {
      found(Fault::gpu_memory_is_total);
      bytes /= count;
    } else if (can_have(bytes * 1024) == Truth::yes) {
      found(Fault::gpu_memory_is_gib);
      bytes *= 1024;
    } else {
      found(Fault::gpu_memory_wrong);
      return;
    }
    gpu_.memory_bytes = static_cast<std::int64_t>(bytes);
    model_ = model_.narrowed(static_cast<std::uint64_t>(bytes));
  }

  // Where the catalog says nothing, the table of accelerators does.
  void take_memory_of_model() {
    if (const auto bytes = model_.memory_bytes()) {
      gpu_.memory_bytes = static_cast<std::int64_t>(*bytes);
    }
  }

  std::optional<std::int64_t> one_card_;
  SkypilotGpu gpu_;
  AcceleratorName model_ = AcceleratorName::recognise("");
  std::string manufacturer_;
};

}  // namespace

SkypilotGpu read_skypilot_gpu(std::string_view name, std::string_view count, std::string_view info,
                              std::optional<std::int64_t> one_card) {
  Reading reading(one_card);
  reading.read(name, count, info);
  return std::move(reading).take();
}

const SkypilotGpu& SkypilotGpuCache::read(std::string_view name, std::string_view count,
                                          std::string_view info) {
  key_.clear();
  for (const std::string_view part : {name, count, info}) {
    key_ += part;
    key_ += '\0';
  }
  constexpr std::size_t most = 10'000;
  if (known_.size() > most) {
    known_.clear();
  }
  const auto [place, is_new] = known_.try_emplace(key_);
  if (is_new) {
    const auto one_card = one_card_bytes_.find(std::string(name));
    const bool is_known = one_card != one_card_bytes_.end();
    place->second = read_skypilot_gpu(name, count, info,
                                      is_known ? std::optional(one_card->second) : std::nullopt);
    if (place->second.count == 1 && place->second.memory_bytes) {
      one_card_bytes_[std::string(name)] = *place->second.memory_bytes;
    }
  }
  return place->second;
}

}  // namespace cp::market
