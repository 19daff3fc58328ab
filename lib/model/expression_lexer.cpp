// SPDX-License-Identifier: Apache-2.0
#include "model/expression_lexer.hpp"

#include "base/escape.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace cp::model {
namespace {

constexpr std::array<std::string_view, 17> kSymbols{
    "==", "!=", "<=", ">=", "..", "=", "<", ">", "(", ")", "[", "]", ",", "+", "-", "*", "/"};

// Bytes of UTF-8 past ASCII are letters of words: region names have them.
bool is_letter(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
         c == '@' || c == ':' || static_cast<unsigned char>(c) >= 0x80;
}

}  // namespace

bool Token::is_keyword(std::string_view keyword) const {
  return type == Type::word && text::equal_ignoring_case(text, keyword);
}

Result<Token> ExpressionLexer::next() {
  at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size());
  Token token;
  token.column = at_ + 1;
  if (at_ == text_.size()) {
    return token;
  }
  if (text_[at_] == '"' || text_[at_] == '\'') {
    return string(std::move(token));
  }
  if (is_letter(text_[at_])) {
    return word(std::move(token));
  }
  for (const std::string_view symbol : kSymbols) {
    if (text_.substr(at_).starts_with(symbol)) {
      at_ += symbol.size();
      token.type = Token::Type::symbol;
      token.text = symbol;
      return token;
    }
  }
  const auto character = escape::terminal(text_.substr(at_, 1));
  return fail(Errc::usage, "column {}: '{}' has no meaning here", token.column, character);
}

Result<Token> ExpressionLexer::string(Token token) {
  const char quote = text_[at_++];
  token.type = Token::Type::string;
  while (at_ < text_.size() && text_[at_] != quote) {
    if (text_[at_] == '\\' && at_ + 1 < text_.size()) {
      ++at_;
    }
    token.text.push_back(text_[at_++]);
  }
  if (at_ == text_.size()) {
    return fail(Errc::usage, "column {}: the string does not end", token.column);
  }
  ++at_;
  return token;
}

Token ExpressionLexer::word(Token token) {
  const auto is_letter_at = [&](std::size_t i) { return i < text_.size() && is_letter(text_[i]); };
  const std::size_t start = at_;
  while (is_letter_at(at_) || (at_ < text_.size() && (text_[at_] == '.' || text_[at_] == '-') &&
                               is_letter_at(at_ + 1))) {
    ++at_;
  }
  // "25GB/s" is an amount; anywhere else a slash divides.
  if (text_[start] >= '0' && text_[start] <= '9' && text_.substr(at_).starts_with("/s") &&
      !is_letter_at(at_ + 2)) {
    at_ += 2;
  }
  token.type = Token::Type::word;
  token.text = text_.substr(start, at_ - start);
  return token;
}

}  // namespace cp::model
