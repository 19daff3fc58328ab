// SPDX-License-Identifier: Apache-2.0
#include "identity/identifier.hpp"

#include "base/text.hpp"
#include "base/utf8.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace cp::identity {
namespace {

// ISO/IEC 7064 MOD 1271-36: character i of n (from the left, two check characters behind) weighs
// 36^(n-i+1); the sum with the check is congruent 1. The separators take the values of letters that
// a serial cannot hold.
constexpr std::uint32_t kModulus = 1271;
constexpr std::uint32_t kRadix = 36;
constexpr std::uint32_t kDotValue = 18;    // I
constexpr std::uint32_t kSlashValue = 24;  // O
constexpr std::size_t kScheme = 3;
constexpr std::size_t kTail = 3;  // hyphen and check
constexpr std::size_t kMaxBody = kMaxIdentifier - kScheme - kTail;
constexpr std::size_t kMinIdentifier = kScheme + 2 + kMinSerial + kTail;
constexpr std::string_view kDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

// What a byte is after folding: its value, or kNone for one that no serial holds.
constexpr std::uint8_t kNone = 0xFF;

constexpr char folded(char c) {
  if (c >= 'a' && c <= 'z') {
    c = static_cast<char>(c - 'a' + 'A');
  }
  if (c == 'I' || c == 'L') {
    return '1';
  }
  return c == 'O' ? '0' : c;
}

constexpr std::array<std::uint8_t, 256> make_values() {
  std::array<std::uint8_t, 256> values{};
  for (std::size_t byte = 0; byte < values.size(); ++byte) {
    const char c = folded(static_cast<char>(byte));
    const std::size_t at = kDigits.find(c);
    values[byte] = at == std::string_view::npos || c == 'U' ? kNone : static_cast<std::uint8_t>(at);
  }
  return values;
}

constexpr std::array<std::uint16_t, kMaxBody> make_weights() {
  std::array<std::uint16_t, kMaxBody> weights{};
  std::uint32_t weight = kRadix * kRadix % kModulus;
  for (std::size_t i = kMaxBody; i-- > 0;) {
    weights[i] = static_cast<std::uint16_t>(weight);
    weight = weight * kRadix % kModulus;
  }
  return weights;
}

constexpr std::array<std::uint8_t, 256> kValues = make_values();
constexpr std::array<std::uint16_t, kMaxBody> kWeights = make_weights();

bool looks_like_another(char c) { return c == 'I' || c == 'L' || c == 'O' || c == 'U'; }

std::uint32_t value_of(char c) { return kValues[static_cast<unsigned char>(c)]; }

// The number that the two check characters behind a body of weighted SUM stand for.
std::uint32_t check_number(std::uint32_t sum) { return (kModulus + 1 - sum % kModulus) % kModulus; }

// The two characters of that NUMBER; nullopt when they would look like others.
std::optional<std::array<char, 2>> check_for(std::uint32_t number) {
  const std::array check{kDigits[number / kRadix], kDigits[number % kRadix]};
  return std::ranges::any_of(check, looks_like_another) ? std::nullopt : std::optional(check);
}

// One pass over a body; keeps the weighted sum of what it has taken.
class Scanner {
 public:
  explicit Scanner(std::string_view body)
      : at_(body.data()),
        end_(body.data() + body.size()),
        weight_(kWeights.data() + (kMaxBody - body.size())) {}

  // Takes arcs up to and with the slash.
  Flaw take_prefix() {
    for (std::size_t arcs = 1;; ++arcs) {
      if (const Flaw flaw = take_arc(); flaw != Flaw::none) {
        return flaw;
      }
      if (at_ == end_) {
        return Flaw::no_separator;
      }
      const char separator = *at_;
      if (separator == '/') {
        take(kSlashValue);
        return Flaw::none;
      }
      if (separator != '.') {
        return Flaw::bad_prefix;
      }
      if (arcs == kMaxArcs) {
        return Flaw::many_arcs;
      }
      take(kDotValue);
    }
  }

