// SPDX-License-Identifier: Apache-2.0
#include "identity/standing.hpp"

#include "catch.hpp"
#include <string>

using namespace cp::identity;

TEST_CASE("what a verdict says of the registry that shows the document") {
  struct Row {
    const char* reason;
    Standing of_document;
    Standing of_head;
    Standing of_kept;
  };
  constexpr Standing kLie = Standing::lie;
  constexpr Standing kLapsed = Standing::lapsed;
  constexpr Standing kUnjudged = Standing::unjudged;
  constexpr Row kRows[] = {
      {"bad_signature", kLie, kLie, kLie},
      {"one_signature", kLie, kLie, kLie},
      {"wrong_use", kLie, kLie, kLie},
      {"wrong_parent", kLie, kLie, kLie},
      {"malformed", kLie, kLie, kLie},
      {"unsigned", kLie, kLie, kLie},
      {"future", kLie, kLie, kLie},
      {"gap", kLie, kLie, kLie},
      {"a word that nobody knows", kLie, kLie, kLie},
      {"equivocation", kLie, kLie, kLapsed},
      {"replay", kLapsed, kLie, kLapsed},
      {"expired", kLapsed, kLapsed, kLapsed},
      {"key_expired", kLapsed, kLapsed, kLapsed},
      {"delegation_expired", kLapsed, kLapsed, kLapsed},
      {"revoked", kLapsed, kLapsed, kLapsed},
      {"may_not_delegate", kLapsed, kLapsed, kLapsed},
      {"unknown_key", Standing::disowned, kLie, kLapsed},
      {"no_anchor", kUnjudged, kUnjudged, kUnjudged},
      {"no_delegation", kUnjudged, kUnjudged, kUnjudged},
      {"not_yet_valid", kUnjudged, kUnjudged, kUnjudged},
      {"other_owner", kUnjudged, kUnjudged, kUnjudged},
  };
  for (const Row& row : kRows) {
    INFO(row.reason);
    Verdict verdict;
    verdict.trust = "failed";
    verdict.reason = row.reason;
    CHECK(standing_of("cp.resource/1", verdict) == row.of_document);
    CHECK(standing_of("cp.delegation/1", verdict) == row.of_document);
    CHECK(standing_of("cp.head/1", verdict) == row.of_head);
    CHECK(standing_of_kept(verdict) == row.of_kept);
  }
  Verdict holds;
  holds.trust = "verified";
  CHECK(standing_of("cp.head/1", holds) == Standing::holds);
  CHECK(standing_of_kept(holds) == Standing::holds);
}
