// SPDX-License-Identifier: Apache-2.0
#include "transfer/hard_links.hpp"

#include "base/file.hpp"
#include "transfer/limits.hpp"
#include "transfer/put_in_place.hpp"
#include "transfer/source_file.hpp"
#include "transfer/system_error.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cp::transfer {
namespace {

std::string above(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

// Of the regular file NAME in DIRECTORY; 0 where there is none.
std::uint64_t inode_of(int directory, const std::string& name) {
  struct stat status {};
  const bool is_file = ::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
                       S_ISREG(status.st_mode);
  return is_file ? status.st_ino : 0;
}

bool is_there(int above, const std::string& name) {
  return ::faccessat(above, name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

bool is_directory(int above, const std::string& name) {
  struct stat status {};
  return ::fstatat(above, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISDIR(status.st_mode);
}

// What stands at PLACE since before, read once more for its digest.
Result<HardLinks::Landed> read_there(const Confined& root, const std::string& place) {
  CP_TRY_ASSIGN(const UniqueFd fd, root.open_beneath(place, O_RDONLY | O_NONBLOCK | O_NOCTTY));
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return fail(Errc::failed, "what it is another name of is gone");
  }
  const auto size = static_cast<std::uint64_t>(status.st_size);
  LeafTree leaves;
  std::vector<std::byte> buffer(std::min<std::uint64_t>(limits::leaf_bytes, size));
  for (std::uint64_t leaf = 0; leaf < leaves_of(size); ++leaf) {
    const std::uint64_t offset = leaf * limits::leaf_bytes;
    const auto length = std::min<std::uint64_t>(buffer.size(), size - offset);
    CP_TRY_ASSIGN(const std::size_t have,
                  read_at(fd.get(), offset, std::span(buffer).first(length)));
    if (have != length) {
      return fail(Errc::failed, "what it is another name of has changed");
    }
    leaves.add(leaf, leaf_digest(std::span(buffer).first(length)));
  }
  return HardLinks::Landed{place, status.st_ino, leaves.file_digest(size)};
}

}  // namespace

Result<HardLinks::Landed> HardLinks::find(const Ground& ground, const Wanted& wanted) {
  if (const auto found = landed_.find(wanted.target); found != landed_.end()) {
    return found->second;
  }
  if (wanted.stamp == Digest{} || !kept_.contains(wanted.stamp)) {
    return fail(Errc::failed, "what it is another name of, {}, did not arrive", wanted.target);
  }
  CP_TRY_ASSIGN(Landed there, read_there(ground.root, wanted.target));
  return landed_.emplace(wanted.target, std::move(there)).first->second;
}

Result<std::optional<HardLinks::Landed>> HardLinks::make_one(const Ground& ground,
                                                             const Wanted& wanted,
                                                             LinkEvents& events) {
  CP_TRY_ASSIGN(Landed file, find(ground, wanted));
  CP_TRY_ASSIGN(const auto from, ground.directories.open(above(file.place)));
  CP_TRY_ASSIGN(const auto to, ground.directories.open(above(wanted.path)));
  const std::string name(base_name(wanted.path));
  const std::string old_name(base_name(file.place));
  if (inode_of(from->get(), old_name) != file.inode) {
    return fail(Errc::failed, "what it is another name of, {}, was replaced", wanted.target);
  }
  if (ground.same_names != nullptr) {
    if (ground.same_names->is_filled_by_another(wanted.path) && is_there(to->get(), name)) {
      return fail(Errc::cannot_create, "{}", SameNames::refusal);
    }
    ground.same_names->fill(wanted.path);
  }
  struct stat place {};
  struct stat there {};
  if (inode_of(to->get(), name) == file.inode && ::fstat(from->get(), &place) == 0 &&
      ::fstat(to->get(), &there) == 0 && place.st_dev == there.st_dev) {
    return file;
  }
  const std::string staged = std::to_string(ground.staging.next_number());
  const int staging = ground.staging.fd();
  if (::linkat(from->get(), old_name.c_str(), staging, staged.c_str(), 0) != 0) {
    return system_error(Errc::cannot_create);
  }
  // Somebody may have put another thing there meanwhile.
  Result<bool> placed = inode_of(staging, staged) == file.inode
                            ? put_in_place(staging, staged, to->get(), name)
                            : fail(Errc::cannot_create, "{}", errno_text(ESTALE));
  if (placed && !*placed) {
    placed = fail(Errc::cannot_create, "{}", errno_text(EXDEV));
  }
  if (!placed && is_directory(to->get(), name) &&
      events.link_blocked(staged, wanted.path, file.content)) {
    return std::nullopt;
  }
  if (!placed) {
    ::unlinkat(staging, staged.c_str(), 0);
    return tl::unexpected(placed.error());
  }
  return file;
}

Result<void> HardLinks::make(const Ground& ground, LinkEvents& events) {
  std::vector<std::string> places;
  for (const Wanted& wanted : wanted_) {
    const auto made = make_one(ground, wanted, events);
    if (!made) {
      events.not_linked(wanted.path, made.error());
    } else if (*made) {
      events.linked(wanted.path, (*made)->content);
      places.push_back(above(wanted.path));
    }
  }
  return ground.syncs ? ground.directories.sync(places) : Result<void>();
}

}  // namespace cp::transfer
