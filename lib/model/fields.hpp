// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "model/json_fwd.hpp"

#include <cstdint>
#include <span>
#include <string_view>

/// The names that the selection language knows: one table for the parser, for `cpfind fields`, for
/// what is pushed down into SQL, and for sorting.
namespace cp::model {

/// What a field's values are, and so which literals it takes.
enum class Kind : std::uint8_t {
  text,      ///< compared without case
  model,     ///< the name of an accelerator: a family's name means its members
  number,    ///< a plain number
  bytes,     ///< "80GB"
  rate,      ///< bits per second: "200Gbps"
  duration,  ///< "7d"; seconds inside
  money,     ///< "15CNY"
  boolean,   ///< true or false
  flops,     ///< operations a second, in 10^12: "300TFLOPS"; a number alone counts 10^12
};

/// Which document a field is read from.
enum class Scope : std::uint8_t {
  resource,  ///< cp.resource/1
  offer,     ///< what a resource's offer adds: price, availability, source
  demand,    ///< cp.demand/1: the other side
};

struct Field {
  std::string_view name;
  Kind kind;
  Scope scope;
  std::string_view
      path;  ///< "[]" is the accelerator in question, or each network; a|b: the first there
  std::string_view meaning;  ///< one sentence without a dot

  /// Whether it speaks of one accelerator of the node.
  bool is_of_accelerator() const { return path.starts_with("node.accelerators[]"); }
  /// Of Kind::flops: the format of its numbers, "fp16".
  std::string_view format() const { return name.substr(name.find('_') + 1); }
};

/// All of them, in the order in which people read them.
std::span<const Field> fields();

/// The field called NAME, nullptr when there is none.
const Field* find_field(std::string_view name);

/// As `find_field`, with a usage error that has the near match as its hint.
Result<const Field*> require_field(std::string_view name);

/// The word for KIND's unit in help and messages: "bytes", "bit/s", "".
std::string_view unit_of(Kind kind);

}  // namespace cp::model
