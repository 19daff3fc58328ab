// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/truth.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// What accelerators are called, and what their makers say of them. A name stands for one product
/// ("H100-SXM-80GB"), or for a family of which it leaves open the member ("H100"); each has one
/// canonical spelling and any number of others. The table is table/accelerators.toml, compiled in.
namespace cp::model {

/// Where a figure stands.
struct AcceleratorSource {
  std::string_view title;
  std::string_view address;  ///< a URL
  std::string_view via;    ///< the transcription that it was taken from, if not the address itself
  std::string_view as_of;  ///< "2026-08-22": the document's date, else when it was taken over
};

/// One figure of a product. Rates of calculation are peak rates without sparsity.
struct AcceleratorFigure {
  std::string_view what;  ///< "year", "memory_bytes", "memory_bandwidth" (bytes/s), "interconnect"
                          ///< (bit/s, both directions together), "flops" (operations/s)
  std::string_view format;  ///< of "flops": "bf16"
  bool is_matrix;  ///< of "flops": of matrix units, where the vector units have the format, too
  std::uint64_t value;
  const AcceleratorSource* source;  ///< never null
};

/// One product.
struct Accelerator {
  std::string_view name;
  std::string_view vendor;
  std::string_view form_factor;
  std::string_view interconnect;  ///< its name; may be empty
  std::string_view note;          ///< what the figures are of; may be empty
  std::optional<std::uint64_t> memory_bytes;
  std::span<const AcceleratorFigure> figures;  ///< all that are known, memory included
  std::span<const std::string_view> aliases;

  /// The figure WHAT; nullptr when it is not known.
  const AcceleratorFigure* figure(std::string_view what, std::string_view format = {},
                                  bool matrix = false) const;
};
std::span<const Accelerator> accelerators();

/// The names of the families that have ACCELERATOR as a member, the widest first.
std::vector<std::string_view> families_of(const Accelerator& accelerator);

/// The canonical spellings of all products and families.
std::span<const std::string_view> accelerator_names();

/// What a name stands for.
class AcceleratorName {
 public:
  /// The meaning of TEXT in any spelling. A name that the table does not have stands for itself,
  /// and so does one that bears the brand of another vendor.
  static AcceleratorName recognise(std::string_view text);

  /// The products that it may be, as indices into accelerators(), ascending; empty when the table
  /// does not have the name.
  std::span<const std::uint16_t> members() const { return members_; }
  /// The canonical spelling; TEXT itself, without blanks around it, when the table has none.
  const std::string& text() const { return text_; }
  bool is_in_table() const { return !members_.empty(); }
  /// The members' common vendor; empty when nobody knows.
  std::string_view vendor() const;

  /// The memory of such a card by the table's figures, when all members have the same.
  std::optional<std::uint64_t> memory_bytes() const;

  /// The peak rate of such a card in FORMAT ("fp16") by the table's figures, in 10^12 operations a
  /// second without sparsity, of vector units where those have the format; nullopt when it is not
  /// known of a member, or members differ.
  std::optional<double> tera_flops(std::string_view format) const;

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
