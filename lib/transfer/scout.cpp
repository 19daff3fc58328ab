// SPDX-License-Identifier: Apache-2.0
#include "transfer/scout.hpp"

#include "transfer/attributes.hpp"
#include "transfer/limits.hpp"
#include "transfer/path.hpp"

#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <unistd.h>
#include <utility>

namespace cp::transfer {
namespace {

const char* kind_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFIFO:
      return "a named pipe";
    case S_IFSOCK:
      return "a socket";
    case S_IFCHR:
    case S_IFBLK:
      return "a device";
    default:
      return "a thing of unknown type";
  }
}

// Where the target of the link NAME leads; empty when that cannot be read.
std::string target_of(int at, const std::string& name) {
  std::string target(limits::path_bytes + 1, '\0');
  const ssize_t length = ::readlinkat(at, name.c_str(), target.data(), target.size());
  if (length <= 0 || static_cast<std::size_t>(length) > limits::path_bytes) {
    return "";
  }
  target.resize(static_cast<std::size_t>(length));
  return target;
}

}  // namespace

Sight not_movable(std::string path, const Error& why) {
  Sight sight{.kind = Sight::Kind::not_movable};
  sight.entry.path = std::move(path);
  sight.why = std::make_unique<const Error>(why);
  return sight;
}

Sight Scout::look(int at, const std::string& name, const std::string& path) {
  if (const auto checked = check_path(path); !checked) {
    return not_movable(path, checked.error());
  }
  struct stat status {};
  if (::fstatat(at, name.c_str(), &status, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) != 0) {
    return not_movable(path, Error{errc_of_errno(errno), errno_text(errno), {}});
  }
  Sight sight;
  sight.entry.path = path;
  if (is_excluded(path, status)) {
    sight.kind = Sight::Kind::left_out;
  } else if (is_too_old(status)) {
    sight.kind = Sight::Kind::too_old;
  } else if (const auto described = describe(at, name, status, sight); !described) {
    return not_movable(path, described.error());
  }
  return sight;
}

Result<void> Scout::describe(int at, const std::string& name, const struct stat& status,
                             Sight& sight) {
  Entry& entry = sight.entry;
  entry.metadata = metadata_of(status);
  CP_TRY(read_extras(at, name, status, entry));
  switch (status.st_mode & S_IFMT) {
    case S_IFDIR:
      return describe_directory(status, sight);
    case S_IFREG:
      return describe_file(status, entry);
    case S_IFLNK:
      entry.type = EntryType::link;
      entry.target = target_of(at, name);
      return entry.target.empty() ? fail(Errc::io, "its target cannot be read") : Result<void>();
    default:
      return fail(Errc::unavailable, "it is {}", kind_of(status.st_mode));
  }
}

Sight Scout::look_beneath(const std::string& path) {
  if (const auto checked = check_path(path); !checked) {
    return not_movable(path, checked.error());
  }
  const auto slash = path.rfind('/');
  const auto above = slash == std::string::npos ? "" : path.substr(0, slash);
  const auto folder = source_.root.open_beneath(above, O_PATH | O_DIRECTORY);
  return folder ? look(folder->get(), path.substr(slash == std::string::npos ? 0 : slash + 1), path)
                : not_movable(path, folder.error());
}

Result<void> Scout::read_extras(int at, const std::string& name, const struct stat& status,
                                Entry& entry) {
  Extras extras;
  if (options_.preserve.owner) {
    extras.owner =
        Owner{status.st_uid, status.st_gid, S_ISLNK(status.st_mode) ? 0U : status.st_mode & 07000U};
  }
  if (extras.owner && !options_.preserve.numeric_ids) {
    names_.add_to(*extras.owner);
  }
  if (options_.preserve.attributes() && S_ISLNK(status.st_mode)) {
    CP_TRY_ASSIGN(extras.attributes, read_link_attributes(at, name, options_.preserve));
  }
  const bool has_attributes = S_ISREG(status.st_mode) || S_ISDIR(status.st_mode);
  if (options_.preserve.attributes() && has_attributes) {
    const UniqueFd fd(::openat(at, name.empty() ? "." : name.c_str(),
                               O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!fd && !S_ISDIR(status.st_mode)) {
      return tl::unexpected<Error>(Error{errc_of_errno(errno), errno_text(errno), {}});
    }
    if (fd) {
      CP_TRY_ASSIGN(extras.attributes, read_attributes(fd.get(), options_.preserve));
    }
  }
  if (!extras.empty()) {
    entry.extras = std::make_shared<const Extras>(std::move(extras));
  }
  return {};
}

// The root of the transfer has no name that a pattern could mean.
bool Scout::is_excluded(const std::string& path, const struct stat& status) const {
  return !path.empty() && options_.selection.filter.excludes(path, S_ISDIR(status.st_mode));
}

bool Scout::is_too_old(const struct stat& status) const {
  const auto newer_than_s = options_.selection.newer_than_s;
  return !S_ISDIR(status.st_mode) && newer_than_s && status.st_mtim.tv_sec < *newer_than_s;
}

Result<void> Scout::describe_directory(const struct stat& status, Sight& sight) const {
  if (options_.avoid == std::pair(status.st_dev, status.st_ino)) {
    return fail(Errc::usage, "it is the destination itself");
  }
  Entry& entry = sight.entry;
  entry.type = EntryType::directory;
  sight.is_entered =
      !options_.selection.one_file_system || device_.value_or(status.st_dev) == status.st_dev;
  if (!sight.is_entered && options_.tells_closed) {
    Extras extras = entry.extras ? *entry.extras : Extras();
    extras.is_closed = true;
    entry.extras = std::make_shared<const Extras>(std::move(extras));
  }
  return {};
}

Result<void> Scout::describe_file(const struct stat& status, Entry& entry) const {
  entry.size = static_cast<std::uint64_t>(status.st_size);
  if (entry.size >= limits::file_bytes) {
    return fail(Errc::unavailable, "it is too large");
  }
  entry.is_sparse = static_cast<std::uint64_t>(status.st_blocks) * 512 < entry.size;
  if (options_.preserve.links && status.st_nlink > 1) {
    entry.device = status.st_dev;
    entry.inode = status.st_ino;
  }
  entry.stamp = stamp_of(entry.path, status);
  entry.is_fresh = is_fresh(status, SystemClock().now());
  return {};
}

}  // namespace cp::transfer
