// SPDX-License-Identifier: Apache-2.0
#include "base/file.hpp"

#include "base/random.hpp"
#include "base/text.hpp"
#include "base/trusted_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <linux/magic.h>
#include <memory>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace cp {
namespace {

constexpr int kNameTries = 100;
constexpr std::size_t kNamePart = 200;  // of at most 255; the rest is for what makes it temporary

std::string random_suffix() {
  std::array<std::byte, 6> bytes{};
  KernelRandom().fill(bytes);
  return text::to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

Result<std::string> read_open(const UniqueFd& fd, const std::string& path, std::size_t limit) {
  auto bytes = read_to_end(fd.get(), limit);
  if (!bytes) {
    return fail(bytes.error().code, "cannot read {}: {}", path, bytes.error().message);
  }
  return bytes;
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t limit) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!fd) {
    return fail_errno(errno, "cannot open " + path);
  }
  return read_open(fd, path, limit);
}

Result<std::string> read_trusted_file(const std::string& path, std::size_t limit, bool secret) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd) {
    return fail_errno(errno, "cannot open " + path);
  }
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) {
    return fail_errno(errno, "cannot stat " + path);
  }
  CP_TRY(check_trusted(path, status, secret));
  return read_open(fd, path, limit);
}

std::string parent_of(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') {
    path.remove_suffix(1);
  }
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos) {
    return ".";
  }
  return std::string(slash == 0 ? "/" : path.substr(0, slash));
}

std::string_view base_name(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') {
    path.remove_suffix(1);
  }
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos || path.size() == 1 ? path : path.substr(slash + 1);
}

std::string path_join(std::string_view a, std::string_view b) {
  std::string out(a);
  if (!out.empty() && out.back() != '/') {
    out += '/';
  }
  out += b;
  return out;
}

Result<void> sync_directory(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) {
    return fail_errno(errno, "cannot open " + path);
  }
  // Some file systems cannot sync a directory and say EINVAL; their renames need none.
  if (::fsync(fd.get()) != 0 && errno != EINVAL) {
    return fail_errno(Errc::io, errno, "cannot sync " + path);
  }
  return {};
}

Result<void> make_directories(const std::string& path, mode_t mode) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) {
    if (!S_ISDIR(status.st_mode)) {
      return fail(Errc::cannot_create, "{} is not a directory", path);
    }
    return {};
  }
  if (errno != ENOENT) {
    return fail_errno(Errc::cannot_create, errno, "cannot create " + path);
  }
  const std::string parent = parent_of(path);
  CP_TRY(make_directories(parent, mode));
  if (::mkdir(path.c_str(), mode) != 0) {
    const int error = errno;
    // Somebody else may have made it meanwhile; a link that leads nowhere exists too.
    if (error == EEXIST && ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
      return {};
    }
    return fail_errno(Errc::cannot_create, error, "cannot create " + path);
  }
  return sync_directory(parent);
}

AtomicFile::AtomicFile(std::string path, std::string temporary, Temporary kind, UniqueFd fd)
    : path_(std::move(path)), temporary_(std::move(temporary)), kind_(kind), fd_(std::move(fd)) {}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::move(other.temporary_)),
      kind_(std::exchange(other.kind_, Temporary::none)),
      fd_(std::move(other.fd_)) {}

AtomicFile::~AtomicFile() {
  if (kind_ == Temporary::named) {
    ::unlink(temporary_.c_str());
  }
}

