// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cp::model {

/// Reads the members of one object strictly: each of the right type, and none that nobody asked
/// for. Null counts as absent. Errors are bad_data and name the member as WHERE.NAME.
class ObjectReader {
 public:
  /// Borrows OBJECT.
  ObjectReader(const Json& object, std::string where);

  /// bad_data when it is no object.
  Result<void> require_object() const;

  /// The member NAME of any type, or null.
  const Json* any(std::string_view name);
  /// A string of UTF-8.
  Result<std::optional<std::string>> word(std::string_view name);
  /// A string or {"base64"}: the bytes of a path or an argument, without NUL.
  Result<std::optional<std::string>> bytes(std::string_view name);
  Result<std::optional<std::int64_t>> whole(std::string_view name, std::int64_t least);
  Result<std::optional<double>> positive(std::string_view name);
  Result<std::optional<bool>> truth(std::string_view name);
  Result<std::optional<Money>> money(std::string_view name);
  Result<std::vector<std::string>> list_of_bytes(std::string_view name);
  Result<std::vector<std::string>> list_of_words(std::string_view name);
  Result<std::map<std::string, std::string>> words(std::string_view name);

  /// bad_data, with the near match, when the object has a member that nobody asked for.
  Result<void> no_others() const;

  std::string place(std::string_view name) const;

 private:
  tl::unexpected<Error> wrong(std::string_view name, std::string_view wanted) const;

  const Json& object_;
  std::string where_;
  std::vector<std::string> asked_;
};

/// The bytes of a member that `text_value` wrote, without NUL; nullopt for anything else.
std::optional<std::string> argument_of(const Json& value);

}  // namespace cp::model
