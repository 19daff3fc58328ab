// SPDX-License-Identifier: Apache-2.0
#include "model/offer_set.hpp"

#include "base/file.hpp"
#include "model/document.hpp"

#include "catch.hpp"
#include <string>
#include <unistd.h>

using cp::Errc;
using cp::model::JsonReader;
using cp::model::read_offers;

namespace {

constexpr const char* kOffer = R"({"schema":"cp.offer/1","id":"o-1","novel":{"kept":true}})";
constexpr const char* kAnswer = R"({"schema":"cp.answer/1","matched":1})";

auto offers_in(const std::string& text, bool allow_partial = false) {
  std::string path = "/tmp/cp-offers-test-XXXXXX";
  const cp::UniqueFd fd(::mkstemp(path.data()));
  REQUIRE(cp::write_all(fd.get(), text));
  JsonReader reader({path});
  auto set = read_offers(reader, allow_partial);
  ::unlink(path.c_str());
  return set;
}

}  // namespace

TEST_CASE(
    "a stream of offers that is unfinished, mixed up or of another major version is refused") {
  const std::string offer = kOffer;
  for (const std::string& text :
       {std::string(), offer, offer + "\n{\"schema\":", std::string(kAnswer) + offer,
        std::string(R"({"schema":"cp.offer/2"})") + kAnswer, offer + R"({"schema":"cp.answer/2"})",
        "7 " + std::string(kAnswer), "[" + offer + "," + kAnswer}) {
    CAPTURE(text);
    const auto set = offers_in(text);
    REQUIRE_FALSE(set);
    CHECK(set.error().code == Errc::bad_data);
  }
}

TEST_CASE("offers, their answer and what is not known come through as they are") {
  const auto set = offers_in(std::string(kOffer) + R"({"schema":"cp.error/1","message":"m"})" +
                             "\n" + R"({"whatever":1})" + kAnswer);
  REQUIRE(set);
  REQUIRE(set->offers.size() == 1);
  CHECK(cp::model::to_line(set->offers[0]) == kOffer);
  CHECK(set->others.size() == 2);
  CHECK(cp::model::to_line(*set->answer) == kAnswer);
}

TEST_CASE("a partial stream is taken only when that was asked for") {
  CHECK(offers_in(kOffer, true)->offers.size() == 1);
  CHECK_FALSE(offers_in(kOffer, true)->answer);
}

TEST_CASE("a document is what its schema says") {
  const auto document = *cp::model::parse_json(R"({"schema":"cp.offering/1"})");
  CHECK_FALSE(cp::model::is_a(document, "cp.offer"));
  CHECK(cp::model::is_a(document, "cp.offering"));
  CHECK_FALSE(cp::model::require(document, "cp.offer"));
  CHECK_FALSE(cp::model::require(*cp::model::parse_json("{}"), "cp.offer"));
  CHECK_FALSE(cp::model::require(*cp::model::parse_json("[1]"), "cp.offer"));
}
