// SPDX-License-Identifier: Apache-2.0
#include "base/escape.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "base/units.hpp"
#include "model/expression.hpp"
#include "model/expression_lexer.hpp"

#include <array>
#include <chrono>
#include <optional>
#include <utility>

namespace cp::model {
namespace {

constexpr std::array<std::pair<std::string_view, Operator>, 7> kOperators{{
    {"=", Operator::equal},
    {"==", Operator::equal},
    {"!=", Operator::not_equal},
    {"<", Operator::less},
    {"<=", Operator::less_equal},
    {">", Operator::greater},
    {">=", Operator::greater_equal},
}};

bool is_ordered(Kind kind) {
  return kind != Kind::text && kind != Kind::model && kind != Kind::boolean;
}

Result<Literal> parse_duration(const std::string& text) {
  CP_TRY_ASSIGN(const auto duration, units::parse_duration(text));
  return std::chrono::duration<double>(duration).count();
}

Result<Literal> parse_boolean(const std::string& text) {
  if (text::equal_ignoring_case(text, "true")) {
    return true;
  }
  if (text::equal_ignoring_case(text, "false")) {
    return false;
  }
  return fail(Errc::usage, "'{}' is neither true nor false", text);
}

Result<Literal> parse_literal(Kind kind, const std::string& text, const std::string& currency) {
  switch (kind) {
    case Kind::text:
      return text;
    case Kind::model:
      return AcceleratorName::recognise(text);
    case Kind::number:
      return units::parse_number(text);
    case Kind::bytes:
      return units::parse_bytes(text).map([](std::uint64_t b) { return static_cast<double>(b); });
    case Kind::rate:
      return units::parse_rate_bps(text);
    case Kind::duration:
      return parse_duration(text);
    case Kind::money:
      return Money::parse(text, currency);
    case Kind::boolean:
      break;
  }
  return parse_boolean(text);
}

Condition negated(Condition condition) {
  Condition negation;
  negation.type = Condition::Type::negation;
  negation.parts.push_back(std::move(condition));
  return negation;
}

Range one_value(Literal literal) {
  Range range;
  range.low = literal;
  range.high = std::move(literal);
  return range;
}

class Parser {
 public:
  Parser(std::string_view text, const ParseOptions& options) : lexer_(text), options_(options) {}

  Result<Condition> parse() {
    CP_TRY(advance());
    CP_TRY_ASSIGN(Condition condition, disjunction());
    if (token_.type != Token::Type::end) {
      return unexpected("'and', 'or' or the end");
    }
    return condition;
  }

 private:
  using Rule = Result<Condition> (Parser::*)();

  Result<Condition> disjunction() {
    return joined(Condition::Type::disjunction, "or", &Parser::conjunction);
  }
  Result<Condition> conjunction() {
    return joined(Condition::Type::conjunction, "and", &Parser::negation);
  }

  Result<Condition> joined(Condition::Type type, std::string_view keyword, Rule rule) {
    CP_TRY_ASSIGN(Condition first, (this->*rule)());
    if (!token_.is_keyword(keyword)) {
      return first;
    }
    Condition all;
    all.type = type;
    all.parts.push_back(std::move(first));
    while (token_.is_keyword(keyword)) {
      CP_TRY(advance());
      CP_TRY_ASSIGN(Condition next, (this->*rule)());
      all.parts.push_back(std::move(next));
    }
    return all;
  }

  Result<Condition> negation() {
    constexpr int deepest = 64;
    if (++depth_ > deepest) {
      return fail(Errc::usage, "column {}: nested deeper than {} levels", token_.column, deepest);
    }
    auto condition = unary();
    --depth_;
    return condition;
  }

  Result<Condition> unary() {
    if (token_.is_keyword("not")) {
      CP_TRY(advance());
      CP_TRY_ASSIGN(Condition inner, negation());
      return negated(std::move(inner));
    }
    if (!token_.is_symbol("(")) {
      return comparison();
    }
    CP_TRY(advance());
    CP_TRY_ASSIGN(Condition inner, disjunction());
    CP_TRY(expect(")"));
    return inner;
  }

  Result<Condition> comparison() {
    Condition condition;
    CP_TRY_ASSIGN(condition.field, field());
    const bool is_negated = token_.is_keyword("not");
    if (is_negated) {
      CP_TRY(advance());
    }
    if (token_.is_keyword("in")) {
      CP_TRY(membership(condition));
    } else if (token_.is_keyword("like")) {
      CP_TRY(likeness(condition));
    } else if (is_negated) {
      return unexpected("'in' or 'like'");
    } else if (const auto operation = operation_at_token()) {
      CP_TRY(advance());
      CP_TRY(right_side(condition, *operation));
    } else if (condition.field->kind == Kind::boolean) {
      condition.type = Condition::Type::comparison;
      condition.ranges.push_back(one_value(true));
    } else {
      return unexpected(fmt::format("a comparison of {}", condition.field->name));
    }
    return is_negated ? negated(std::move(condition)) : condition;
  }

