// SPDX-License-Identifier: Apache-2.0
#include "model/fields.hpp"

#include "catch.hpp"
#include <set>
#include <string_view>

using cp::model::find_field;

TEST_CASE("an unknown field has its near match as a hint") {
  const auto missing = cp::model::require_field("gpu.memroy");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == cp::Errc::usage);
  CHECK(missing.error().hint == "did you mean gpu.memory?");
  CHECK(find_field("") == nullptr);
  CHECK(find_field("gpu") == nullptr);
}

TEST_CASE("each field is found by its name, and no two have one") {
  std::set<std::string_view> seen;
  for (const auto& field : cp::model::fields()) {
    CAPTURE(field.name);
    CHECK(find_field(field.name) == &field);
    CHECK(seen.insert(field.name).second);
    CHECK_FALSE(field.meaning.empty());
  }
  CHECK(find_field("GPU.Model") == find_field("gpu.model"));
}
