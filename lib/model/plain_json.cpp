// SPDX-License-Identifier: Apache-2.0
#include "model/plain_json.hpp"

#include "base/limits.hpp"
#include "base/text.hpp"
#include "base/utf8.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace cp::model {
namespace {

constexpr std::uint64_t kTwoTo53 = 1ULL << 53U;
constexpr double kInt64End = 0x1p63;
constexpr std::size_t kUsualMembers = 8;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Each function goes on at at_, and gives false where it cannot.
class PlainParser {
 public:
  explicit PlainParser(std::string_view text) : at_(text.data()), end_(at_ + text.size()) {}

  std::string_view rest() const { return {at_, static_cast<std::size_t>(end_ - at_)}; }
  bool is_at_end() const { return at_ == end_; }

  void skip_blanks() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) {
      ++at_;
    }
  }

  bool parse(Json& value) {
    if (at_ == end_) {
      return false;
    }
    switch (*at_) {
      case '{':
        return parse_object(value);
      case '[':
        return parse_array(value);
      case '"':
        value = Json::value_t::string;
        return parse_string(value.get_ref<std::string&>());
      case 't':
        return parse_word("true", value, true);
      case 'f':
        return parse_word("false", value, false);
      case 'n':
        return parse_word("null", value, nullptr);
      default:
        return parse_number(value);
    }
  }

 private:
  bool is_next(char c) const { return at_ != end_ && *at_ == c; }
  bool take(char c) {
    const bool is_there = is_next(c);
    at_ += is_there ? 1 : 0;
    return is_there;
  }

  template <class Value>
  bool parse_word(std::string_view word, Json& value, Value meaning) {
    if (!rest().starts_with(word)) {
      return false;
    }
    at_ += word.size();
    value = meaning;
    return true;
  }

  bool enter() { return ++depth_ <= limits::json_depth; }

  bool parse_object(Json& value) {
    if (!enter()) {
      return false;
    }
    ++at_;
    value = Json::value_t::object;
    auto& object = value.get_ref<Json::object_t&>();
    skip_blanks();
    if (!take('}')) {
      object.reserve(kUsualMembers);
      do {
        if (!parse_member(object)) {
          return false;
        }
        skip_blanks();
      } while (take(','));
      if (!take('}')) {
        return false;
      }
    }
    --depth_;
    return true;
  }

  bool parse_member(Json::object_t& object) {
    std::string name;
    skip_blanks();
    if (object.size() >= limits::object_members || !is_next('"') || !parse_string(name)) {
      return false;
    }
    skip_blanks();
    if (!take(':')) {
      return false;
    }
    skip_blanks();
    const auto [member, is_new] = object.emplace(name, Json());
    return is_new && parse(member->second);
  }

  bool parse_array(Json& value) {
    if (!enter()) {
      return false;
    }
    ++at_;
    value = Json::value_t::array;
    auto& array = value.get_ref<Json::array_t&>();
    skip_blanks();
    if (!take(']')) {
      do {
        skip_blanks();
        if (!parse(array.emplace_back())) {
          return false;
        }
        skip_blanks();
      } while (take(','));
      if (!take(']')) {
        return false;
      }
    }
    --depth_;
    return true;
  }

  bool parse_string(std::string& text) {
    ++at_;
    bool is_ascii = true;
    while (true) {
      const char* const from = at_;
      at_ += text::plain_prefix(rest());
      while (at_ != end_ && *at_ != '"' && *at_ != '\\' &&
             static_cast<unsigned char>(*at_) >= ' ') {
        is_ascii = is_ascii && static_cast<unsigned char>(*at_) < 0x80U;
        ++at_;
      }
      text.append(from, at_);
      if (at_ == end_ || text.size() > limits::string_bytes) {
        return false;
      }
      if (take('"')) {
        return is_ascii || utf8::is_valid(text);
      }
      if (!parse_escape(text)) {
        return false;
      }
    }
  }

  bool parse_escape(std::string& text) {
    constexpr std::string_view kLetters = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    if (!take('\\') || at_ == end_) {
      return false;
    }
    const auto place = kLetters.find(*at_++);
    if (place == std::string_view::npos) {
      return false;
    }
    text += kMeanings[place];
    return true;
  }

  bool skip_digits() {
    const char* const from = at_;
    while (at_ != end_ && is_digit(*at_)) {
      ++at_;
    }
    return at_ != from;
  }

  bool parse_number(Json& value) {
    const char* const from = at_;
    const bool is_negative = take('-');
    const char* const digits = at_;
    if (!skip_digits() || (*digits == '0' && at_ - digits > 1)) {
      return false;
    }
    if (!is_next('.') && !is_next('e') && !is_next('E')) {
      return convert_integer(digits, is_negative, value);
    }
    if (take('.') && !skip_digits()) {
      return false;
    }
    if (take('e') || take('E')) {
      (void)(take('+') || take('-'));
      if (!skip_digits()) {
        return false;
      }
    }
    return convert_number(from, value);
  }

  bool convert_integer(const char* digits, bool is_negative, Json& value) const {
    std::uint64_t magnitude = 0;
    const auto [end, error] = std::from_chars(digits, at_, magnitude);
    if (error != std::errc() || end != at_ || magnitude > kTwoTo53) {
      return false;
    }
    if (is_negative) {
      value = -static_cast<std::int64_t>(magnitude);
    } else {
      value = magnitude;
    }
    return true;
  }

  bool convert_number(const char* from, Json& value) const {
    double number = 0;
    const auto [end, error] = std::from_chars(from, at_, number);
    if (error != std::errc() || end != at_ || !std::isfinite(number)) {
      return false;
    }
    if (number == std::floor(number) && std::fabs(number) < kInt64End) {
      value = static_cast<std::int64_t>(number);
    } else {
      value = number;
    }
    return true;
  }

  const char* at_;
  const char* end_;
  int depth_ = 0;
};

