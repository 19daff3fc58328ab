// SPDX-License-Identifier: Apache-2.0
#include "model/json.hpp"

#include "base/escape.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "base/utf8.hpp"
#include "model/plain_json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>
#include <vector>

namespace cp::model {
namespace {

// The largest magnitude below which every integer is its own binary64 value.
constexpr double kTwoTo63 = 9223372036854775808.0;

// Builds a value and refuses what nlohmann's own reader lets pass: names that occur twice, unsafe
// integers, depth. `refused` holds why.
class Builder final : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(std::int64_t value) override {
    // 2^63-1 rounds up to 2^63, which cannot be turned back.
    const auto rounded = static_cast<double>(value);
    if (rounded >= kTwoTo63 || static_cast<std::int64_t>(rounded) != value) {
      return refuse("the integer {} is not exactly a binary64 value", value);
    }
    return put(value);
  }
  bool number_unsigned(std::uint64_t value) override {
    const auto rounded = static_cast<double>(value);
    if (rounded >= 2 * kTwoTo63 || static_cast<std::uint64_t>(rounded) != value) {
      return refuse("the integer {} is not exactly a binary64 value", value);
    }
    return put(value);
  }
  bool number_float(double value, const std::string& literal) override {
    if (!std::isfinite(value)) {
      return refuse("the number {} is too large", literal);
    }
    // A literal of digits alone comes here only when it is past 64 bits: jq writes 1e20 so.
    if (literal.find_first_of(".eE") == std::string::npos &&
        fmt::format("{:.0f}", value) != literal) {
      return refuse("the integer {} is not exactly a binary64 value", literal);
    }
    if (value == std::floor(value) && std::fabs(value) < kTwoTo63) {
      return put(static_cast<std::int64_t>(value));
    }
    return put(value);
  }
  bool string(std::string& value) override {
    if (value.size() > limits::string_bytes) {
      return refuse("a string is longer than {} bytes", limits::string_bytes);
    }
    return put(std::move(value));
  }
  bool binary(Json::binary_t& /*value*/) override { return false; }
  bool start_object(std::size_t /*elements*/) override { return open(Json::object()); }
  bool start_array(std::size_t /*elements*/) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(std::string& name) override {
    if (name.size() > limits::string_bytes) {
      return refuse("a name is longer than {} bytes", limits::string_bytes);
    }
    // Members are searched one by one.
    if (levels_.back().value.size() >= limits::object_members) {
      return refuse("an object has more than {} members", limits::object_members);
    }
    if (levels_.back().value.contains(name)) {
      return refuse("the name \"{}\" occurs twice in an object", name);
    }
    levels_.back().name = std::move(name);
    return true;
  }
  bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                   const nlohmann::detail::exception& error) override {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while …"
    const std::string_view what = error.what();
    const auto reason = what.find(": ");
    // It quotes the bytes that it stumbled over.
    refused = escape::terminal(reason == std::string_view::npos ? what : what.substr(reason + 2));
    return false;
  }

  Json take() { return std::move(result_); }

  std::string refused;

 private:
  struct Level {
    Json value;
    std::string name;
  };

  template <class... Args>
  bool refuse(fmt::format_string<Args...> format, Args&&... args) {
    refused = fmt::format(format, std::forward<Args>(args)...);
    return false;
  }

  bool open(Json value) {
    if (levels_.size() >= static_cast<std::size_t>(limits::json_depth)) {
      return refuse("it is nested deeper than {} levels", limits::json_depth);
    }
    levels_.push_back({std::move(value), {}});
    return true;
  }

  bool close() {
    Json value = std::move(levels_.back().value);
    levels_.pop_back();
    return put(std::move(value));
  }

  bool put(Json value) {
    if (levels_.empty()) {
      result_ = std::move(value);
    } else if (Level& level = levels_.back(); level.value.is_array()) {
      level.value.push_back(std::move(value));
    } else {
      level.value.emplace(std::move(level.name), std::move(value));
    }
    return true;
  }

  std::vector<Level> levels_;
  Json result_;
};

// Reads a text and tells how far the parser has come: its events carry no place of their own.
class Cursor {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Cursor(const char* at, std::size_t& consumed) : at_(at), consumed_(&consumed) {}
  reference operator*() const { return *at_; }
  Cursor& operator++() {
    ++at_;
    ++*consumed_;
    return *this;
  }
  Cursor operator++(int) {
    Cursor before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const Cursor& a, const Cursor& b) { return a.at_ == b.at_; }

 private:
  const char* at_;
  std::size_t* consumed_;
};

