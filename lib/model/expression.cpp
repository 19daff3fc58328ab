// SPDX-License-Identifier: Apache-2.0
#include "model/expression.hpp"

#include "base/limits.hpp"
#include "base/text.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <compare>
#include <limits>
#include <optional>

namespace cp::model {
namespace {

/// What is asked about: nothing is known, or it is known that the node has no accelerator.
struct Unknown {};
struct NoAccelerator {};
using Value = std::variant<Unknown, NoAccelerator, std::string, double, bool, Money>;

Value value_of(Kind kind, const Json& document, std::string_view path) {
  const auto as_value = [](auto&& optional) { return optional ? Value(*optional) : Value(); };
  switch (kind) {
    case Kind::text:
    case Kind::model: {
      // An empty text says nothing.
      const auto text = text_at(document, path);
      return text && !text->empty() ? Value(*text) : Value();
    }
    case Kind::money:
      return as_value(money_at(document, path));
    case Kind::boolean:
      return as_value(bool_at(document, path));
    case Kind::number:
    case Kind::bytes:
    case Kind::rate:
    case Kind::duration:
    case Kind::flops:
      break;
  }
  return as_value(number_at(document, path));
}

Value first_of(Kind kind, const Json& document, std::string_view paths) {
  Value value;
  for (const std::string_view path : text::split(paths, '|')) {
    value = value_of(kind, document, path);
    if (!std::holds_alternative<Unknown>(value)) {
      break;
    }
  }
  return value;
}

// The fastest network; nothing when the rate of one is not known.
Value fastest_network(const Json& networks) {
  std::optional<double> best;
  for (const Json& network : networks) {
    const auto rate = number_at(network, "rate_bps");
    if (!rate) {
      return Unknown{};
    }
    best = std::max(best.value_or(0), *rate);
  }
  return best ? Value(*best) : Value();
}

// The fastest network with RDMA, 0 when none has it; nothing when one that may have it may be
// faster.
Value fastest_rdma(const Json& networks) {
  double best = 0;
  double at_most = 0;
  for (const Json& network : networks) {
    const auto has_rdma = bool_at(network, "rdma");
    if (has_rdma == false) {
      continue;
    }
    const auto rate = number_at(network, "rate_bps");
    at_most = std::max(at_most, rate.value_or(std::numeric_limits<double>::infinity()));
    best = std::max(best, has_rdma ? rate.value_or(0) : 0);
  }
  return at_most > best ? Value() : Value(best);
}

Value fastest(const Json& resource, bool with_rdma) {
  const Json* networks = find(resource, "node.network");
  if (networks == nullptr || !networks->is_array()) {
    return Unknown{};
  }
  return with_rdma ? fastest_rdma(*networks) : fastest_network(*networks);
}

class Evaluator {
 public:
  /// ACCELERATOR is nullptr when the node's are not known, a null value when it has none.
  Evaluator(const Json& resource, const Json& demand) : resource_(resource), demand_(demand) {}

  Truth evaluate(const Condition& condition) {
    const Json* all = find(resource_, "node.accelerators");
    if (all == nullptr || !all->is_array()) {
      return with_accelerator(condition, nullptr);
    }
    static const Json none;
    Truth result = all->empty() ? with_accelerator(condition, &none) : Truth::no;
    for (const Json& accelerator : *all) {
      result = either(result, with_accelerator(condition, &accelerator));
    }
    return steps_ > limits::expression_steps ? Truth::unknown : result;
  }

  Value read_first(const Field& field) {
    static const Json none;
    const Json* all = find(resource_, "node.accelerators");
    if (all != nullptr && all->is_array()) {
      accelerator_ = all->empty() ? &none : &all->front();
    }
    return read(field);
  }

 private:
  Truth with_accelerator(const Condition& condition, const Json* accelerator) {
    accelerator_ = accelerator;
    return truth(condition);
  }

  Truth truth(const Condition& condition) {
    if (++steps_ > limits::expression_steps) {
      return Truth::unknown;
    }
    switch (condition.type) {
      case Condition::Type::conjunction:
        return fold(condition.parts, Truth::yes, both);
      case Condition::Type::disjunction:
        return fold(condition.parts, Truth::no, either);
      case Condition::Type::negation:
        return opposite(truth(condition.parts.front()));
      case Condition::Type::likeness:
        return like(read(*condition.field), condition.pattern);
      case Condition::Type::calculation:
        return calculation(condition);
      case Condition::Type::comparison:
      case Condition::Type::membership:
        break;
    }
    return comparison(condition);
  }

