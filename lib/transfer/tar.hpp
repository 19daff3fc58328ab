// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "transfer/entry.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// Archives of tar(1) as far as they carry files and links to and from a host that has nothing
/// else: POSIX.1-2001's pax interchange format, and GNU's long names.
namespace cp::transfer {

inline constexpr std::size_t tar_block_bytes = 512;

/// One thing in an archive, without its bytes.
struct TarMember {
  enum class Type : std::uint8_t { file, link, hard_link, other };
  Type type = Type::file;
  std::string path;
  std::string target;  ///< of a link
  Metadata metadata;
  std::uint64_t size = 0;  ///< of the bytes that follow, whatever it is
};

/// How long names and the fractions of seconds are written.
enum class TarDialect {
  pax,  ///< extended headers: both
  gnu,  ///< GNU's extra members, which smaller programs know, too: names alone
};

/// The blocks that come before the bytes of MEMBER, a file or a link.
std::string tar_header(const TarMember& member, TarDialect dialect);
/// The zeros that come after SIZE bytes.
std::size_t tar_padding(std::uint64_t size);
/// What ends an archive.
std::string tar_end();

/// Reads the next header by READ, which fills its argument or fails: long names and extended
/// headers before it are taken in. nullopt at the archive's end. protocol for what is no header,
/// for a path with a NUL byte, and for sizes that cannot be.
Result<std::optional<TarMember>> read_tar_header(
    const std::function<Result<void>(std::span<std::byte>)>& read);

/// The time in TEXT, "SECONDS[.FRACTION]", which may be negative; nullopt when it is none.
struct TimeOfChange {
  std::int64_t seconds = 0;
  std::uint32_t nanoseconds = 0;
};
std::optional<TimeOfChange> parse_time_of_change(std::string_view text);
/// The other way round.
std::string to_text(const TimeOfChange& time);

}  // namespace cp::transfer
