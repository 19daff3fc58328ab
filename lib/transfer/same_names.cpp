// SPDX-License-Identifier: Apache-2.0
#include "transfer/same_names.hpp"

#include "base/text.hpp"
#include "base/utf8.hpp"
#include "transfer/deleter.hpp"

#include <cwctype>
#include <fcntl.h>
#include <locale.h>
#include <sys/stat.h>

namespace cp::transfer {
namespace {

void append_utf8(std::string& out, std::uint32_t code) {
  const auto add = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    add(code);
    return;
  }
  if (code < 0x800) {
    add(0xC0U | (code >> 6U));
  } else {
    if (code < 0x10000) {
      add(0xE0U | (code >> 12U));
    } else {
      add(0xF0U | (code >> 18U));
      add(0x80U | ((code >> 12U) & 0x3FU));
    }
    add(0x80U | ((code >> 6U) & 0x3FU));
  }
  add(0x80U | (code & 0x3FU));
}

// By way of the capital, which several small letters may share: the two sigmas, s and the long s.
// Where the C library does not know the locale, ASCII is folded.
std::uint32_t fold(std::uint32_t code) {
  static const locale_t unicode = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  if (unicode == nullptr || code < 0x80) {
    return code >= 'A' && code <= 'Z' ? code + ('a' - 'A') : code;
  }
  const wint_t capital = ::towupper_l(static_cast<wint_t>(code), unicode);
  return static_cast<std::uint32_t>(::towlower_l(capital, unicode));
}

}  // namespace

bool folds_case(int fd, const std::string& name) {
  std::string other = text::upper(name);
  if (other == name) {
    other = text::lower(name);
  }
  struct stat status {};
  return other != name && ::fstatat(fd, other.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
}

std::string folded(std::string_view path) {
  std::string out;
  out.reserve(path.size());
  while (!path.empty()) {
    const utf8::CodePoint point = utf8::decode(path);
    if (point.valid) {
      append_utf8(out, fold(point.code));
    } else {
      out += path.front();
    }
    path.remove_prefix(point.length);
  }
  return out;
}

void SameNames::fill(std::string_view place) {
  const Digest digest = Seen::digest_of(folded(place));
  const std::scoped_lock lock(mutex_);
  places_.insert_or_assign(digest, Seen::digest_of(place));
}

void SameNames::fill(const Digest& digest) {
  const std::scoped_lock lock(mutex_);
  places_.insert_or_assign(digest, Digest{});
}

bool SameNames::is_filled_by_another(std::string_view place) const {
  const Digest digest = Seen::digest_of(folded(place));
  const std::scoped_lock lock(mutex_);
  const auto found = places_.find(digest);
  return found != places_.end() && found->second != Seen::digest_of(place);
}

}  // namespace cp::transfer
