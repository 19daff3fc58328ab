// SPDX-License-Identifier: Apache-2.0
#include "transfer/tar.hpp"

#include "base/text.hpp"
#include "transfer/limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace cp::transfer {
namespace {

constexpr std::size_t kNameField = 100;
constexpr std::uint64_t kOctalLimit = std::uint64_t{1} << 33U;  // of twelve bytes
constexpr std::size_t kExtraBytes = std::size_t{64} << 10U;
constexpr std::uint32_t kNanosecondDigits = 9;

using Block = std::array<char, tar_block_bytes>;

// POSIX.1-2017, pax: where the fields of a header are.
struct Field {
  std::size_t at;
  std::size_t bytes;
};
constexpr Field kName{0, 100};
constexpr Field kMode{100, 8};
constexpr Field kUser{108, 8};
constexpr Field kGroup{116, 8};
constexpr Field kSize{124, 12};
constexpr Field kTime{136, 12};
constexpr Field kSum{148, 8};
constexpr Field kType{156, 1};
constexpr Field kTarget{157, 100};
constexpr Field kMagic{257, 8};
constexpr Field kPrefix{345, 155};

void put_field(Block& block, Field field, std::string_view text) {
  text.copy(block.data() + field.at, field.bytes);
}

void put_octal(Block& block, Field field, std::uint64_t value) {
  put_field(block, field, fmt::format("{:0{}o}", value, field.bytes - 1));
}

std::uint64_t tar_sum(const Block& block) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < block.size(); ++i) {
    const bool is_sum = i >= kSum.at && i < kSum.at + kSum.bytes;
    sum += is_sum ? std::uint64_t{' '} : static_cast<unsigned char>(block.at(i));
  }
  return sum;
}

struct Header {
  char type = '0';
  std::string_view name;
  std::string_view target;
  std::uint32_t mode = 0644;
  std::int64_t seconds = 0;
  std::uint64_t size = 0;
};

std::string encode(const Header& header) {
  Block block{};
  put_field(block, kName, header.name);
  put_octal(block, kMode, header.mode);
  put_octal(block, kUser, 0);
  put_octal(block, kGroup, 0);
  put_octal(block, kSize, std::min(header.size, kOctalLimit - 1));
  put_octal(block, kTime,
            static_cast<std::uint64_t>(std::clamp<std::int64_t>(
                header.seconds, 0, static_cast<std::int64_t>(kOctalLimit) - 1)));
  put_field(block, kType, std::string_view(&header.type, 1));
  put_field(block, kTarget, header.target);
  put_field(block, kMagic, std::string_view("ustar\00000", 8));
  put_field(block, kSum, fmt::format("{:06o}", tar_sum(block)) + std::string("\0 ", 2));
  return {block.data(), block.size()};
}

std::string padded(std::string bytes) {
  bytes.append(tar_padding(bytes.size()), '\0');
  return bytes;
}

std::string extra_member(char type, const std::string& body) {
  return encode({.type = type, .name = "././@LongLink", .size = body.size()}) + padded(body);
}

// A record counts itself.
std::string pax_record(std::string_view key, std::string_view value) {
  const std::size_t rest = key.size() + value.size() + 3;
  std::size_t length = rest + 1;
  while (length != rest + std::to_string(length).size()) {
    ++length;
  }
  return fmt::format("{} {}={}\n", length, key, value);
}

std::string pax_records(const TarMember& member) {
  const TimeOfChange time{member.metadata.mtime_s, member.metadata.mtime_ns};
  std::string records;
  if (time.nanoseconds != 0 || time.seconds < 0) {
    records += pax_record("mtime", to_text(time));
  }
  if (member.path.size() > kNameField) {
    records += pax_record("path", member.path);
  }
  if (member.target.size() > kNameField) {
    records += pax_record("linkpath", member.target);
  }
  return records;
}

std::string extra_headers(const TarMember& member, TarDialect dialect) {
  if (dialect == TarDialect::pax) {
    const std::string records = pax_records(member);
    return records.empty() ? "" : extra_member('x', records);
  }
  std::string extra;
  if (member.target.size() > kNameField) {
    extra += extra_member('K', member.target + '\0');
  }
  if (member.path.size() > kNameField) {
    extra += extra_member('L', member.path + '\0');
  }
  return extra;
}

