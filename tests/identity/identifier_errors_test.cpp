// SPDX-License-Identifier: Apache-2.0
#include "identity/identifier.hpp"

#include "catch.hpp"
#include <algorithm>
#include <array>
#include <cctype>
#include <random>
#include <string>
#include <vector>

using namespace cp::identity;

// Every error of the kinds that people make, in thousands of codes: none passes (SECURITY §1).
namespace {

constexpr std::string_view kSerialLetters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::string_view kTyped = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ./-";

std::vector<std::string> codes(std::size_t count) {
  constexpr std::array prefixes{
      "0",          "86",     "86.3101",          "86.3101.42", "1.2.3.4.5.6.7.8",
      "9999999999", "86.1.7", "49.11.1010.101010"};
  std::mt19937_64 random(20261122);  // NOLINT: the same codes each time
  std::vector<std::string> out;
  while (out.size() < count) {
    std::string serial;
    const std::size_t length = kMinSerial + random() % 13;
    for (std::size_t i = 0; i < length; ++i) {
      serial += kSerialLetters[random() % kSerialLetters.size()];
    }
    if (const auto id = Identifier::make(prefixes[out.size() % prefixes.size()], serial)) {
      out.push_back(id->text());
    }
  }
  return out;
}

// Counts the texts that were tried, and those that pass as another identifier than the right one.
struct Tally {
  std::size_t tried = 0;
  std::size_t undetected = 0;
  std::size_t well_formed = 0;  // found by the check characters alone, or not at all

  void try_text(const std::string& right, const std::string& wrong) {
    const auto parsed = Identifier::parse(wrong);
    const bool same = parsed && parsed->text() == right;  // look-alikes name the same code
    tried += same ? 0U : 1U;
    undetected += parsed && !same ? 1U : 0U;
    const Flaw flaw = flaw_in(wrong);
    well_formed += !same && (flaw == Flaw::wrong_check || flaw == Flaw::none) ? 1U : 0U;
  }
};

void expect_none_undetected(const Tally& tally, std::size_t tried) {
  CHECK(tally.undetected == 0);
  CHECK(tally.tried == tried);
}

// How many errors of each kind the codes below have; the manual page names these figures.
constexpr std::size_t kSubstitutions = 5'099'915;
constexpr std::size_t kSwaps = 222'827;
constexpr std::size_t kTwins = 1'099'911;
constexpr std::size_t kMoves = 91'500;
constexpr std::size_t kFarMoves = 460'268;
constexpr std::size_t kFarMovesInForm = 23'367;
constexpr std::size_t kFarMovesUndetected = 1;

constexpr std::size_t kBody = 3;  // behind "cp:"
constexpr std::size_t kCodes = 6000;

}  // namespace

TEST_CASE("every single wrong character in 6,000 codes is detected") {
  Tally tally;
  for (const std::string& code : codes(kCodes)) {
    for (std::size_t at = kBody; at < code.size(); ++at) {
      std::string wrong = code;
      for (const char c : kTyped) {
        wrong[at] = c;
        tally.try_text(code, wrong);
      }
    }
  }
  expect_none_undetected(tally, kSubstitutions);
}

TEST_CASE("every adjacent and jump swap in 6,000 codes is detected") {
  Tally tally;
  for (const std::string& code : codes(kCodes)) {
    for (const std::size_t distance : {1U, 2U}) {
      for (std::size_t at = kBody; at + distance < code.size(); ++at) {
        std::string wrong = code;
        std::swap(wrong[at], wrong[at + distance]);
        tally.try_text(code, wrong);
      }
    }
  }
  expect_none_undetected(tally, kSwaps);
}

TEST_CASE("every twin error in 6,000 codes is detected") {
  Tally tally;
  for (const std::string& code : codes(kCodes)) {
    for (const std::size_t distance : {1U, 2U}) {
      for (std::size_t at = kBody; at + distance < code.size(); ++at) {
        if (code[at] != code[at + distance]) {
          continue;
        }
        std::string wrong = code;
        for (const char c : kTyped) {
          wrong[at] = wrong[at + distance] = c;
          tally.try_text(code, wrong);
        }
      }
    }
  }
  expect_none_undetected(tally, kTwins);
}

TEST_CASE("every separator moved by one or two places in 6,000 codes is detected") {
  Tally near;
  Tally far;
  for (const std::string& code : codes(kCodes)) {
    for (std::size_t at = kBody; at < code.size(); ++at) {
      if (std::isalnum(static_cast<unsigned char>(code[at])) != 0) {
        continue;
      }
      for (std::size_t to = kBody; to < code.size(); ++to) {
        std::string wrong = code;
        wrong.erase(at, 1);
        wrong.insert(to, 1, code[at]);
        (std::max(at, to) - std::min(at, to) <= 2 ? near : far).try_text(code, wrong);
      }
    }
  }
  CHECK(near.tried == kMoves);
  CHECK(near.undetected == 0);
  // Farther moves are no error that the check was made for; most leave no identifier's form.
  CHECK(far.tried == kFarMoves);
  CHECK(far.well_formed == kFarMovesInForm);
  CHECK(far.undetected == kFarMovesUndetected);
}
