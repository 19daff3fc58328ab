// SPDX-License-Identifier: Apache-2.0
#include "base/escape.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "base/units.hpp"
#include "model/expression.hpp"
#include "model/expression_lexer.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
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

// In 10^12 operations a second, which a number alone counts.
Result<Literal> parse_flops(std::string_view text) {
  constexpr double tera = 1e12;
  for (const std::string_view unit : {"FLOPS", "FLOP/s", "OPS", "OP/s"}) {
    if (text.size() > unit.size() &&
        text::equal_ignoring_case(text.substr(text.size() - unit.size()), unit)) {
      return units::parse_number(text::trim(text.substr(0, text.size() - unit.size())))
          .map([](double number) { return number / tera; });
    }
  }
  const bool is_alone = !text.empty() && text.back() >= '0' && text.back() <= '9';
  return units::parse_number(text).map([&](double n) { return is_alone ? n : n / tera; });
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
    case Kind::flops:
      return parse_flops(text);
    case Kind::boolean:
      break;
  }
  return parse_boolean(text);
}

// The kind of an amount by its unit.
std::optional<Kind> kind_of_amount(const std::string& text) {
  const auto has_unit = [&](std::string_view unit) {
    return text.size() > unit.size() &&
           text::equal_ignoring_case(std::string_view(text).substr(text.size() - unit.size()),
                                     unit);
  };
  if (has_unit("bps") || has_unit("bit/s") || has_unit("B/s")) {
    return Kind::rate;
  }
  // "5m" is five minutes, though it could be as many megabytes.
  for (const Kind kind : {Kind::number, Kind::flops, Kind::duration, Kind::money, Kind::bytes}) {
    if (parse_literal(kind, text, "")) {
      return kind;
    }
  }
  return std::nullopt;
}

