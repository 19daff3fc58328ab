// SPDX-License-Identifier: Apache-2.0
#include "market/literal.hpp"

#include "base/limits.hpp"
#include "base/text.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

namespace cp::market {
namespace {

using model::Json;

class LiteralParser {
 public:
  explicit LiteralParser(std::string_view text) : text_(text) {}

  Result<Json> parse() {
    CP_TRY_ASSIGN(Json parsed, value());
    skip_blanks();
    if (at_ < text_.size()) {
      return wrong("something follows the value");
    }
    return parsed;
  }

 private:
  Result<Json> value() {
    skip_blanks();
    if (at_ == text_.size()) {
      return wrong("a value is missing");
    }
    switch (text_[at_]) {
      case '{':
        return nested(&LiteralParser::dict);
      case '[':
        return nested(&LiteralParser::list);
      case '\'':
      case '"':
        return string().map([](std::string text) { return Json(std::move(text)); });
      default:
        return word();
    }
  }

  Result<Json> nested(Result<Json> (LiteralParser::*rule)()) {
    if (++depth_ > limits::json_depth) {
      return wrong("nested too deep");
    }
    ++at_;
    auto result = (this->*rule)();
    --depth_;
    return result;
  }

  Result<Json> dict() {
    Json result = Json::object();
    while (!take('}')) {
      CP_TRY_ASSIGN(std::string name, string());
      if (!take(':')) {
        return wrong("':' is missing");
      }
      CP_TRY_ASSIGN(Json member, value());
      if (result.size() >= limits::object_members) {
        return wrong("too many members");
      }
      result[name] = std::move(member);
      CP_TRY(separator('}'));
    }
    return result;
  }

  Result<Json> list() {
    Json result = Json::array();
    while (!take(']')) {
      CP_TRY_ASSIGN(Json element, value());
      result.push_back(std::move(element));
      CP_TRY(separator(']'));
    }
    return result;
  }

  // A comma, or the closing bracket ahead; Python takes a comma before the bracket, too.
  Result<void> separator(char closing) {
    if (take(',')) {
      return {};
    }
    skip_blanks();
    if (at_ < text_.size() && text_[at_] == closing) {
      return {};
    }
    return wrong("',' is missing");
  }

  Result<std::string> string() {
    skip_blanks();
    if (at_ == text_.size() || (text_[at_] != '\'' && text_[at_] != '"')) {
      return wrong("a string is missing");
    }
    const char quote = text_[at_++];
    std::string result;
    while (at_ < text_.size() && text_[at_] != quote) {
      if (text_[at_] == '\\' && ++at_ == text_.size()) {
        break;
      }
      result.push_back(text_[at_++]);
      if (result.size() > limits::string_bytes) {
        return wrong("a string is too long");
      }
    }
    if (at_ == text_.size()) {
      return wrong("a string does not end");
    }
    ++at_;
    return result;
  }

  Result<Json> word() {
    const std::size_t end = std::min(text_.find_first_of(",:]} \t", at_), text_.size());
    const std::string_view word = text_.substr(at_, end - at_);
    constexpr std::array<std::pair<std::string_view, int>, 6> names{
        {{"None", 0}, {"null", 0}, {"True", 1}, {"true", 1}, {"False", 2}, {"false", 2}}};
    for (const auto& [name, meaning] : names) {
      if (word == name) {
        at_ = end;
        return meaning == 0 ? Json() : Json(meaning == 1);
      }
    }
    const auto number = text::to_double(word);
    if (!number) {
      return wrong("no literal");
    }
    at_ = end;
    return Json(*number);
  }

  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) {
      ++at_;
    }
  }
  bool take(char c) {
    skip_blanks();
    const bool is_there = at_ < text_.size() && text_[at_] == c;
    at_ += is_there ? 1 : 0;
    return is_there;
  }
  tl::unexpected<Error> wrong(std::string_view what) const {
    return fail(Errc::bad_data, "column {}: {}", at_ + 1, what);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

Result<Json> parse_literal(std::string_view text) { return LiteralParser(text).parse(); }

}  // namespace cp::market