  /// The currency of all amounts of a calculation.
  struct OneCurrency {
    std::string name;
    bool is_one = true;

    void add(const std::string& currency) {
      is_one = is_one && (name.empty() || currency.empty() || name == currency);
      name = name.empty() ? currency : name;
    }
  };

  Truth calculation(const Condition& condition) const {
    OneCurrency currency;
    const Value left = result_of(condition.sides.front(), currency);
    const Value right = result_of(condition.sides.back(), currency);
    const bool has_none =
        std::holds_alternative<NoAccelerator>(left) || std::holds_alternative<NoAccelerator>(right);
    return has_none || currency.is_one ? compare(left, condition.operation, right) : Truth::unknown;
  }

  Value result_of(const Calculation& calculation, OneCurrency& currency) const {
    std::vector<double> stack;
    bool has_none = false;
    for (const Step& step : calculation) {
      if (step.type == Step::Type::number) {
        currency.add(step.currency);
        stack.push_back(step.number);
      } else if (step.type == Step::Type::field) {
        const Value value = read(*step.field);
        has_none = has_none || std::holds_alternative<NoAccelerator>(value);
        stack.push_back(number_of(*step.field, value, currency));
      } else {
        const double right = stack.back();
        stack.pop_back();
        stack.back() = calculated(step.type, stack.back(), right);
      }
    }
    return has_none                   ? Value(NoAccelerator{})
           : std::isnan(stack.back()) ? Value()
                                      : Value(stack.back());
  }

  static double number_of(const Field& field, const Value& value, OneCurrency& currency) {
    if (const auto* number = std::get_if<double>(&value)) {
      return in_calculation(field.kind, *number);
    }
    if (const auto* money = std::get_if<Money>(&value)) {
      currency.add(money->currency);
      return money->amount.to_double();
    }
    return std::numeric_limits<double>::quiet_NaN();
  }

  Truth fold(const std::vector<Condition>& parts, Truth start, Truth (*join)(Truth, Truth)) {
    for (const Condition& part : parts) {
      start = join(start, truth(part));
    }
    return start;
  }

  Truth comparison(const Condition& condition) {
    const Value left = read(*condition.field);
    if (condition.other != nullptr) {
      return compare(left, condition.operation, read(*condition.other));
    }
    if (condition.type == Condition::Type::comparison) {
      return compare(left, condition.operation, condition.ranges.front().low);
    }
    Truth result = Truth::no;
    for (const Range& range : condition.ranges) {
      result = either(result, range.is_one_value
                                  ? compare(left, Operator::equal, range.low)
                                  : both(compare(left, Operator::greater_equal, range.low),
                                         compare(left, Operator::less_equal, range.high)));
    }
    return result;
  }

  static Truth like(const Value& value, const std::string& pattern) {
    if (const auto* text = std::get_if<std::string>(&value)) {
      return truth_of(text::like(*text, pattern));
    }
    return std::holds_alternative<NoAccelerator>(value) ? Truth::no : Truth::unknown;
  }

  static Truth compare(const Value& left, Operator operation, const Literal& right) {
    if (const auto* wanted = std::get_if<AcceleratorName>(&right)) {
      return compare_model(left, operation, *wanted);
    }
    return std::visit(
        [&](const auto& literal) {
          using Type = std::decay_t<decltype(literal)>;
          if constexpr (std::is_same_v<Type, AcceleratorName>) {
            return Truth::unknown;
          } else {
            return compare(left, operation, Value(literal));
          }
        },
        right);
  }

  static Truth compare_model(const Value& left, Operator operation, const AcceleratorName& wanted) {
    const auto* name = std::get_if<std::string>(&left);
    if (name == nullptr) {
      return std::holds_alternative<NoAccelerator>(left) ? Truth::no : Truth::unknown;
    }
    const Truth result = AcceleratorName::recognise(*name).is(wanted);
    return operation == Operator::equal ? result : opposite(result);
  }

  static Truth compare(const Value& left, Operator operation, const Value& right) {
    if (std::holds_alternative<NoAccelerator>(left) ||
        std::holds_alternative<NoAccelerator>(right)) {
      return Truth::no;
    }
    const auto order = order_of(left, right);
    return order ? holds(*order, operation) : Truth::unknown;
  }

