// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/money.hpp"
#include "base/result.hpp"
#include "model/accelerators.hpp"
#include "model/calculation.hpp"
#include "model/fields.hpp"
#include "model/json_fwd.hpp"
#include "model/truth.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The selection language of --where and of a resource's policy:
///
///     gpu.model in [H100, H200] and gpu.memory >= 80GB and not (region like "cn-*" or spot = true)
///
///     condition   = conjunction { "or" conjunction }
///     conjunction = negation { "and" negation }
///     negation    = "not" negation | "(" condition ")" | comparison
///     comparison  = field ( "=" "==" "!=" "<" "<=" ">" ">=" ) ( value | field )
///                 | field [ "not" ] "in" "[" item { "," item } "]"        item = value |
///                 value..value | field [ "not" ] "like" pattern                       "*" is any
///                 run of characters | field                                                 of
///                 kind boolean | sum ( "=" … ">=" ) sum
///     sum         = product { ( "+" | "-" ) product }
///     product     = operand { ( "*" | "/" ) operand }
///     operand     = field | value | "(" sum ")"
///
/// A value is a word or number as it stands (80GB, 15CNY, 7d, cn-sh) or a quoted string. Truth has
/// three values: what is not known is neither true nor false. Conditions on gpu.* hold for one and
/// the same accelerator of the node; a node that has none fulfils none of them but gpu.count.
namespace cp::model {

/// A value in an expression; durations in seconds, sizes in bytes, rates in bits per second.
using Literal = std::variant<std::string, double, bool, Money, AcceleratorName>;

enum class Operator : std::uint8_t { equal, not_equal, less, less_equal, greater, greater_equal };

/// One value, or all from LOW to HIGH.
struct Range {
  Literal low;
  Literal high;
  bool is_one_value = true;
};

/// A condition as a tree: an entirely passive value.
struct Condition {
  enum class Type : std::uint8_t {
    conjunction,  ///< all of PARTS; of none: true
    disjunction,  ///< one of PARTS
    negation,     ///< not PARTS[0]
    comparison,   ///< FIELD OPERATION value or OTHER
    membership,   ///< FIELD in RANGES
    likeness,     ///< FIELD like PATTERN
    calculation,  ///< SIDES[0] OPERATION SIDES[1]
  };
  Type type = Type::conjunction;
  std::vector<Condition> parts;
  const Field* field = nullptr;
  Operator operation = Operator::equal;
  const Field* other = nullptr;  ///< a comparison's right side, when it is a field
  std::vector<Range> ranges;     ///< a comparison's value, or a membership's items
  std::string pattern;
  std::vector<Calculation> sides;
};

struct ParseOptions {
  std::string currency;        ///< for money without one; empty: it needs one
  bool knows_duration = true;  ///< whether price.job can be known; else naming it is an error
};

/// The condition in TEXT. A usage error with the column for whatever is wrong with it; an unknown
/// field has its near match as hint. An empty TEXT is one, too.
Result<Condition> parse_condition(std::string_view text, const ParseOptions& options = {});

/// Whether CONDITION holds for RESOURCE, a cp.resource/1 to which its offer's members (price,
/// availability, source, runnable) were added as far as they are known, under DEMAND, a
/// cp.demand/1. Unknown past limits::expression_steps.
Truth evaluate(const Condition& condition, const Json& resource, const Json& demand);

/// What a field says: nothing (not known), a text, a number, a truth, money.
using FieldValue = std::variant<std::monostate, std::string, double, bool, Money>;

/// What FIELD says of RESOURCE (as `evaluate` takes it) or of DEMAND; of several accelerators the
/// first speaks.
FieldValue read_field(const Field& field, const Json& resource, const Json& demand);

/// TEXT as a string of the language, in quotes.
std::string quoted(std::string_view text);

/// The fields that CONDITION names, each once, in the order of their first use.
std::vector<const Field*> fields_of(const Condition& condition);

}  // namespace cp::model
