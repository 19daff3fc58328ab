// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cp::model {

struct Token {
  enum class Type : std::uint8_t { end, word, string, symbol };
  Type type = Type::end;
  std::string text;        ///< a string's contents, everything else as it stands
  std::size_t column = 1;  ///< where it begins

  bool is_symbol(std::string_view symbol) const { return type == Type::symbol && text == symbol; }
  /// Whether it is the word KEYWORD in any case, unquoted.
  bool is_keyword(std::string_view keyword) const;
};

/// Cuts an expression into words (names, numbers with their units), strings and symbols. A hyphen
/// or a dot inside a word belongs to it; ".." does not, nor does a hyphen before a blank.
class ExpressionLexer {
 public:
  explicit ExpressionLexer(std::string_view text) : text_(text) {}
  /// The next token; usage for a character that has no meaning and a string that does not end.
  Result<Token> next();

 private:
  Result<Token> string(Token token);
  Token word(Token token);

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace cp::model