  // Nothing where a side is unknown or the two have no common measure, such as two currencies.
  static std::optional<std::partial_ordering> order_of(const Value& left, const Value& right) {
    if (left.index() != right.index()) {
      return std::nullopt;
    }
    if (const auto* number = std::get_if<double>(&left)) {
      return *number <=> std::get<double>(right);
    }
    if (const auto* boolean = std::get_if<bool>(&left)) {
      return *boolean <=> std::get<bool>(right);
    }
    if (const auto* text = std::get_if<std::string>(&left)) {
      return text::lower(*text) <=> text::lower(std::get<std::string>(right));
    }
    if (const auto* money = std::get_if<Money>(&left);
        money != nullptr && money->currency == std::get<Money>(right).currency) {
      return money->amount <=> std::get<Money>(right).amount;
    }
    return std::nullopt;
  }

  static Truth holds(std::partial_ordering order, Operator operation) {
    switch (operation) {
      case Operator::equal:
        return truth_of(order == 0);
      case Operator::not_equal:
        return truth_of(order != 0);
      case Operator::less:
        return truth_of(order < 0);
      case Operator::less_equal:
        return truth_of(order <= 0);
      case Operator::greater:
        return truth_of(order > 0);
      case Operator::greater_equal:
        break;
    }
    return truth_of(order >= 0);
  }

  Value read(const Field& field) const {
    if (field.scope == Scope::demand) {
      return value_of(field.kind, demand_, field.path);
    }
    if (field.is_of_accelerator()) {
      return of_accelerator(field);
    }
    if (field.path.starts_with("node.network[")) {
      return fastest(resource_, field.path.starts_with("node.network[rdma]"));
    }
    if (field.name == "cpus" && text_at(resource_, "kind") == "instance-type") {
      return first_of(field.kind, resource_, "node.cpu.threads|node.cpu.cores");
    }
    return first_of(field.kind, resource_, field.path);
  }

  Value of_accelerator(const Field& field) const {
    const std::string_view member = text::cut_last(field.path, '.')->after;
    if (accelerator_ == nullptr) {
      return Unknown{};
    }
    if (accelerator_->is_null()) {
      return member == "count" ? Value(0.0) : Value(NoAccelerator{});
    }
    if (field.kind == Kind::flops) {
      return rate_of_model(field.format());
    }
    const Value value = value_of(field.kind, *accelerator_, member);
    if (member == "count") {
      // A share of one card is less than a card.
      if (const auto share = number_at(*accelerator_, "share")) {
        return *share;
      }
    }
    if (!std::holds_alternative<Unknown>(value)) {
      return value;
    }
    if (field.kind == Kind::model) {
      return value_of(field.kind, *accelerator_, "native_name");
    }
    return member == "vendor" ? vendor_of_model() : value;
  }

  Value rate_of_model(std::string_view format) const {
    const Value model = first_of(Kind::model, *accelerator_, "model|native_name");
    const auto* const name = std::get_if<std::string>(&model);
    const auto rate =
        name == nullptr ? std::nullopt : AcceleratorName::recognise(*name).tera_flops(format);
    return rate ? Value(*rate) : Value();
  }

  // Who makes a card is known with its model, though a record may leave it out.
  Value vendor_of_model() const {
    const Value model = first_of(Kind::model, *accelerator_, "model|native_name");
    const auto* const name = std::get_if<std::string>(&model);
    const auto vendor =
        name == nullptr ? std::string_view{} : AcceleratorName::recognise(*name).vendor();
    return vendor.empty() ? Value() : Value(std::string(vendor));
  }

  const Json& resource_;
  const Json& demand_;
  const Json* accelerator_ = nullptr;
  std::size_t steps_ = 0;
};

void collect(const Condition& condition, std::vector<const Field*>& found) {
  for (const Field* field : {condition.field, condition.other}) {
    if (field != nullptr && std::find(found.begin(), found.end(), field) == found.end()) {
      found.push_back(field);
    }
  }
  for (const Calculation& side : condition.sides) {
    for (const Step& step : side) {
      if (step.field != nullptr &&
          std::find(found.begin(), found.end(), step.field) == found.end()) {
        found.push_back(step.field);
      }
    }
  }
  for (const Condition& part : condition.parts) {
    collect(part, found);
  }
}

}  // namespace

Truth evaluate(const Condition& condition, const Json& resource, const Json& demand) {
  return Evaluator(resource, demand).evaluate(condition);
}

FieldValue read_field(const Field& field, const Json& resource, const Json& demand) {
  return std::visit(
      [](auto&& value) -> FieldValue {
        using Type = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<Type, Unknown> || std::is_same_v<Type, NoAccelerator>) {
          return std::monostate{};
        } else {
          return std::forward<decltype(value)>(value);
        }
      },
      Evaluator(resource, demand).read_first(field));
}

std::vector<const Field*> fields_of(const Condition& condition) {
  std::vector<const Field*> found;
  collect(condition, found);
  return found;
}

}  // namespace cp::model