  // Takes the rest.
  Flaw take_serial() {
    const auto length = static_cast<std::size_t>(end_ - at_);
    std::uint32_t bad = 0;
    while (at_ != end_) {
      const std::uint32_t value = value_of(*at_);
      bad |= value;
      take(value);
    }
    if (bad >= kNone / 2) {
      return Flaw::bad_character;
    }
    if (length < kMinSerial) {
      return Flaw::short_serial;
    }
    return length > kMaxSerial ? Flaw::long_serial : Flaw::none;
  }

  std::uint32_t sum() const { return sum_; }

 private:
  void take(std::uint32_t value) {
    sum_ += value * *weight_++;
    ++at_;
  }

  Flaw take_arc() {
    const char* const first = at_;
    while (at_ != end_ && value_of(*at_) < 10) {
      take(value_of(*at_));
    }
    const auto length = static_cast<std::size_t>(at_ - first);
    if (length == 0) {
      return Flaw::bad_prefix;
    }
    if (length > kMaxArcDigits) {
      return Flaw::long_arc;
    }
    return length > 1 && value_of(*first) == 0 ? Flaw::leading_zero : Flaw::none;
  }

  const char* at_;
  const char* end_;
  const std::uint16_t* weight_;
  std::uint32_t sum_ = 0;
};

// The check characters of BODY; nullopt when it is none, or they would look like others.
std::optional<std::array<char, 2>> check_of(std::string_view body) {
  if (body.size() > kMaxBody) {
    return std::nullopt;
  }
  Scanner scanner(body);
  if (scanner.take_prefix() != Flaw::none || scanner.take_serial() != Flaw::none) {
    return std::nullopt;
  }
  return check_for(check_number(scanner.sum()));
}

// How many serials make each weighted sum, by what a body's beginning sums up to.
using SumCounts = std::array<std::uint64_t, kModulus>;

SumCounts with_one_more(const SumCounts& counts) {
  SumCounts longer{};
  for (std::uint32_t sum = 0; sum < kModulus; ++sum) {
    for (const char c : kDigits) {
      if (!looks_like_another(c)) {
        longer[(sum + value_of(c) * kRadix) * kRadix % kModulus] += counts[sum];
      }
    }
  }
  return longer;
}

bool has_scheme(std::string_view text) {
  return text.size() >= kScheme && (text[0] == 'c' || text[0] == 'C') &&
         (text[1] == 'p' || text[1] == 'P') && text[2] == ':';
}

// TEXT begins with the scheme, but its length fits no identifier: which part is to blame.
Flaw flaw_of_length(std::string_view text) {
  const std::string_view rest = text.substr(kScheme);
  const auto slash = rest.find('/');
  if (slash == std::string_view::npos) {
    return Flaw::no_separator;
  }
  const std::string_view prefix = rest.substr(0, slash);
  if (!is_prefix(prefix)) {
    const auto dots = static_cast<std::size_t>(std::ranges::count(prefix, '.'));
    return dots >= kMaxArcs                                 ? Flaw::many_arcs
           : prefix.size() > kMaxArcs * (kMaxArcDigits + 1) ? Flaw::long_arc
                                                            : Flaw::bad_prefix;
  }
  const std::string_view serial = rest.substr(slash + 1);
  if (serial.size() < kTail || serial[serial.size() - kTail] != '-') {
    return Flaw::no_hyphen;
  }
  return serial.size() - kTail < kMinSerial ? Flaw::short_serial : Flaw::long_serial;
}

// Whether what has no hyphen where it belongs has it farther ahead: hyphen, check and then
// something that stands in no code. A letter or hyphen more may as well be a hyphen that was moved.
bool goes_on_after_check(std::string_view text) {
  const auto slash = text.find('/');
  const auto hyphen = text.find('-', std::min(slash, text.size()));
  return hyphen != std::string_view::npos && hyphen + kTail < text.size() &&
         value_of(text[hyphen + 1]) != kNone && value_of(text[hyphen + 2]) != kNone &&
         value_of(text[hyphen + kTail]) == kNone && text[hyphen + kTail] != '-';
}

struct FlawText {
  std::string_view name;
  std::string_view sentence;
};

constexpr std::array<FlawText, 13> kFlawTexts{{
    {"none", "it is an identifier"},
    {"no_scheme", "an identifier begins with cp:"},
    {"no_separator", "there is no slash between prefix and serial"},
    {"bad_prefix", "its prefix is not decimal numbers with dots between"},
    {"leading_zero", "a number of its prefix has a leading zero"},
    {"long_arc", "a number of its prefix has more than 10 digits"},
    {"many_arcs", "its prefix has more than 8 numbers"},
    {"no_hyphen", "there is no hyphen before two check characters"},
    {"bad_character", "its serial and check hold only 0-9 and A-Z without U"},
    {"short_serial", "its serial has fewer than 4 characters"},
    {"long_serial", "its serial has more than 32 characters"},
    {"wrong_check", "the check characters do not fit: something is mistyped"},
    {"after_check", "what stands after its check characters is no part of it"},
}};

// TEXT for a message: all of it when it could be an identifier, else its beginning.
std::string_view beginning(std::string_view text) { return text.substr(0, kMaxIdentifier); }

}  // namespace