void append_string(std::string& out, const std::string& text) {
  if (text::plain_prefix(text) == text.size()) {
    out += '"';
    out += text;
    out += '"';
  } else {
    // Text that is no JSON by itself may hold anything: a byte of it must not end the tool.
    out += Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
  }
}

template <class Integer>
void append_integer(std::string& out, Integer value) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

void append_object(std::string& out, const Json& object) {
  char before = '{';
  for (const auto& [name, value] : object.get_ref<const Json::object_t&>()) {
    out += before;
    append_string(out, name);
    out += ':';
    append_line(out, value);
    before = ',';
  }
  out += object.empty() ? "{}" : "}";
}

void append_array(std::string& out, const Json& array) {
  char before = '[';
  for (const Json& value : array.get_ref<const Json::array_t&>()) {
    out += before;
    append_line(out, value);
    before = ',';
  }
  out += array.empty() ? "[]" : "]";
}

}  // namespace

std::optional<Json> parse_plain(std::string_view text) {
  std::optional<Json> value(std::in_place);
  PlainParser parser(text);
  parser.skip_blanks();
  const bool is_whole = parser.parse(*value);
  parser.skip_blanks();
  if (!is_whole || !parser.is_at_end()) {
    value.reset();
  }
  return value;
}

std::optional<PlainPrefix> parse_plain_prefix(std::string_view text) {
  std::optional<PlainPrefix> prefix(std::in_place);
  PlainParser parser(text);
  if (parser.parse(prefix->value)) {
    prefix->length = text.size() - parser.rest().size();
  } else {
    prefix.reset();
  }
  return prefix;
}

void append_line(std::string& out, const Json& value) {
  switch (value.type()) {
    case Json::value_t::object:
      return append_object(out, value);
    case Json::value_t::array:
      return append_array(out, value);
    case Json::value_t::string:
      return append_string(out, value.get_ref<const std::string&>());
    case Json::value_t::number_integer:
      return append_integer(out, value.get<std::int64_t>());
    case Json::value_t::number_unsigned:
      return append_integer(out, value.get<std::uint64_t>());
    default:
      out += value.dump();
  }
}

}  // namespace cp::model
