// SPDX-License-Identifier: Apache-2.0
#include "transfer/filter.hpp"

#include "base/escape.hpp"

#include <array>
#include <cctype>
#include <optional>

namespace cp::transfer {
namespace {

struct CharacterClass {
  std::string_view name;
  int (*has)(int);
};
constexpr std::array<CharacterClass, 12> kClasses{{{"alnum", std::isalnum},
                                                   {"alpha", std::isalpha},
                                                   {"blank", std::isblank},
                                                   {"cntrl", std::iscntrl},
                                                   {"digit", std::isdigit},
                                                   {"graph", std::isgraph},
                                                   {"lower", std::islower},
                                                   {"print", std::isprint},
                                                   {"punct", std::ispunct},
                                                   {"space", std::isspace},
                                                   {"upper", std::isupper},
                                                   {"xdigit", std::isxdigit}}};

unsigned char byte(char c) { return static_cast<unsigned char>(c); }

/// What stands between the brackets of a set, read from its front.
class SetReader {
 public:
  explicit SetReader(std::string_view pattern) : rest_(pattern) {}

  /// Whether the set, which PATTERN begins with behind its "[", has C; nullopt when it does not
  /// end.
  std::optional<bool> has(char c) {
    const bool is_negated = take('!') || take('^');
    bool found = false;
    for (bool first = true; first || !rest_.starts_with(']'); first = false) {
      const auto one = take_one(c);
      if (!one) {
        return std::nullopt;
      }
      found = found || *one;
    }
    rest_.remove_prefix(1);
    return found != is_negated;
  }
  std::string_view rest() const { return rest_; }

 private:
  bool take(char c) {
    const bool is_there = rest_.starts_with(c);
    rest_.remove_prefix(is_there ? 1 : 0);
    return is_there;
  }

