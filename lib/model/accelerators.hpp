// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/truth.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// What accelerators are called. A name stands for one product ("H100-SXM-80GB"), or for a family
/// of which it leaves open the member ("H100"); each has one canonical spelling and any number of
/// others. The table is accelerators.inc.
namespace cp::model {

/// One product.
struct Accelerator {
  std::string_view name;
  std::string_view vendor;
  std::optional<std::uint64_t> memory_bytes;
  std::string_view memory_source;  ///< empty without a figure
  std::string_view memory_as_of;
};
std::span<const Accelerator> accelerators();

/// The canonical spellings of all products and families.
std::span<const std::string_view> accelerator_names();

/// What a name stands for.
class AcceleratorName {
 public:
  /// The meaning of TEXT in any spelling. A name that the table does not have stands for itself.
  static AcceleratorName recognise(std::string_view text);

  /// The canonical spelling; TEXT itself, without blanks around it, when the table has none.
  const std::string& text() const { return text_; }
  bool is_in_table() const { return !members_.empty(); }
  /// The members' common vendor; empty when nobody knows.
  std::string_view vendor() const;

  /// The memory of such a card by the table's figures, when all members have the same.
  std::optional<std::uint64_t> memory_bytes() const;

  /// This name, narrowed to the members that have MEMORY_BYTES each, when the table has a name for
  /// just those; else itself.
  AcceleratorName narrowed(std::uint64_t memory_bytes) const;
  /// Whether a card of this name can have MEMORY_BYTES: by the table's figure, else by the size in
  /// the name. Unknown where neither says.
  Truth can_have(std::uint64_t memory_bytes) const;

  /// Whether a card that is known as THIS is a WANTED: yes when each product that this may be is
  /// one, no when none is.
  Truth is(const AcceleratorName& wanted) const;

 private:
  AcceleratorName(std::string text, std::span<const std::uint16_t> members);

  std::string text_;
  std::span<const std::uint16_t> members_;  ///< indices into accelerators(), ascending
};

/// The canonical spelling that a person who typed TEXT most likely meant; nullopt when none is
/// near.
std::optional<std::string> near_accelerator(std::string_view text);

}  // namespace cp::model
