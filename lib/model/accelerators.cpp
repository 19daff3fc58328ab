// SPDX-License-Identifier: Apache-2.0
#include "model/accelerators.hpp"

#include "base/text.hpp"

#include <array>
#include <cmath>
#include <map>

namespace cp::model {
namespace {

struct Source {
  std::string_view where;
  std::string_view as_of;
};
constexpr int unknown = 0;

#define CP_SOURCE(label, where, as_of) constexpr Source source_##label{where, as_of};
#define CP_MODEL(name, vendor, mib, source)
#define CP_FAMILY(name, members)
#define CP_ALIAS(spelling, name)
#include "model/accelerators.inc"
#undef CP_SOURCE
#undef CP_MODEL
constexpr Source source_unknown{};

constexpr Accelerator model(std::string_view name, std::string_view vendor, std::uint64_t mib,
                            Source source) {
  if (mib == 0) {
    return {name, vendor, std::nullopt, {}, {}};
  }
  return {name, vendor, mib << 20U, source.where, source.as_of};
}

#define CP_SOURCE(label, where, as_of)
#define CP_MODEL(name, vendor, mib, source) model(name, vendor, mib, source_##source),
constexpr std::array kModels{
#include "model/accelerators.inc"
};
#undef CP_MODEL
#undef CP_FAMILY
#undef CP_ALIAS

constexpr bool each_figure_has_source_and_date() {
  for (const Accelerator& accelerator : kModels) {
    if (accelerator.memory_bytes &&
        (accelerator.memory_source.empty() || accelerator.memory_as_of.empty())) {
      return false;
    }
  }
  return true;
}
static_assert(each_figure_has_source_and_date());

struct Pair {
  std::string_view name;
  std::string_view value;
};
#define CP_MODEL(name, vendor, mib, source)
#define CP_FAMILY(name, members) Pair{name, members},
#define CP_ALIAS(spelling, name)
constexpr std::array kFamilies{
#include "model/accelerators.inc"
};
#undef CP_FAMILY
#undef CP_ALIAS
#define CP_FAMILY(name, members)
#define CP_ALIAS(spelling, name) Pair{spelling, name},
constexpr std::array kAliases{
#include "model/accelerators.inc"
};
#undef CP_MODEL
#undef CP_FAMILY
#undef CP_ALIAS
#undef CP_SOURCE

constexpr std::array<std::string_view, 8> kBrands{"nvidia",  "tesla",  "amd",    "instinct",
                                                  "geforce", "huawei", "google", "aws"};

std::string folded(std::string_view text) {
  std::string out;
  for (const char c : text::lower(text)) {
    if (c != ' ' && c != '-' && c != '_') {
      out.push_back(c);
    }
  }
  for (const std::string_view brand : kBrands) {
    if (out.size() > brand.size() && out.starts_with(brand)) {
      out.erase(0, brand.size());
    }
  }
  return out;
}

struct Named {
  std::string_view name;
  std::vector<std::uint16_t> members;
};

class Table {
 public:
  Table() {
    for (std::size_t i = 0; i < kModels.size(); ++i) {
      add(kModels[i].name, {static_cast<std::uint16_t>(i)});
    }
    for (const Pair& family : kFamilies) {
      std::vector<std::uint16_t> members;
      for (const std::string_view member : text::split(family.value, '|')) {
        members.push_back(find(member)->members.front());
      }
      std::sort(members.begin(), members.end());
      add(family.name, std::move(members));
    }
    for (const Pair& alias : kAliases) {
      spellings_.emplace(folded(alias.name), spellings_.at(folded(alias.value)));
    }
  }

  const Named* find(std::string_view spelling) const {
    const auto found = spellings_.find(folded(spelling));
    return found == spellings_.end() ? nullptr : &named_[found->second];
  }
  const Named* find(const std::vector<std::uint16_t>& members) const {
    const auto found = std::find_if(named_.begin(), named_.end(),
                                    [&](const Named& named) { return named.members == members; });
    return found == named_.end() ? nullptr : &*found;
  }
  std::span<const std::string_view> names() const { return names_; }

 private:
  void add(std::string_view name, std::vector<std::uint16_t> members) {
    spellings_.emplace(folded(name), named_.size());
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

std::span<const Accelerator> accelerators() { return kModels; }

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
                    folded(text_) == folded(wanted.text_));
  }
  const auto shared = std::count_if(members_.begin(), members_.end(), [&](std::uint16_t member) {
    return std::binary_search(wanted.members_.begin(), wanted.members_.end(), member);
  });
  if (shared == 0) {
    return Truth::no;
  }
  return shared == static_cast<std::ptrdiff_t>(members_.size()) ? Truth::yes : Truth::unknown;
}

std::optional<std::string> near_accelerator(std::string_view text) {
  return text::near_match(text, accelerator_names());
}

}  // namespace cp::model