Result<AtomicFile> AtomicFile::create(const std::string& path, mode_t mode) {
  const std::string directory(parent_of(path));
  const std::string part(base_name(path).substr(0, kNamePart));
  UniqueFd nameless(::open(directory.c_str(), O_WRONLY | O_TMPFILE | O_CLOEXEC, mode));
  for (int i = 0; i < kNameTries; ++i) {
    std::string temporary = path_join(directory, "." + part + "." + random_suffix() + ".tmp");
    if (nameless) {
      return AtomicFile(path, std::move(temporary), Temporary::nameless, std::move(nameless));
    }
    UniqueFd fd(
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
    if (fd) {
      return AtomicFile(path, std::move(temporary), Temporary::named, std::move(fd));
    }
    if (errno != EEXIST) {
      break;
    }
  }
  return fail_errno(Errc::cannot_create, errno, "cannot create " + path);
}

Result<AtomicFile> AtomicFile::create_output(const std::string& path, mode_t mode) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    return create(path, mode);
  }
  if (!S_ISREG(status.st_mode)) {
    UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
    if (!fd) {
      return fail_errno(Errc::cannot_create, errno, "cannot write to " + path);
    }
    return AtomicFile(path, {}, Temporary::none, std::move(fd));
  }
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr),
                                                         &std::free);
  CP_TRY_ASSIGN(AtomicFile file, create(real ? real.get() : path, 0600));
  // Another's file stays his where we may say so; its mode comes last, since chown(2) changes it.
  (void)!::fchown(file.fd(), status.st_uid, status.st_gid);
  if (::fchmod(file.fd(), status.st_mode & 07777U) != 0) {
    return fail_errno(Errc::cannot_create, errno, "cannot create " + path);
  }
  return file;
}

Result<void> AtomicFile::write(std::string_view bytes) {
  const auto written = write_all(fd_.get(), bytes);
  if (!written) {
    return fail(Errc::io, "cannot write {}: {}", path_, written.error().message);
  }
  return {};
}

Result<void> AtomicFile::commit() { return finish(true); }
Result<void> AtomicFile::commit_new() { return finish(false); }

Result<void> AtomicFile::name_temporary() {
  const std::string self = fmt::format("/proc/self/fd/{}", fd_.get());
  if (::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, temporary_.c_str(), AT_SYMLINK_FOLLOW) != 0) {
    return fail_errno(Errc::cannot_create, errno, "cannot create " + path_);
  }
  kind_ = Temporary::named;
  return {};
}

Result<void> AtomicFile::put_in_place(bool replace) {
  if (kind_ == Temporary::nameless) {
    CP_TRY(name_temporary());
  }
  if (replace) {
    if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
      return fail_errno(Errc::cannot_create, errno, "cannot create " + path_);
    }
    kind_ = Temporary::none;
  } else if (::link(temporary_.c_str(), path_.c_str()) != 0) {
    const Errc code = errno == EEXIST ? Errc::denied : Errc::cannot_create;
    return fail_errno(code, errno, "cannot create " + path_);
  }
  return sync_directory(parent_of(path_));
}

Result<void> AtomicFile::finish(bool replace) {
  // A pipe and most devices have nothing to sync: EINVAL.
  if (::fsync(fd_.get()) != 0 && !(kind_ == Temporary::none && errno == EINVAL)) {
    return fail_errno(Errc::io, errno, "cannot write " + path_);
  }
  return kind_ == Temporary::none ? Result<void>{} : put_in_place(replace);
}

Result<void> write_file(const std::string& path, std::string_view bytes, mode_t mode) {
  CP_TRY_ASSIGN(AtomicFile file, AtomicFile::create(path, mode));
  CP_TRY(file.write(bytes));
  return file.commit();
}

bool is_on_network_file_system(const std::string& path) {
  // statfs(2) names those of the kernel; Lustre, GPFS, BeeGFS and PanFS come from their own
  // headers.
  constexpr std::array<std::uint32_t, 12> shared{NFS_SUPER_MAGIC,          SMB_SUPER_MAGIC,
                                                 CIFS_SUPER_MAGIC,         SMB2_SUPER_MAGIC,
                                                 AFS_SUPER_MAGIC,          CEPH_SUPER_MAGIC,
                                                 CODA_SUPER_MAGIC,         V9FS_MAGIC,
                                                 0x0BD00BD0U /* Lustre */, 0x47504653U /* GPFS */,
                                                 0x19830326U /* BeeGFS */, 0xAAD7AAEAU /* PanFS */};
  struct statfs status {};
  if (::statfs(path.c_str(), &status) != 0) {
    return false;
  }
  return std::ranges::find(shared, static_cast<std::uint32_t>(status.f_type)) != shared.end();
}

}  // namespace cp
