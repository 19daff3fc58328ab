// SPDX-License-Identifier: Apache-2.0
#include "transfer/session_keys.hpp"

#include "base/text.hpp"
#include "transfer/limits.hpp"

#include "catch.hpp"
#include <set>

using namespace cp::transfer;

namespace {

SessionSecret sample_secret() {
  return {.binding = "bound",
          .client = std::string(32, 'c'),
          .server = std::string(32, 's'),
          .transfer = "t-01M8233HY9NHH45D4A69ZNK920",
          .epoch = 3,
          .sealed = true};
}

const std::vector<std::string> kTokens{std::string(16, '0'), std::string(16, '1')};

// Each key of each rail of SECRET.
std::set<std::string> keys_of(const SessionSecret& secret) {
  std::set<std::string> keys;
  for (const RailKeys& rail : derive_rail_keys(secret, kTokens)) {
    keys.insert({rail.claim.substr(limits::token_bytes), rail.answer, rail.upward, rail.downward});
  }
  return keys;
}

}  // namespace

TEST_CASE("rails, directions and purposes have keys of their own") {
  CHECK(keys_of(sample_secret()).size() == 8);
}

TEST_CASE("whatever differs between two sessions, they have no key in common") {
  const auto keys = keys_of(sample_secret());
  std::vector<SessionSecret> others(6, sample_secret());
  others[0].binding = "bounc";
  others[1].client.back() = 'C';
  others[2].server.back() = 'S';
  others[3].transfer.back() = '1';
  others[4].epoch = 4;
  // The same bytes, cut elsewhere.
  others[5].binding = "boundc";
  others[5].client.pop_back();
  for (const SessionSecret& other : others) {
    for (const std::string& key : keys_of(other)) {
      CHECK_FALSE(keys.contains(key));
    }
  }
}

TEST_CASE("rails of another kind in one session have keys of their own") {
  const auto first = derive_rail_keys(sample_secret(), kTokens);
  const auto other = derive_rail_keys(sample_secret(), kTokens, limits::rails_of_a_kind);
  for (std::size_t i = 0; i < kTokens.size(); ++i) {
    CHECK(first[i].claim != other[i].claim);
    CHECK(first[i].answer != other[i].answer);
    CHECK(first[i].upward != other[i].upward);
    CHECK(first[i].downward != other[i].downward);
  }
}

TEST_CASE("keys are those that another program derives, and clear text has none") {
  // Computed by Python's hmac over the same fields.
  const auto rails = derive_rail_keys(sample_secret(), kTokens);
  CHECK(cp::text::to_hex(rails[1].upward) ==
        "23bc3d963387ebe87cfc85ba50ec6bb3ea07109807f1c673f6683855be9ad401");
  CHECK(cp::text::to_hex(rails[0].answer) ==
        "55d30a3b26704cf86af63909a1fd1e8d2f0e79ff8f8f73bdf0757bc90f8f92e5");
  CHECK(rails[0].claim.starts_with(kTokens[0]));
  CHECK(rails[0].claim.size() == limits::claim_bytes);
  SessionSecret clear = sample_secret();
  clear.sealed = false;
  CHECK(derive_rail_keys(clear, kTokens)[0].upward.empty());
  CHECK(derive_rail_keys(clear, kTokens)[0].downward.empty());
}

TEST_CASE("a secret is the same only when it is whole and equal") {
  CHECK(same_secret("abc", "abc"));
  CHECK_FALSE(same_secret("abc", "abd"));
  CHECK_FALSE(same_secret("abc", "abcd"));
  CHECK_FALSE(same_secret("", "a"));
}
