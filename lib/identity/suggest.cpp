// SPDX-License-Identifier: Apache-2.0
#include "identity/suggest.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

namespace cp::identity {
namespace {

// Each character that an identifier can be typed with, once: I, L and O are folded anyway.
constexpr std::string_view kTyped = "0123456789ABCDEFGHJKMNPQRSTVWXYZ./-:";

bool is_separator(char c) { return c == '.' || c == '/' || c == '-' || c == ':'; }

// Makes every text that one error leads to, and keeps those that are identifiers.
class Search {
 public:
  explicit Search(std::string_view text) : text_(text), changed_(text) {}

  void with_scheme() { keep("cp:" + std::string(text_)); }

  void swaps(std::size_t distance) {
    for (std::size_t at = 0; at + distance < text_.size(); ++at) {
      std::swap(changed_[at], changed_[at + distance]);
      keep(changed_);
      std::swap(changed_[at], changed_[at + distance]);
    }
  }

  void substitutions() {
    for (std::size_t at = 0; at < text_.size(); ++at) {
      for (const char c : kTyped) {
        changed_[at] = c;
        keep(changed_);
      }
      changed_[at] = text_[at];
    }
  }

  void insertions() {
    for (std::size_t at = 0; at <= text_.size(); ++at) {
      std::string longer(text_);
      longer.insert(at, 1, ' ');
      for (const char c : kTyped) {
        longer[at] = c;
        keep(longer);
      }
    }
  }

  void deletions() {
    for (std::size_t at = 0; at < text_.size(); ++at) {
      std::string shorter(text_);
      shorter.erase(at, 1);
      keep(shorter);
    }
  }

  void twins(std::size_t distance) {
    for (std::size_t at = 0; at + distance < text_.size(); ++at) {
      if (text_[at] != text_[at + distance]) {
        continue;
      }
      for (const char c : kTyped) {
        changed_[at] = changed_[at + distance] = c;
        keep(changed_);
      }
      changed_[at] = changed_[at + distance] = text_[at];
    }
  }

  void moved_separators() {
    for (std::size_t at = 0; at < text_.size(); ++at) {
      for (const std::size_t distance : {1U, 2U}) {
        if (is_separator(text_[at])) {
          move(at, at + distance);
          move(at, at - std::min(at, distance));
        }
      }
    }
  }

  std::vector<Identifier> take() { return std::move(found_); }

 private:
  void move(std::size_t from, std::size_t to) {
    if (to < text_.size()) {
      std::string moved(text_);
      moved.erase(from, 1);
      moved.insert(to, 1, text_[from]);
      keep(moved);
    }
  }

  void keep(std::string_view candidate) {
    if (flaw_in(candidate) != Flaw::none) {
      return;
    }
    Identifier id = *Identifier::parse(candidate);
    if (std::ranges::find(found_, id) == found_.end()) {
      found_.push_back(std::move(id));
    }
  }

  std::string_view text_;
  std::string changed_;  // TEXT with what is being tried
  std::vector<Identifier> found_;
};

}  // namespace

std::vector<Identifier> suggestions(std::string_view text) {
  if (text.size() > kMaxIdentifier + 1) {
    return {};
  }
  Search search(text);
  search.with_scheme();
  search.swaps(1);
  search.substitutions();
  search.deletions();
  search.insertions();
  search.swaps(2);
  search.twins(1);
  search.twins(2);
  search.moved_separators();
  return search.take();
}

}  // namespace cp::identity
