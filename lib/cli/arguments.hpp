// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/money.hpp"

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cp::cli {

/// What the user asked for: flags (from the command line, the environment, the configuration or
/// their defaults), operands, and a job's command line. Values were checked against their types;
/// asking for a flag that the command does not have is our bug and aborts.
class Arguments {
 public:
  struct Value {
    std::vector<std::string> texts;
    std::string origin;  ///< "command line", "CP_LIMIT", a file's name, "default"
  };

  Arguments(std::map<std::string, Value, std::less<>> flags, std::vector<std::string> operands,
            std::vector<std::string> job, std::string currency,
            std::vector<std::string> order = {});

  bool has(std::string_view flag) const;
  /// Whether the flag stands on the command line itself.
  bool is_given(std::string_view flag) const;
  /// Whether the flag, one without a value, stands on the command line itself with a no: --flag=no.
  bool is_switched_off(std::string_view flag) const;

  /// ERROR, that a command found in FLAG's value: as it is when the value stands on the command
  /// line, else bad_config with the name of the variable or file that it comes from.
  tl::unexpected<Error> blame(std::string_view flag, Error error) const;

  std::optional<std::string> text(std::string_view flag) const;
  std::vector<std::string> texts(std::string_view flag) const;
  /// The values of FLAGS, each with its flag, in the order in which they stand on the command line.
  std::vector<std::pair<std::string_view, std::string>> in_order(
      std::initializer_list<std::string_view> flags) const;
  std::optional<std::int64_t> integer(std::string_view flag) const;
  std::optional<double> number(std::string_view flag) const;
  std::optional<std::uint64_t> bytes(std::string_view flag) const;
  std::optional<double> rate_bps(std::string_view flag) const;
  std::optional<std::chrono::nanoseconds> duration(std::string_view flag) const;
  /// A price such as "15CNY/card-hour": the money, and "card-hour" ("" without one).
  struct Price {
    Money money;
    std::string unit;
  };
  std::optional<Price> price(std::string_view flag) const;

  const std::vector<std::string>& operands() const { return operands_; }
  /// The job's command line, for a command that takes one.
  const std::vector<std::string>& job() const { return job_; }
  const std::map<std::string, Value, std::less<>>& all() const { return flags_; }

 private:
  const Value* find(std::string_view flag) const;

  std::map<std::string, Value, std::less<>> flags_;
  std::vector<std::string> order_;
  std::vector<std::string> operands_;
  std::vector<std::string> job_;
  std::string currency_;
};

}  // namespace cp::cli