std::string_view field_of(const Block& block, Field field) {
  return {block.data() + field.at, field.bytes};
}

std::string tar_text(const Block& block, Field field) {
  const auto field_bytes = field_of(block, field);
  return std::string(field_bytes.substr(0, field_bytes.find('\0')));
}

// Octal digits between blanks and NULs; or, with the first bit set, GNU's binary form.
std::optional<std::uint64_t> tar_number(const Block& block, Field field) {
  const auto bytes = field_of(block, field);
  std::uint64_t value = 0;
  if (static_cast<unsigned char>(bytes.front()) == 0x80) {
    for (const char byte : bytes.substr(1)) {
      if (value >> 56U != 0) {
        return std::nullopt;
      }
      value = (value << 8U) | static_cast<unsigned char>(byte);
    }
    return value;
  }
  for (const char digit : bytes) {
    if (digit >= '0' && digit <= '7') {
      value = value * 8 + static_cast<std::uint64_t>(digit - '0');
    } else if (digit != ' ' && digit != '\0') {
      return std::nullopt;
    }
  }
  return value;
}

/// What members before the real one say of it.
struct Extra {
  std::optional<std::string> path;
  std::optional<std::string> target;
  std::optional<std::uint64_t> size;
  std::optional<TimeOfChange> time;
};

Result<void> broken_tar(const char* what) {
  return fail(Errc::protocol, "the far tar wrote {}", what);
}

Result<void> take_record(std::string_view key, std::string_view value, Extra& extra) {
  if (key == "path") {
    extra.path = value;
  } else if (key == "linkpath") {
    extra.target = value;
  } else if (key == "mtime") {
    extra.time = parse_time_of_change(value);
  } else if (key == "size") {
    extra.size = text::to_uint(value);
    return extra.size ? Result<void>() : broken_tar("a size that is none");
  }
  return {};
}

Result<void> take_records(std::string_view body, Extra& extra) {
  while (!body.empty()) {
    const auto blank = body.find(' ');
    const auto length = text::to_uint(body.substr(0, std::min(blank, body.size())));
    if (!length || *length <= blank + 1 || *length > body.size() || body[*length - 1] != '\n') {
      return broken_tar("an extended header that is none");
    }
    const auto record = text::cut(body.substr(blank + 1, *length - blank - 2), '=');
    if (!record) {
      return broken_tar("an extended header that is none");
    }
    CP_TRY(take_record(record->before, record->after, extra));
    body.remove_prefix(*length);
  }
  return {};
}

std::string without_nul(std::string text) {
  text.resize(std::min(text.size(), text.find('\0')));
  return text;
}

Result<void> take_extra(char type, std::string body, Extra& extra) {
  switch (type) {
    case 'x':
      return take_records(body, extra);
    case 'L':
      extra.path = without_nul(std::move(body));
      return {};
    case 'K':
      extra.target = without_nul(std::move(body));
      return {};
    default:  // 'g': what holds for all the rest is nothing that we need
      return {};
  }
}

TarMember::Type type_of(char type) {
  switch (type) {
    case '0':
    case '7':
    case '\0':
      return TarMember::Type::file;
    case '1':
      return TarMember::Type::hard_link;
    case '2':
      return TarMember::Type::link;
    default:
      return TarMember::Type::other;
  }
}

