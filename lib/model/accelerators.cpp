// SPDX-License-Identifier: Apache-2.0
#include "model/accelerators.hpp"

#include "base/text.hpp"
#include "model/accelerator_spelling.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace cp::model {
namespace {

struct Family {
  std::string_view name;
  std::string_view members;  ///< names with '|' between them
  std::span<const std::string_view> aliases;
};

#include <model/accelerators.inc>

struct Named {
  std::string_view name;
  std::vector<std::uint16_t> members;
};

class Table {
 public:
  Table() {
    for (std::size_t i = 0; i < kModels.size(); ++i) {
      add(kModels[i].name, kModels[i].aliases, {static_cast<std::uint16_t>(i)});
    }
    for (const Family& family : kFamilies) {
      std::vector<std::uint16_t> members;
      for (const std::string_view member : text::split(family.members, '|')) {
        members.push_back(find(member)->members.front());
      }
      std::sort(members.begin(), members.end());
      add(family.name, family.aliases, std::move(members));
    }
  }

  /// nullptr also when SPELLING has the brand of another vendor in front.
  const Named* find(std::string_view spelling) const {
    const Spelling spelt = spell(spelling);
    const auto found = spellings_.find(spelt.folded);
    if (found == spellings_.end()) {
      return nullptr;
    }
    const Named& named = named_[found->second];
    const std::string_view vendor = kModels[named.members.front()].vendor;
    return spelt.vendor.empty() || spelt.vendor == vendor ? &named : nullptr;
  }
  const Named* find(const std::vector<std::uint16_t>& members) const {
    const auto found = std::find_if(named_.begin(), named_.end(),
                                    [&](const Named& named) { return named.members == members; });
    return found == named_.end() ? nullptr : &*found;
  }
  std::span<const std::string_view> names() const { return names_; }
  std::span<const Named> all() const { return named_; }

  /// The canonical spelling of what is nearest to TEXT.
  std::optional<std::string> near(std::string_view text) const {
    std::vector<std::string_view> candidates;
    candidates.reserve(spellings_.size());
    for (const auto& [spelling, index] : spellings_) {
      candidates.push_back(spelling);
    }
    const auto nearest = text::near_match(spell(text).folded, candidates);
    return nearest ? std::optional(std::string(named_[spellings_.find(*nearest)->second].name))
                   : std::nullopt;
  }

 private:
  void add(std::string_view name, std::span<const std::string_view> aliases,
           std::vector<std::uint16_t> members) {
    spellings_.emplace(spell(name).folded, named_.size());
    for (const std::string_view alias : aliases) {
      spellings_.emplace(spell(alias).folded, named_.size());
    }
    named_.push_back({name, std::move(members)});
    names_.push_back(name);
  }

  std::vector<Named> named_;
  std::vector<std::string_view> names_;
  std::map<std::string, std::size_t, std::less<>> spellings_;
};

const Table& table() {
  static const Table instance;
  return instance;
}

// The size in a name such as "A100-SXM-80GB", in bytes.
std::optional<double> size_in(std::string_view name) {
  const auto cut = text::cut_last(name, '-');
  if (!cut || !cut->after.ends_with("GB")) {
    return std::nullopt;
  }
  const auto gigabytes = text::to_double(cut->after.substr(0, cut->after.size() - 2));
  return gigabytes ? std::optional(*gigabytes * 1e9) : std::nullopt;
}

// Vendors count in GB, drivers in MiB less what they keep: 7 % apart at most, while the sizes of
// one product line lie 14 % apart at least.
Truth has(const Accelerator& accelerator, std::uint64_t memory_bytes) {
  constexpr double tolerance = 0.12;
  std::optional<double> size = size_in(accelerator.name);
  if (accelerator.memory_bytes) {
    size = static_cast<double>(*accelerator.memory_bytes);
  }
  if (!size) {
    return Truth::unknown;
  }
  return truth_of(std::abs(static_cast<double>(memory_bytes) - *size) <= tolerance * *size);
}

}  // namespace