  Result<const Field*> field() {
    if (token_.type != Token::Type::word) {
      return unexpected("the name of a field");
    }
    auto found = require_field(token_.text);
    if (!found) {
      return placed(std::move(found).error(), token_.column);
    }
    if ((*found)->name == "price.job" && !options_.knows_duration) {
      return with_hint(fail(Errc::usage, "column {}: price.job needs a duration", token_.column),
                       "say --hours N");
    }
    CP_TRY(advance());
    return found;
  }

  std::optional<Operator> operation_at_token() const {
    for (const auto& [symbol, operation] : kOperators) {
      if (token_.is_symbol(symbol)) {
        return operation;
      }
    }
    return std::nullopt;
  }

  Result<void> right_side(Condition& condition, Operator operation) {
    const Kind kind = condition.field->kind;
    condition.type = Condition::Type::comparison;
    condition.operation = operation;
    if (operation != Operator::equal && operation != Operator::not_equal && !is_ordered(kind)) {
      return fail(Errc::usage, "column {}: {} is compared with =, !=, in and like only",
                  token_.column, condition.field->name);
    }
    // In the place of a number a word that begins with a letter can only be a field.
    if (is_ordered(kind) && token_.type == Token::Type::word &&
        find_field(token_.text) != nullptr) {
      return other_field(condition);
    }
    CP_TRY_ASSIGN(Literal literal, value(kind));
    condition.ranges.push_back(one_value(std::move(literal)));
    return {};
  }

  Result<void> other_field(Condition& condition) {
    const std::size_t column = token_.column;
    CP_TRY_ASSIGN(condition.other, field());
    if (condition.other->kind != condition.field->kind) {
      return fail(Errc::usage, "column {}: {} and {} have different units", column,
                  condition.field->name, condition.other->name);
    }
    return {};
  }

  Result<void> membership(Condition& condition) {
    condition.type = Condition::Type::membership;
    CP_TRY(advance());
    CP_TRY(expect("["));
    while (true) {
      CP_TRY_ASSIGN(Range range, item(condition.field->kind));
      condition.ranges.push_back(std::move(range));
      if (!token_.is_symbol(",")) {
        return expect("]");
      }
      CP_TRY(advance());
    }
  }

  Result<Range> item(Kind kind) {
    CP_TRY_ASSIGN(Range range, value(kind).map(one_value));
    if (token_.is_symbol("..")) {
      if (!is_ordered(kind)) {
        return unexpected("',' or ']'");
      }
      CP_TRY(advance());
      CP_TRY_ASSIGN(range.high, value(kind));
      range.is_one_value = false;
    }
    return range;
  }

  Result<void> likeness(Condition& condition) {
    condition.type = Condition::Type::likeness;
    if (condition.field->kind != Kind::text && condition.field->kind != Kind::model) {
      return fail(Errc::usage, "column {}: {} is no text", token_.column, condition.field->name);
    }
    CP_TRY(advance());
    if (token_.type != Token::Type::string && token_.type != Token::Type::word) {
      return unexpected("a pattern");
    }
    condition.pattern = token_.text;
    return advance();
  }

  Result<Literal> value(Kind kind) {
    if (token_.type != Token::Type::string && token_.type != Token::Type::word) {
      return unexpected("a value");
    }
    const Token start = token_;
    CP_TRY(advance());
    std::string text = start.text;
    if (is_ordered(kind) && is_unit_apart(start)) {
      text += " " + token_.text;
      CP_TRY(advance());
    }
    auto literal = parse_literal(kind, text, options_.currency);
    if (!literal) {
      return placed(std::move(literal).error(), start.column);
    }
    return literal;
  }

  // "80 GB": what follows a number and is neither a keyword nor a field can only be its unit.
  bool is_unit_apart(const Token& number) const {
    return number.type == Token::Type::word && token_.type == Token::Type::word &&
           number.text.find_first_not_of("0123456789.") == std::string::npos &&
           !token_.is_keyword("and") && !token_.is_keyword("or") &&
           find_field(token_.text) == nullptr;
  }

  Result<void> advance() {
    CP_TRY_ASSIGN(token_, lexer_.next());
    return {};
  }

  Result<void> expect(std::string_view symbol) {
    return token_.is_symbol(symbol) ? advance() : unexpected(fmt::format("'{}'", symbol));
  }

  tl::unexpected<Error> unexpected(std::string_view wanted) const {
    if (token_.type == Token::Type::end) {
      return fail(Errc::usage, "column {}: {} is missing at the end", token_.column, wanted);
    }
    return fail(Errc::usage, "column {}: '{}' stands where {} should", token_.column,
                escape::terminal(token_.text), wanted);
  }

  static tl::unexpected<Error> placed(Error error, std::size_t column) {
    error.message = fmt::format("column {}: {}", column, error.message);
    return tl::unexpected<Error>(std::move(error));
  }

  ExpressionLexer lexer_;
  const ParseOptions& options_;
  Token token_;
  int depth_ = 0;
};

}  // namespace

Result<Condition> parse_condition(std::string_view text, const ParseOptions& options) {
  if (text.size() > limits::expression_bytes) {
    return fail(Errc::usage, "the expression is longer than {} bytes", limits::expression_bytes);
  }
  return Parser(text, options).parse();
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out.push_back('\\');
    }
    out.push_back(c);
  }
  return out + '"';
}

}  // namespace cp::model