Result<Step> number_step(Kind kind, const std::string& text, const std::string& currency) {
  CP_TRY_ASSIGN(const Literal literal, parse_literal(kind, text, currency));
  Step step;
  step.text = text;
  if (const auto* const money = std::get_if<Money>(&literal)) {
    step.number = money->amount.to_double();
    step.currency = money->currency;
    step.text = money->amount.to_string(0) + money->currency;
  } else {
    step.number = in_calculation(kind, std::get<double>(literal));
  }
  return step;
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
  static constexpr int kDeepest = 64;

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
    if (++depth_ > kDeepest) {
      return fail(Errc::usage, "column {}: nested deeper than {} levels", token_.column, kDeepest);
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
    if (!token_.is_symbol("(") || opens_sum()) {
      return comparison();
    }
    CP_TRY(advance());
    CP_TRY_ASSIGN(Condition inner, disjunction());
    CP_TRY(expect(")"));
    return inner;
  }

  // --- calculations

  /// A part of a calculation, and what it is measured in.
  struct Side {
    Calculation steps;
    Dimension dimension;
    std::size_t column = 1;
    std::string literal;  ///< its text, where it is a number alone: the other side gives its unit
  };
  using SideRule = Result<Side> (Parser::*)();

  static bool is_arithmetic(const Token& token) {
    return token.is_symbol("+") || token.is_symbol("-") || token.is_symbol("*") ||
           token.is_symbol("/");
  }

  // Whether arithmetic stands in the comparison that begins here.
  bool is_calculation() const {
    ExpressionLexer ahead = lexer_;
    int depth = 0;
    for (Token token = token_; token.type != Token::Type::end;) {
      depth += token.is_symbol("(") ? 1 : token.is_symbol(")") ? -1 : 0;
      const bool is_over = depth < 0 || token.is_symbol("[") || token.is_symbol(",") ||
                           token.is_keyword("and") || token.is_keyword("or") ||
                           token.is_keyword("in") || token.is_keyword("like");
      if (is_over || is_arithmetic(token)) {
        return !is_over;
      }
      auto next = ahead.next();
      if (!next) {
        return false;
      }
      token = *std::move(next);
    }
    return false;
  }

  // Whether the parenthesis that opens here holds a number, and no condition.
  bool opens_sum() const {
    ExpressionLexer ahead = lexer_;
    int depth = 1;
    while (true) {
      const auto token = ahead.next();
      if (!token || token->type == Token::Type::end) {
        return false;
      }
      if (depth == 0) {
        return is_arithmetic(*token) || is_operator(*token);
      }
      depth += token->is_symbol("(") ? 1 : token->is_symbol(")") ? -1 : 0;
    }
  }

  Result<Condition> calculation() {
    Condition condition;
    condition.type = Condition::Type::calculation;
    CP_TRY_ASSIGN(Side left, sum());
    const auto operation = operation_at_token();
    if (!operation) {
      return unexpected("a comparison of what is calculated");
    }
    condition.operation = *operation;
    CP_TRY(advance());
    CP_TRY_ASSIGN(Side right, sum());
    CP_TRY(measure(left, right));
    CP_TRY(measure(right, left));
    if (left.dimension != right.dimension) {
      return with_hint(
          fail(Errc::usage, "column {}: the two sides have different units", right.column),
          "a number alone is in the units of the other side: CNY, bytes, seconds, TFLOP/s");
    }
    condition.sides = {std::move(left.steps), std::move(right.steps)};
    return condition;
  }

  // Reads SIDE, if it is a number alone, in the units of OTHER.
  Result<void> measure(Side& side, const Side& other) const {
    if (side.literal.empty() || !other.literal.empty()) {
      return {};
    }
    for (const Kind kind :
         {Kind::number, Kind::bytes, Kind::rate, Kind::duration, Kind::money, Kind::flops}) {
      if (other.dimension == Dimension::of(kind)) {
        return measure(side, other, kind);
      }
    }
    return measure(side, other, other.dimension.money == 0 ? Kind::number : Kind::money);
  }

  Result<void> measure(Side& side, const Side& other, Kind kind) const {
    auto step = number_step(kind, side.literal, options_.currency);
    if (!step) {
      return placed(std::move(step).error(), side.column);
    }
    side.steps = {*std::move(step)};
    side.dimension = other.dimension;
    return {};
  }

  Result<Side> sum() { return chain(&Parser::product, "+", "-", true); }
  Result<Side> product() { return chain(&Parser::operand, "*", "/", false); }

  Result<Side> chain(SideRule rule, std::string_view first, std::string_view second, bool is_sum) {
    CP_TRY_ASSIGN(Side all, (this->*rule)());
    while (token_.is_symbol(first) || token_.is_symbol(second)) {
      const bool is_first = token_.is_symbol(first);
      const std::size_t column = token_.column;
      CP_TRY(advance());
      CP_TRY_ASSIGN(Side next, (this->*rule)());
      if (is_sum && all.dimension != next.dimension) {
        return fail(Errc::usage, "column {}: what is added has different units", column);
      }
      if (!is_sum) {
        all.dimension = is_first ? all.dimension * next.dimension : all.dimension / next.dimension;
      }
      std::ranges::move(next.steps, std::back_inserter(all.steps));
      Step step;
      step.type = is_sum ? (is_first ? Step::Type::add : Step::Type::subtract)
                         : (is_first ? Step::Type::multiply : Step::Type::divide);
      all.steps.push_back(step);
      all.literal.clear();
    }
    return all;
  }

  Result<Side> operand() {
    const std::size_t column = token_.column;
    if (token_.is_symbol("(")) {
      if (++depth_ > kDeepest) {
        return fail(Errc::usage, "column {}: nested deeper than {} levels", column, kDeepest);
      }
      CP_TRY(advance());
      CP_TRY_ASSIGN(Side inner, sum());
      CP_TRY(expect(")"));
      --depth_;
      return inner;
    }
    if (token_.type == Token::Type::word && (find_field(token_.text) != nullptr || is_name())) {
      CP_TRY_ASSIGN(const Field* const found, field());
      if (!is_ordered(found->kind)) {
        return with_hint(
            fail(Errc::usage, "column {}: {} is no number to calculate with", column, found->name),
            "write a text or a pattern in quotes: region like \"cn-*\"");
      }
      Step step;
      step.type = Step::Type::field;
      step.field = found;
      return Side{{step}, Dimension::of(found->kind), column, {}};
    }
    return number();
  }

  // What begins with a letter is meant as a field, though there may be none of that name.
  bool is_name() const {
    const char first = token_.text.front();
    return (first < '0' || first > '9') && !kind_of_amount(token_.text);
  }

  Result<Side> number() {
    if (token_.type != Token::Type::string && token_.type != Token::Type::word) {
      return unexpected("a field or a number");
    }
    CP_TRY_ASSIGN(const Token start, amount(true));
    const auto kind = kind_of_amount(start.text);
    if (!kind) {
      return fail(Errc::usage, "column {}: '{}' is no number", start.column,
                  escape::terminal(start.text));
    }
    CP_TRY_ASSIGN(Step step, number_step(*kind, start.text, options_.currency));
    return Side{{std::move(step)}, Dimension::of(*kind), start.column, start.text};
  }

  // A value, with the unit that may stand behind it.
  Result<Token> amount(bool takes_unit) {
    Token start = token_;
    CP_TRY(advance());
    if (takes_unit && is_unit_apart(start)) {
      start.text += " " + token_.text;
      CP_TRY(advance());
    }
    return start;
  }

  // --- comparisons of a field

  Result<Condition> comparison() {
    if (is_calculation()) {
      return calculation();
    }
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

  static bool is_operator(const Token& token) {
    return std::ranges::any_of(kOperators,
                               [&](const auto& one) { return token.is_symbol(one.first); });
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
    CP_TRY_ASSIGN(const Token start, amount(is_ordered(kind)));
    auto literal = parse_literal(kind, start.text, options_.currency);
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
    if (stands_before_star()) {
      return with_hint(fail(Errc::usage, "column {}: '*' outside of quotes", token_.column),
                       "write a pattern in quotes: region like \"cn-*\"");
    }
    return fail(Errc::usage, "column {}: '{}' stands where {} should", token_.column,
                escape::terminal(token_.text), wanted);
  }

  // A pattern without quotes may have a hyphen before its star.
  bool stands_before_star() const {
    ExpressionLexer ahead = lexer_;
    const auto next = ahead.next();
    return token_.is_symbol("*") || (token_.is_symbol("-") && next && next->is_symbol("*"));
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