// The place in the input of the byte at OFFSET of TEXT.
Origin place_of(std::string_view text, std::size_t offset, const Origin& origin) {
  Origin place = origin;
  for (const char c : text.substr(0, std::min(offset, text.size()))) {
    if (c == '\n') {
      ++place.line;
      place.column = 1;
    } else {
      ++place.column;
    }
  }
  return place;
}

}  // namespace

Result<Json> parse_json(std::string_view text, const Origin& origin) {
  if (text.size() > limits::document_bytes) {
    return fail(Errc::bad_data, "{}:{}: a document is larger than {} bytes", origin.name,
                origin.line, limits::document_bytes);
  }
  auto plain = parse_plain(text);
  return plain ? Result<Json>(*std::move(plain)) : parse_thoroughly(text, origin);
}

Result<Json> parse_thoroughly(std::string_view text, const Origin& origin) {
  Builder builder;
  std::size_t consumed = 0;
  const Cursor begin(text.data(), consumed);
  if (Json::sax_parse(begin, Cursor(text.data() + text.size(), consumed), &builder)) {
    return builder.take();
  }
  const std::size_t offset = consumed > 0 ? consumed - 1 : 0;
  const Origin place = place_of(text, offset, origin);
  return fail(Errc::bad_data, "{}:{}:{}: malformed JSON: {}", place.name, place.line, place.column,
              builder.refused);
}

std::string to_line(const Json& value) {
  std::string line;
  append_line(line, value);
  return line;
}

Json text_value(std::string_view text) {
  if (utf8::is_valid(text)) {
    return std::string(text);
  }
  return Json{{"base64", text::to_base64(text)}};
}

std::optional<std::string> text_of(const Json& value) {
  if (value.is_string()) {
    return value.get<std::string>();
  }
  const auto encoded = text_at(value, "base64");
  return encoded ? text::from_base64(*encoded) : std::nullopt;
}

static const Json* member_of(const Json& value, std::string_view name) {
  if (!value.is_object()) {
    return nullptr;
  }
  const auto member = value.find(name);
  return member == value.end() ? nullptr : &*member;
}

static const Json* element_of(const Json& value, std::string_view name) {
  const auto index = text::to_uint(name);
  return index && *index < value.size() ? &value[static_cast<std::size_t>(*index)] : nullptr;
}

const Json* find(const Json& document, std::string_view path) {
  const Json* value = &document;
  while (true) {
    const std::size_t end = path.find('.');
    const std::string_view name = path.substr(0, end);
    value = value->is_array() ? element_of(*value, name) : member_of(*value, name);
    if (value == nullptr || value->is_null()) {
      return nullptr;
    }
    if (end == std::string_view::npos) {
      return value;
    }
    path.remove_prefix(end + 1);
  }
}

std::optional<std::string> text_at(const Json& document, std::string_view path) {
  const Json* value = find(document, path);
  return value != nullptr && value->is_string() ? std::optional(value->get<std::string>())
                                                : std::nullopt;
}

std::string bytes_at(const Json& document, std::string_view path) {
  const Json* value = find(document, path);
  return value == nullptr ? std::string{} : text_of(*value).value_or("");
}

std::optional<double> number_at(const Json& document, std::string_view path) {
  const Json* value = find(document, path);
  return value != nullptr && value->is_number() ? std::optional(value->get<double>())
                                                : std::nullopt;
}

std::optional<std::int64_t> int_at(const Json& document, std::string_view path) {
  const Json* value = find(document, path);
  if (value == nullptr || !value->is_number_integer() ||
      (value->is_number_unsigned() && value->get<std::uint64_t>() > INT64_MAX)) {
    return std::nullopt;
  }
  return value->get<std::int64_t>();
}

std::optional<bool> bool_at(const Json& document, std::string_view path) {
  const Json* value = find(document, path);
  return value != nullptr && value->is_boolean() ? std::optional(value->get<bool>()) : std::nullopt;
}

std::optional<UnixTime> time_at(const Json& document, std::string_view path) {
  const auto text = text_at(document, path);
  const auto time = text ? parse_time(*text) : Result<UnixTime>(tl::unexpected<Error>(Error{}));
  return time ? std::optional(*time) : std::nullopt;
}

std::optional<Money> money_at(const Json& document, std::string_view path) {
  const Json* value = find(document, path);
  if (value == nullptr) {
    return std::nullopt;
  }
  const auto amount = text_at(*value, "amount");
  const auto currency = text_at(*value, "currency");
  if (!amount || !currency || !is_currency(*currency)) {
    return std::nullopt;
  }
  const auto decimal = Decimal::parse(*amount);
  return decimal ? std::optional(Money{*decimal, *currency}) : std::nullopt;
}

Json to_json(const Money& money) {
  return Json{{"amount", money.amount.to_string()}, {"currency", money.currency}};
}

}  // namespace cp::model