std::string_view name_of(Flaw flaw) { return kFlawTexts[static_cast<std::size_t>(flaw)].name; }

std::string_view sentence_of(Flaw flaw) {
  return kFlawTexts[static_cast<std::size_t>(flaw)].sentence;
}

namespace {

Flaw first_flaw(std::string_view text) {
  if (!has_scheme(text)) {
    return Flaw::no_scheme;
  }
  if (text.size() < kMinIdentifier || text.size() > kMaxIdentifier) {
    return flaw_of_length(text);
  }
  const std::string_view body = text.substr(kScheme, text.size() - kScheme - kTail);
  Scanner scanner(body);
  if (const Flaw flaw = scanner.take_prefix(); flaw != Flaw::none) {
    return flaw;
  }
  const char* const tail = text.data() + text.size() - kTail;
  if (*tail != '-') {
    return Flaw::no_hyphen;
  }
  if (const Flaw flaw = scanner.take_serial(); flaw != Flaw::none) {
    return flaw;
  }
  const std::uint32_t high = value_of(tail[1]);
  const std::uint32_t low = value_of(tail[2]);
  if (std::max(high, low) >= kRadix) {
    return Flaw::bad_character;
  }
  return high * kRadix + low == check_number(scanner.sum()) ? Flaw::none : Flaw::wrong_check;
}

}  // namespace

Flaw flaw_in(std::string_view text) {
  const Flaw flaw = first_flaw(text);
  const bool may_go_on =
      flaw == Flaw::no_hyphen || flaw == Flaw::bad_character || flaw == Flaw::long_serial;
  return may_go_on && goes_on_after_check(text) ? Flaw::after_check : flaw;
}

std::optional<std::string> check_characters(std::string_view prefix, std::string_view serial) {
  const auto check = check_of(std::string(prefix) + "/" + std::string(serial));
  return check ? std::optional(std::string(check->data(), check->size())) : std::nullopt;
}

bool has_check_characters(std::string_view body) { return check_of(body).has_value(); }

std::uint64_t count_serials(std::string_view prefix, std::size_t length) {
  constexpr std::size_t kCountable = 12;  // 32^12 is 2^60
  const std::string beginning = std::string(prefix) + "/";
  Scanner scanner(beginning);
  if (length > kCountable || scanner.take_prefix() != Flaw::none) {
    return length > kCountable ? std::numeric_limits<std::uint64_t>::max() : 0;
  }
  SumCounts counts{};
  counts[scanner.sum() % kModulus] = 1;
  for (std::size_t i = 0; i < length; ++i) {
    counts = with_one_more(counts);
  }
  std::uint64_t all = 0;
  for (std::uint32_t sum = 0; sum < kModulus; ++sum) {
    all += check_for(check_number(sum)) ? counts[sum] : 0;
  }
  return all;
}

