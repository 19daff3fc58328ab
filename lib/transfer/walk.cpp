// SPDX-License-Identifier: Apache-2.0
#include "transfer/walk.hpp"

#include "base/directory.hpp"
#include "transfer/attributes.hpp"
#include "transfer/limits.hpp"
#include "transfer/owner_names.hpp"
#include "transfer/path.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <set>
#include <string>
#include <unistd.h>
#include <vector>

namespace cp::transfer {
namespace {

// Names that are sorted together; a directory with millions of them costs no more memory than this.
constexpr std::size_t kSortedNames = 16'384;

bool is_dots(std::string_view name) { return name == "." || name == ".."; }

// Up to kSortedNames more names; empty at the end.
Result<std::vector<std::string>> next_names(DIR* directory) {
  std::vector<std::string> names;
  errno = 0;
  while (names.size() < kSortedNames) {
    const dirent* entry = ::readdir(directory);
    if (entry == nullptr) {
      break;
    }
    if (!is_dots(entry->d_name)) {
      names.emplace_back(entry->d_name);
    }
  }
  if (errno != 0) {
    return fail_errno(errno, "cannot read the directory");
  }
  std::ranges::sort(names);
  return names;
}

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

class Walk {
 public:
  Walk(const Source& source, const WalkOptions& options, WalkSink& sink, std::stop_token stop)
      : source_(source), options_(options), sink_(sink), stop_(std::move(stop)) {}

  Result<void> run() {
    CP_TRY(visit(source_.root.fd(), source_.name, source_.name));
    if (options_.selection.names) {
      return visit_named();
    }
    while (!pending_.empty()) {
      const std::string path = std::move(pending_.back());
      pending_.pop_back();
      CP_TRY(enter(path));
    }
    return {};
  }

 private:
  Result<void> visit_named() {
    std::set<std::string, std::less<>> visited;
    for (const std::string& name : *options_.selection.names) {
      CP_TRY(visit_one(join_path(source_.name, normal(name)), visited));
    }
    return {};
  }

  Result<void> visit_one(const std::string& path, std::set<std::string, std::less<>>& visited) {
    if (const auto checked = check_path(path); !checked) {
      return sink_.cannot_move(path, checked.error());
    }
    for (auto slash = path.find('/', source_.name.size() + 1); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
      const std::string above = path.substr(0, slash);
      if (options_.selection.filter.excludes(above, true)) {
        return {};
      }
      CP_TRY(visit_beneath(above, visited));
    }
    return visit_beneath(path, visited);
  }

  // As find(1) and people write it.
  static std::string normal(std::string_view name) {
    while (name.starts_with("./") || name.starts_with('/')) {
      name.remove_prefix(name.starts_with('/') ? 1 : 2);
    }
    while (name.ends_with('/') || name == ".") {
      name.remove_suffix(1);
    }
    return std::string(name);
  }

  Result<void> visit_beneath(const std::string& path, std::set<std::string, std::less<>>& visited) {
    if (path == source_.name || !visited.insert(path).second) {
      return {};
    }
    const auto slash = path.rfind('/');
    const auto above = slash == std::string::npos ? "" : path.substr(0, slash);
    const auto directory = source_.root.open_beneath(above, O_PATH | O_DIRECTORY);
    if (!directory) {
      return sink_.cannot_move(path, directory.error());
    }
    CP_TRY(visit(directory->get(), path.substr(slash == std::string::npos ? 0 : slash + 1), path));
    pending_.clear();
    return {};
  }

  // NAME in the open directory AT is PATH.
  Result<void> visit(int at, const std::string& name, const std::string& path) {
    if (stop_.stop_requested()) {
      return fail(Errc::timed_out, "interrupted");
    }
    if (const auto checked = check_path(path); !checked) {
      return sink_.cannot_move(path, checked.error());
    }
    struct stat status {};
    if (::fstatat(at, name.c_str(), &status, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) != 0) {
      return sink_.cannot_move(path, Error{errc_of_errno(errno), errno_text(errno), {}});
    }
    Entry entry{.path = path, .metadata = metadata_of(status)};
    if (is_excluded(path, status)) {
      return {};
    }
    if (is_too_old(status)) {
      return sink_.passed_over(path);
    }
    if (const auto read = read_extras(at, name, status, entry); !read) {
      return sink_.cannot_move(path, read.error());
    }
    if (S_ISDIR(status.st_mode)) {
      return visit_directory(std::move(entry), status);
    }
    if (S_ISLNK(status.st_mode)) {
      return visit_link(at, name, std::move(entry));
    }
    if (!S_ISREG(status.st_mode)) {
      return sink_.cannot_move(
          path, Error{Errc::unavailable, std::string("it is ") + kind_of(status.st_mode), {}});
    }
    entry.size = static_cast<std::uint64_t>(status.st_size);
    if (entry.size >= limits::file_bytes) {
      return sink_.cannot_move(path, Error{Errc::unavailable, "it is too large", {}});
    }
    entry.is_sparse = static_cast<std::uint64_t>(status.st_blocks) * 512 < entry.size;
    if (options_.preserve.links && status.st_nlink > 1) {
      entry.device = status.st_dev;
      entry.inode = status.st_ino;
    }
    entry.stamp = stamp_of(path, status);
    entry.is_fresh = is_fresh(status, SystemClock().now());
    return sink_.found(std::move(entry));
  }