Result<TarMember> member_of(const Block& block, Extra extra) {
  const auto size = tar_number(block, kSize);
  const auto mode = tar_number(block, kMode);
  const auto seconds = tar_number(block, kTime);
  if (!size || !mode) {
    return tl::unexpected<Error>(broken_tar("a header that is none").error());
  }
  const std::string prefix = field_of(block, kMagic).starts_with(std::string_view("ustar\0", 6))
                                 ? tar_text(block, kPrefix)
                                 : "";
  const std::string name = tar_text(block, kName);
  TarMember member{.type = type_of(block.at(kType.at)),
                   .path = extra.path.value_or(prefix.empty() ? name : prefix + "/" + name),
                   .target = extra.target.value_or(tar_text(block, kTarget)),
                   .metadata = {.mode = static_cast<std::uint32_t>(*mode & 0777U),
                                .mtime_s = static_cast<std::int64_t>(seconds.value_or(0)),
                                .mtime_ns = 0},
                   .size = extra.size.value_or(*size)};
  if (extra.time) {
    member.metadata.mtime_s = extra.time->seconds;
    member.metadata.mtime_ns = extra.time->nanoseconds;
  }
  // Only files have bytes; what others say of theirs is no length of the archive.
  member.size = member.type == TarMember::Type::file ? member.size : 0;
  if (member.size > limits::file_bytes || member.path.find('\0') != std::string::npos ||
      member.target.find('\0') != std::string::npos) {
    return tl::unexpected<Error>(broken_tar("a member that cannot be").error());
  }
  return member;
}

bool is_extra(char type) { return type == 'x' || type == 'g' || type == 'L' || type == 'K'; }

std::uint32_t fraction_of(std::string_view digits) {
  std::uint32_t nanoseconds = 0;
  for (std::size_t i = 0; i < kNanosecondDigits; ++i) {
    const auto digit = i < digits.size() ? static_cast<std::uint32_t>(digits[i] - '0') : 0U;
    nanoseconds = nanoseconds * 10 + digit;
  }
  return nanoseconds;
}

}  // namespace

std::size_t tar_padding(std::uint64_t size) {
  return static_cast<std::size_t>((tar_block_bytes - size % tar_block_bytes) % tar_block_bytes);
}

std::string tar_end() { return std::string(2 * tar_block_bytes, '\0'); }

std::string tar_header(const TarMember& member, TarDialect dialect) {
  return extra_headers(member, dialect) +
         encode({.type = member.type == TarMember::Type::link ? '2' : '0',
                 .name = std::string_view(member.path).substr(0, kNameField),
                 .target = std::string_view(member.target).substr(0, kNameField),
                 .mode = member.metadata.mode,
                 .seconds = member.metadata.mtime_s,
                 .size = member.size});
}

Result<std::optional<TarMember>> read_tar_header(
    const std::function<Result<void>(std::span<std::byte>)>& read) {
  Extra extra;
  while (true) {
    Block block{};
    CP_TRY(read(std::as_writable_bytes(std::span(block))));
    if (std::ranges::all_of(block, [](char c) { return c == '\0'; })) {
      return std::nullopt;
    }
    if (tar_number(block, kSum) != tar_sum(block)) {
      return tl::unexpected<Error>(broken_tar("what is no archive").error());
    }
    const char type = block.at(kType.at);
    if (!is_extra(type)) {
      return member_of(block, std::move(extra));
    }
    const auto size = tar_number(block, kSize);
    if (!size || *size > kExtraBytes) {
      return tl::unexpected<Error>(broken_tar("an extended header that is none").error());
    }
    std::string body(*size + tar_padding(*size), '\0');
    CP_TRY(read(std::as_writable_bytes(std::span(body))));
    body.resize(*size);
    CP_TRY(take_extra(type, std::move(body), extra));
  }
}

// -0.5 is half a second before 1970: one second less, and half a second more.
std::optional<TimeOfChange> parse_time_of_change(std::string_view text) {
  const bool is_negative = text.starts_with('-');
  const auto cut = text::cut(text, '.');
  const auto seconds = text::to_int(cut ? cut->before : text);
  const std::string_view digits = cut ? cut->after : "";
  if (!seconds || !std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; })) {
    return std::nullopt;
  }
  const std::uint32_t nanoseconds = fraction_of(digits);
  if (!is_negative || nanoseconds == 0) {
    return TimeOfChange{*seconds, nanoseconds};
  }
  return TimeOfChange{*seconds - 1, 1'000'000'000U - nanoseconds};
}

std::string to_text(const TimeOfChange& time) {
  if (time.nanoseconds == 0) {
    return std::to_string(time.seconds);
  }
  if (time.seconds >= 0) {
    return fmt::format("{}.{:09}", time.seconds, time.nanoseconds);
  }
  return fmt::format("-{}.{:09}", -(time.seconds + 1), 1'000'000'000U - time.nanoseconds);
}

}  // namespace cp::transfer
