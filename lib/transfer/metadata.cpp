// SPDX-License-Identifier: Apache-2.0
#include "transfer/metadata.hpp"

#include "transfer/attributes.hpp"
#include "transfer/system_error.hpp"

#include <array>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cp::transfer {
namespace {

std::array<timespec, 2> times_of(const Metadata& metadata) {
  return {timespec{0, UTIME_OMIT}, timespec{metadata.mtime_s, metadata.mtime_ns}};
}

// Returns the special bits that the file may have now.
Result<mode_t> give_to(int fd, const Owner& owner) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) {
    return system_error(Errc::io);
  }
  if (status.st_uid != owner.user || status.st_gid != owner.group) {
    const bool is_root = ::geteuid() == 0;
    const uid_t user = is_root ? owner.user : static_cast<uid_t>(-1);
    if ((::fchown(fd, user, owner.group) != 0 && is_root) || ::fstat(fd, &status) != 0) {
      return system_error(Errc::denied);
    }
  }
  const mode_t allowed = S_ISVTX | (status.st_uid == owner.user ? S_ISUID : 0U) |
                         (status.st_gid == owner.group ? S_ISGID : 0U);
  return owner.special & allowed;
}

}  // namespace

Result<void> apply(int fd, const Metadata& metadata, const Extras* extras,
                   const Preserve& preserve) {
  mode_t special = 0;
  // A change of owner takes special bits and capabilities away: it comes first.
  if (preserve.owner && extras != nullptr && extras->owner) {
    CP_TRY_ASSIGN(special, give_to(fd, *extras->owner));
  }
  if (preserve.attributes()) {
    CP_TRY(apply_attributes(fd, extras == nullptr ? std::vector<Attribute>() : extras->attributes,
                            preserve));
  }
  const auto times = times_of(metadata);
  if (::fchmod(fd, metadata.mode | special) != 0 || ::futimens(fd, times.data()) != 0) {
    return system_error(Errc::io);
  }
  return {};
}

Result<void> apply_to_link(int directory, const std::string& name, const Metadata& metadata,
                           const Extras* extras, const Preserve& preserve) {
  const bool has_owner = preserve.owner && extras != nullptr && extras->owner && ::geteuid() == 0;
  if (has_owner && ::fchownat(directory, name.c_str(), extras->owner->user, extras->owner->group,
                              AT_SYMLINK_NOFOLLOW) != 0) {
    return system_error(Errc::denied);
  }
  if (preserve.attributes() && extras != nullptr && !extras->attributes.empty()) {
    CP_TRY(apply_link_attributes(directory, name, extras->attributes, preserve));
  }
  const auto times = times_of(metadata);
  static_cast<void>(::utimensat(directory, name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW));
  return {};
}

}  // namespace cp::transfer