  Result<void> read_extras(int at, const std::string& name, const struct stat& status,
                           Entry& entry) {
    Extras extras;
    if (options_.preserve.owner) {
      extras.owner = Owner{status.st_uid, status.st_gid,
                           S_ISLNK(status.st_mode) ? 0U : status.st_mode & 07000U};
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
  bool is_excluded(const std::string& path, const struct stat& status) const {
    return !path.empty() && options_.selection.filter.excludes(path, S_ISDIR(status.st_mode));
  }

  bool is_too_old(const struct stat& status) const {
    const auto newer_than_s = options_.selection.newer_than_s;
    return !S_ISDIR(status.st_mode) && newer_than_s && status.st_mtim.tv_sec < *newer_than_s;
  }

  Result<void> visit_directory(Entry entry, const struct stat& status) {
    if (options_.avoid == std::pair(status.st_dev, status.st_ino)) {
      return sink_.cannot_move(entry.path, Error{Errc::usage, "it is the destination itself", {}});
    }
    device_ = device_.value_or(status.st_dev);
    if (!options_.selection.one_file_system || *device_ == status.st_dev) {
      pending_.push_back(entry.path);
    } else if (options_.tells_closed) {
      Extras extras = entry.extras ? *entry.extras : Extras();
      extras.is_closed = true;
      entry.extras = std::make_shared<const Extras>(std::move(extras));
    }
    entry.type = EntryType::directory;
    return sink_.found(std::move(entry));
  }

  Result<void> visit_link(int at, const std::string& name, Entry entry) {
    std::string target(limits::path_bytes + 1, '\0');
    const ssize_t length = ::readlinkat(at, name.c_str(), target.data(), target.size());
    if (length <= 0 || static_cast<std::size_t>(length) > limits::path_bytes) {
      return sink_.cannot_move(entry.path, Error{Errc::io, "its target cannot be read", {}});
    }
    target.resize(static_cast<std::size_t>(length));
    entry.type = EntryType::link;
    entry.target = std::move(target);
    return sink_.found(std::move(entry));
  }

  Result<void> enter(const std::string& path) {
    auto fd = source_.root.open_beneath(path, O_RDONLY | O_DIRECTORY);
    if (!fd) {
      return sink_.cannot_move(path, fd.error());
    }
    const Directory directory(::fdopendir(fd->get()));
    if (!directory) {
      return sink_.cannot_move(path, Error{Errc::io, errno_text(errno), {}});
    }
    static_cast<void>(fd->release());
    const std::size_t first = pending_.size();
    while (true) {
      const auto names = next_names(directory.get());
      if (!names) {
        return sink_.cannot_move(path, names.error());
      }
      if (names->empty()) {
        break;
      }
      for (const std::string& name : *names) {
        CP_TRY(visit(::dirfd(directory.get()), name, join_path(path, name)));
      }
    }
    std::reverse(pending_.begin() + static_cast<std::ptrdiff_t>(first), pending_.end());
    return {};
  }

  const Source& source_;
  const WalkOptions& options_;
  WalkSink& sink_;
  std::stop_token stop_;
  OwnerNames names_;
  std::optional<dev_t> device_;       ///< of the first directory
  std::vector<std::string> pending_;  ///< directories still to be entered, the next one last
};

}  // namespace

Result<void> walk(const Source& source, const WalkOptions& options, WalkSink& sink,
                  std::stop_token stop) {
  return Walk(source, options, sink, std::move(stop)).run();
}

}  // namespace cp::transfer
