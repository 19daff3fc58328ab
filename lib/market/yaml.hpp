// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cp::market {

/// A value of a YAML document and where it stands. Entirely passive.
struct YamlNode {
  enum class Kind : std::uint8_t { scalar, sequence, mapping };
  Kind kind = Kind::scalar;
  std::int64_t line = 0;  ///< where it begins; of a member, where its name does
  std::string text;       ///< of a scalar, as it is written
  bool is_plain = false;  ///< a scalar without quotes, which may stand for null or a number
  std::vector<std::string> names;  ///< of a mapping's members, in their order
  std::vector<YamlNode> items;     ///< a mapping's members or a sequence's elements

  /// The member called NAME; null when there is none, or no mapping.
  const YamlNode* find(std::string_view name) const;
  /// The text of a scalar; nullopt for what stands for null, and for anything else.
  std::optional<std::string> string() const;
  /// The finite number that a plain scalar stands for.
  std::optional<double> number() const;
  /// What "true" and "false" (and True, TRUE, …) stand for, without quotes.
  std::optional<bool> boolean() const;
};

/// What was read.
struct YamlDocument {
  YamlNode root;
  /// Members whose name their mapping has already, by line: they count in place of the one before.
  std::vector<std::pair<std::int64_t, std::string>> doubled;
};

/// The one document in TEXT; an empty one is an empty scalar. Scalars stay text: what they mean is
/// the reader's to say. An alias is its anchor's value again. bad_data for what is no YAML, for a
/// second document, a name that is no scalar, an alias within its own anchor, and past
/// limits::document_bytes, limits::json_depth and 100,000 values, towards which an alias counts
/// with all that it stands for.
Result<YamlDocument> parse_yaml(std::string_view text);

}  // namespace cp::market
