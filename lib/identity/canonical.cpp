// SPDX-License-Identifier: Apache-2.0
#include "identity/canonical.hpp"

#include "base/text.hpp"
#include "base/utf8.hpp"

#include <double-conversion/double-conversion.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

namespace cp::identity {
namespace {

using model::Json;

struct Units {
  std::array<std::uint32_t, 2> unit{};
  std::size_t count = 1;
};

Units utf16_units(std::uint32_t code) {
  constexpr std::uint32_t kSupplement = 0x10000;
  if (code < kSupplement) {
    return {{code, 0}, 1};
  }
  code -= kSupplement;
  return {{0xD800U + (code >> 10U), 0xDC00U + (code & 0x3FFU)}, 2};
}

// RFC 8785 section 3.2.3: names compare as arrays of UTF-16 code units, which is not the order of
// UTF-8 bytes: U+1F600 comes before U+FB33.
bool comes_before(std::string_view a, std::string_view b) {
  const auto differ = std::ranges::mismatch(a, b);
  if (differ.in1 == a.end() || differ.in2 == b.end()) {
    return a.size() < b.size();
  }
  if (*differ.in1 >= 0 && *differ.in2 >= 0) {  // both are ASCII
    return *differ.in1 < *differ.in2;
  }
  while (!a.empty() && !b.empty()) {
    const utf8::CodePoint left = utf8::decode(a);
    const utf8::CodePoint right = utf8::decode(b);
    if (left.code != right.code) {
      return utf16_units(left.code).unit < utf16_units(right.code).unit;
    }
    a.remove_prefix(left.length);
    b.remove_prefix(right.length);
  }
  return a.size() < b.size();
}

class Writer {
 public:
  // WITHOUT is a member of the outermost object that is left out.
  explicit Writer(std::string_view without = {}) : without_(without) {}

  Result<void> write(const Json& value) {
    switch (value.type()) {
      case Json::value_t::object:
        return write_object(value);
      case Json::value_t::array:
        return write_array(value);
      case Json::value_t::string:
        return write_string(value.get_ref<const std::string&>());
      case Json::value_t::number_integer:
        return write_integer(value.get<std::int64_t>());
      case Json::value_t::number_unsigned:
        return write_integer(value.get<std::uint64_t>());
      case Json::value_t::number_float:
        return write_number(value.get<double>());
      case Json::value_t::boolean:
        out_ += value.get<bool>() ? "true" : "false";
        return {};
      case Json::value_t::null:
        out_ += "null";
        return {};
      default:
        return fail(Errc::bad_data, "a value is no JSON");
    }
  }

  std::string take() { return std::move(out_); }

 private:
  Result<void> write_object(const Json& object) {
    std::vector<const Json::object_t::value_type*> members;
    members.reserve(object.size());
    const std::string_view without = std::exchange(without_, {});
    for (const auto& member : object.get_ref<const Json::object_t&>()) {
      if (without.empty() || member.first != without) {
        members.push_back(&member);
      }
    }
    std::ranges::sort(
        members, [](const auto* a, const auto* b) { return comes_before(a->first, b->first); });
    char before = '{';
    for (const auto* member : members) {
      out_ += before;
      CP_TRY(write_string(member->first));
      out_ += ':';
      CP_TRY(write(member->second));
      before = ',';
    }
    out_ += members.empty() ? "{}" : "}";
    return {};
  }

  Result<void> write_array(const Json& array) {
    out_ += '[';
    for (std::size_t i = 0; i < array.size(); ++i) {
      out_ += i == 0 ? "" : ",";
      CP_TRY(write(array[i]));
    }
    out_ += ']';
    return {};
  }

  Result<void> write_string(std::string_view text) {
    if (text::plain_prefix(text) == text.size()) {
      out_ += '"';
      out_ += text;
      out_ += '"';
      return {};
    }
    if (!utf8::is_valid(text)) {
      return fail(Errc::bad_data, "a string is not UTF-8");
    }
    out_ += '"';
    std::size_t done = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (must_be_escaped(text[at])) {
        out_ += text.substr(done, at - done);
        write_escaped(text[at]);
        done = at + 1;
      }
    }
    out_ += text.substr(done);
    out_ += '"';
    return {};
  }

  static bool must_be_escaped(char c) { return (c >= 0 && c < ' ') || c == '"' || c == '\\'; }

  void write_escaped(char c) {
    constexpr std::string_view special = "\b\t\n\f\r\"\\";
    constexpr std::string_view letters = "btnfr\"\\";
    if (const auto at = special.find(c); at != std::string_view::npos) {
      out_ += '\\';
      out_ += letters[at];
    } else {
      out_ += fmt::format("\\u{:04x}", c);
    }
  }

  template <class Integer>
  Result<void> write_integer(Integer value) {
    constexpr double kTooLarge = std::is_signed_v<Integer> ? 0x1p63 : 0x1p64;
    const auto number = static_cast<double>(value);
    if (number >= kTooLarge || static_cast<Integer>(number) != value) {
      return fail(Errc::bad_data, "the integer {} is not exactly a binary64 value", value);
    }
    // Up to 2^53 ECMAScript prints the digits of an integer; beyond, the shortest that tell it.
    if (std::fabs(number) <= 0x1p53) {
      std::array<char, 24> digits;
      out_.append(digits.data(),
                  std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
      return {};
    }
    return write_number(number);
  }

  Result<void> write_number(double value) {
    if (!std::isfinite(value)) {
      return fail(Errc::bad_data, "a number is not finite");
    }
    std::array<char, 32> buffer{};  // the longest takes 25 characters
    double_conversion::StringBuilder builder(buffer.data(), static_cast<int>(buffer.size()));
    double_conversion::DoubleToStringConverter::EcmaScriptConverter().ToShortest(value, &builder);
    out_ += builder.Finalize();
    return {};
  }

  std::string_view without_;
  std::string out_;
};

}  // namespace

Result<std::string> canonical_without(const Json& value, std::string_view name) {
  Writer writer(name);
  CP_TRY(writer.write(value));
  return writer.take();
}

Result<std::string> canonical(const Json& value) {
  Writer writer;
  CP_TRY(writer.write(value));
  return writer.take();
}

}  // namespace cp::identity