bool is_prefix(std::string_view prefix) {
  std::size_t arcs = 0;
  for (const std::string_view arc : text::split(prefix, '.')) {
    const bool digits = std::ranges::all_of(arc, [](char c) { return c >= '0' && c <= '9'; });
    if (!digits || arc.empty() || arc.size() > kMaxArcDigits || (arc[0] == '0' && arc.size() > 1)) {
      return false;
    }
    ++arcs;
  }
  return arcs <= kMaxArcs;
}

bool is_within(std::string_view prefix, std::string_view ancestor) {
  return prefix.starts_with(ancestor) &&
         (prefix.size() == ancestor.size() || prefix[ancestor.size()] == '.');
}

Result<Identifier> Identifier::parse(std::string_view text) {
  if (const Flaw flaw = flaw_in(text); flaw != Flaw::none) {
    return fail(Errc::bad_data, "{} is no identifier: {}", beginning(text), sentence_of(flaw));
  }
  std::string canonical(text);
  std::ranges::transform(canonical, canonical.begin(), folded);
  canonical.replace(0, kScheme, "cp:");
  const std::size_t slash = canonical.find('/');
  return Identifier(std::move(canonical), slash);
}

std::optional<Identifier> Identifier::make(std::string_view prefix, std::string_view serial) {
  const auto check = check_characters(prefix, serial);
  if (!check) {
    return std::nullopt;
  }
  std::string text = "cp:";
  text.append(prefix).append("/").append(serial).append("-").append(*check);
  return Identifier(std::move(text), kScheme + prefix.size());
}

Result<Location> parse_location(std::string_view text) {
  const auto first = text.find('/');
  const auto second = first == std::string_view::npos ? first : text.find('/', first + 1);
  CP_TRY_ASSIGN(Identifier resource, Identifier::parse(text.substr(0, second)));
  std::string path(second == std::string_view::npos ? "" : text.substr(second + 1));
  return Location{std::move(resource), std::move(path)};
}

namespace {

// What cannot be told from another character, or from none: controls, blanks but the plain one,
// what has no width or turns the direction round, variation selectors, tags, noncharacters. As
// lib/model/schema/cp.common-1.json has it.
struct CodeRange {
  std::uint32_t first;
  std::uint32_t last;
};
constexpr CodeRange kUnseen[] = {
    {0x00, 0x1F},       {0x7F, 0xA0},     {0xAD, 0xAD},     {0x34F, 0x34F},   {0x61C, 0x61C},
    {0x115F, 0x1160},   {0x1680, 0x1680}, {0x17B4, 0x17B5}, {0x180B, 0x180F}, {0x2000, 0x200F},
    {0x2028, 0x202F},   {0x205F, 0x206F}, {0x2800, 0x2800}, {0x3000, 0x3000}, {0x3164, 0x3164},
    {0xFDD0, 0xFDEF},   {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF}, {0xFFA0, 0xFFA0}, {0xFFF0, 0xFFFF},
    {0xE0000, 0xE0FFF},
};

bool is_seen(std::string_view text) {
  while (!text.empty()) {
    const utf8::CodePoint c = utf8::decode(text);
    const bool is_unseen = std::ranges::any_of(kUnseen, [&c](const CodeRange& range) {
      return range.first <= c.code && c.code <= range.last;
    });
    if (!c.valid || is_unseen) {
      return false;
    }
    text.remove_prefix(c.length);
  }
  return true;
}

}  // namespace

bool is_alias(std::string_view text) {
  constexpr std::size_t kMaxLabel = 63;
  constexpr std::size_t kMaxName = 128;
  const auto cut = text::cut(text, '/');
  if (!cut || !cut->before.starts_with('@')) {
    return false;
  }
  const std::string_view label = cut->before.substr(1);
  const auto is_label_character = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  if (label.empty() || label.size() > kMaxLabel || label.front() == '-' ||
      !std::ranges::all_of(label, is_label_character)) {
    return false;
  }
  const std::string_view name = cut->after;
  return !name.empty() && name.size() <= kMaxName && name.front() != ' ' && name.back() != ' ' &&
         name.find('/') == std::string_view::npos && is_seen(name);
}

}  // namespace cp::identity
