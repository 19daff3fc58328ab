// SPDX-License-Identifier: Apache-2.0
#include "transfer/preserve.hpp"

#include <algorithm>
#include <array>

namespace cp::transfer {
namespace {

struct Word {
  std::string_view word;
  bool Preserve::*flag;
};

constexpr std::array kWords{Word{"owner", &Preserve::owner}, Word{"xattr", &Preserve::xattr},
                            Word{"acl", &Preserve::acl}, Word{"links", &Preserve::links}};

}  // namespace

std::vector<std::string_view> words_of(const Preserve& preserve) {
  std::vector<std::string_view> words;
  for (const auto& [word, flag] : kWords) {
    if (preserve.*flag) {
      words.push_back(word);
    }
  }
  return words;
}

Result<void> add_word(Preserve& preserve, std::string_view word) {
  if (word == "mode" || word == "times") {
    return {};
  }
  const auto* const found = std::ranges::find(kWords, word, &Word::word);
  if (found == kWords.end() && word != "all") {
    return fail(Errc::usage, "'{}' is none of mode, times, owner, xattr, acl, links and all", word);
  }
  for (const auto& one : kWords) {
    preserve.*one.flag = preserve.*one.flag || word == "all" || one.word == word;
  }
  return {};
}

}  // namespace cp::transfer