const AcceleratorFigure* Accelerator::figure(std::string_view what, std::string_view format,
                                             bool matrix) const {
  const auto found = std::find_if(figures.begin(), figures.end(), [&](const auto& one) {
    return one.what == what && one.format == format && one.is_matrix == matrix;
  });
  return found == figures.end() ? nullptr : &*found;
}

std::span<const Accelerator> accelerators() { return kModels; }

std::vector<std::string_view> families_of(const Accelerator& accelerator) {
  const auto index = static_cast<std::uint16_t>(&accelerator - kModels.data());
  std::vector<const Named*> families;
  for (const Named& named : table().all()) {
    if (named.name != accelerator.name &&
        std::binary_search(named.members.begin(), named.members.end(), index)) {
      families.push_back(&named);
    }
  }
  std::stable_sort(families.begin(), families.end(), [](const Named* a, const Named* b) {
    return a->members.size() > b->members.size();
  });
  std::vector<std::string_view> names;
  names.reserve(families.size());
  for (const Named* family : families) {
    names.push_back(family->name);
  }
  return names;
}

std::span<const std::string_view> accelerator_names() { return table().names(); }

AcceleratorName::AcceleratorName(std::string text, std::span<const std::uint16_t> members)
    : text_(std::move(text)), members_(members) {}

AcceleratorName AcceleratorName::recognise(std::string_view text) {
  const std::string_view trimmed = text::trim(text);
  if (const Named* named = table().find(trimmed); named != nullptr) {
    return {std::string(named->name), named->members};
  }
  return {std::string(trimmed), {}};
}

std::string_view AcceleratorName::vendor() const {
  return members_.empty() ? std::string_view{} : kModels[members_.front()].vendor;
}

std::optional<std::uint64_t> AcceleratorName::memory_bytes() const {
  std::optional<std::uint64_t> common;
  for (const std::uint16_t member : members_) {
    const auto& bytes = kModels[member].memory_bytes;
    if (!bytes || (common && *common != *bytes)) {
      return std::nullopt;
    }
    common = bytes;
  }
  return common;
}

std::optional<double> AcceleratorName::tera_flops(std::string_view format) const {
  constexpr double tera = 1e12;
  std::optional<std::uint64_t> common;
  for (const std::uint16_t member : members_) {
    const AcceleratorFigure* const figure = kModels[member].figure("flops", format);
    if (figure == nullptr || (common && *common != figure->value)) {
      return std::nullopt;
    }
    common = figure->value;
  }
  return common ? std::optional(static_cast<double>(*common) / tera) : std::nullopt;
}

AcceleratorName AcceleratorName::narrowed(std::uint64_t memory_bytes) const {
  std::vector<std::uint16_t> left;
  for (const std::uint16_t member : members_) {
    if (has(kModels[member], memory_bytes) != Truth::no) {
      left.push_back(member);
    }
  }
  if (const Named* named = table().find(left); !left.empty() && named != nullptr) {
    return {std::string(named->name), named->members};
  }
  return *this;
}

Truth AcceleratorName::can_have(std::uint64_t memory_bytes) const {
  if (members_.empty()) {
    return Truth::unknown;
  }
  Truth result = Truth::no;
  for (const std::uint16_t member : members_) {
    result = either(result, has(kModels[member], memory_bytes));
  }
  return result;
}

Truth AcceleratorName::is(const AcceleratorName& wanted) const {
  if (members_.empty() || wanted.members_.empty()) {
    return truth_of(members_.empty() && wanted.members_.empty() &&
                    spell(text_).folded == spell(wanted.text_).folded);
  }
  const auto shared = std::count_if(members_.begin(), members_.end(), [&](std::uint16_t member) {
    return std::binary_search(wanted.members_.begin(), wanted.members_.end(), member);
  });
  if (shared == 0) {
    return Truth::no;
  }
  return shared == static_cast<std::ptrdiff_t>(members_.size()) ? Truth::yes : Truth::unknown;
}

std::optional<std::string> near_accelerator(std::string_view text) { return table().near(text); }

}  // namespace cp::model