  std::optional<char> take_byte() {
    const bool is_escaped = take('\\');
    if (rest_.empty() || (rest_.size() == 1 && !is_escaped)) {
      return std::nullopt;
    }
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  std::optional<bool> take_one(char c) {
    if (rest_.starts_with("[:")) {
      if (const auto known = take_class(c)) {
        return known;
      }
    }
    const auto low = take_byte();
    if (!low) {
      return std::nullopt;
    }
    if (rest_.size() < 2 || rest_[0] != '-' || rest_[1] == ']') {
      return c == *low;
    }
    rest_.remove_prefix(1);
    const auto high = take_byte();
    return high ? std::optional(byte(*low) <= byte(c) && byte(c) <= byte(*high)) : std::nullopt;
  }

  std::optional<bool> take_class(char c) {
    for (const auto& [name, has] : kClasses) {
      const std::size_t length = name.size() + 4;
      if (rest_.substr(0, length).substr(2).starts_with(name) &&
          rest_.substr(2 + name.size()).starts_with(":]")) {
        rest_.remove_prefix(length);
        return has(byte(c)) != 0;
      }
    }
    return std::nullopt;
  }

  std::string_view rest_;
};

// Takes the first element of PATTERN, which is no star, when it matches the first byte of TEXT.
bool take_byte(std::string_view& pattern, std::string_view& text) {
  if (pattern.empty() || text.empty()) {
    return false;
  }
  const char c = text.front();
  std::string_view rest = pattern.substr(1);
  bool fits = false;
  if (pattern.front() == '[') {
    SetReader set(rest);
    const auto has = set.has(c);
    fits = has ? *has && c != '/' : c == '[';
    rest = has ? set.rest() : rest;
  } else if (pattern.front() == '?') {
    fits = c != '/';
  } else if (pattern.front() == '\\' && !rest.empty()) {
    fits = c == rest.front();
    rest.remove_prefix(1);
  } else {
    fits = c == pattern.front();
  }
  if (fits) {
    pattern = rest;
    text.remove_prefix(1);
  }
  return fits;
}

struct Star {
  std::string_view pattern;  ///< behind the star
  std::string_view text;     ///< where it was tried last: what it may still take
};

// Lets the star take one more byte, and goes on behind it.
bool retry(Star& star, bool crosses, std::string_view& pattern, std::string_view& text) {
  if (star.text.empty() || (!crosses && star.text.front() == '/')) {
    return false;
  }
  star.text.remove_prefix(1);
  pattern = star.pattern;
  text = star.text;
  return true;
}

}  // namespace

// A later star can stand for whatever an earlier one of its kind gave up, so one of each is
// remembered; what "*" must not take, "**" before it may.
bool glob_matches(std::string_view pattern, std::string_view text) {
  Star star;
  Star stars;
  while (true) {
    if (pattern.starts_with("**")) {
      pattern.remove_prefix(std::min(pattern.find_first_not_of('*'), pattern.size()));
      stars = Star{pattern, text};
      star = {};
    } else if (pattern.starts_with('*')) {
      pattern.remove_prefix(1);
      star = Star{pattern, text};
    } else if (pattern.empty() && text.empty()) {
      return true;
    } else if (!take_byte(pattern, text) && !retry(star, false, pattern, text)) {
      star = {};
      if (!retry(stars, true, pattern, text)) {
        return false;
      }
    }
  }
}

Result<void> Filter::add(std::string_view rule) {
  if (rule.size() < 3 || (rule[0] != '+' && rule[0] != '-') || rule[1] != ' ') {
    return with_hint(fail(Errc::usage, "'{}' is no rule", escape::terminal(rule)),
                     "write '+ PATTERN' or '- PATTERN'");
  }
  std::string_view pattern = rule.substr(2);
  Rule parsed{.includes = rule[0] == '+'};
  if (pattern.ends_with("/***")) {
    pattern.remove_suffix(4);
    parsed.takes_contents = true;
  } else if (pattern.ends_with('/') && pattern.size() > 1) {
    pattern.remove_suffix(1);
    parsed.is_for_directories = true;
  }
  parsed.is_anchored = pattern.starts_with('/');
  pattern.remove_prefix(parsed.is_anchored ? 1 : 0);
  while (!parsed.is_anchored && pattern.starts_with("**/")) {
    pattern.remove_prefix(3);  // it may begin anywhere as it is
  }
  parsed.is_for_names = !parsed.is_anchored && !parsed.takes_contents &&
                        pattern.find('/') == std::string_view::npos &&
                        pattern.find("**") == std::string_view::npos;
  parsed.is_literal = pattern.find_first_of("*?[") == std::string_view::npos;
  parsed.pattern = pattern;
  rules_.push_back(std::move(parsed));
  texts_.emplace_back(rule);
  return {};
}

bool Filter::fits(const Rule& rule, std::string_view part, bool is_directory) {
  const auto is_whole = [&](std::string_view text) {
    return rule.is_literal ? rule.pattern == text : glob_matches(rule.pattern, text);
  };
  if (!rule.takes_contents) {
    return is_whole(part);
  }
  for (auto end = part.find('/'); end != std::string_view::npos; end = part.find('/', end + 1)) {
    if (is_whole(part.substr(0, end))) {
      return true;
    }
  }
  return is_directory && is_whole(part);
}

bool Filter::matches(const Rule& rule, std::string_view path, bool is_directory) {
  if (rule.is_for_directories && !is_directory) {
    return false;
  }
  if (rule.is_anchored) {
    return fits(rule, path, is_directory);
  }
  while (true) {
    const auto slash = path.find('/');
    const bool is_last = slash == std::string_view::npos;
    if ((is_last || !rule.is_for_names) && fits(rule, path, is_directory)) {
      return true;
    }
    if (is_last) {
      return false;
    }
    path.remove_prefix(slash + 1);
  }
}

bool Filter::excludes(std::string_view path, bool is_directory) const {
  for (const Rule& rule : rules_) {
    if (matches(rule, path, is_directory)) {
      return !rule.includes;
    }
  }
  return false;
}

}  // namespace cp::transfer
