// SPDX-License-Identifier: Apache-2.0
#include "transfer/staging.hpp"

#include "base/directory.hpp"
#include "base/time.hpp"
#include "transfer/journal.hpp"
#include "transfer/limits.hpp"
#include "transfer/path.hpp"
#include "transfer/same_names.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <ctime>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace cp::transfer {
namespace {

constexpr const char* kShared = staging_directory;
constexpr int kNameTries = 1000;
constexpr auto kPause = std::chrono::milliseconds(5);
// Less than a client waits for an answer.
constexpr auto kKeyPatience = std::chrono::seconds(20);
// Whoever is asked syncs what it has first.
constexpr auto kTakeOverPatience = std::chrono::seconds(30);
constexpr const char* kRequest = "asked-for";
constexpr const char* kWaiting = "waited-for";
constexpr int kOpenDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

std::vector<std::string> names_in(int fd) {
  std::vector<std::string> names;
  const Directory directory(::fdopendir(::openat(fd, ".", kOpenDirectory)));
  while (const dirent* entry = directory ? ::readdir(directory.get()) : nullptr) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") {
      names.push_back(name);
    }
  }
  return names;
}

// With all that is in it, of this file system: a directory that had to give way to a file, when its
// transfer was killed before it had removed it.
void remove_tree(int at, const std::string& name, dev_t device) {
  if (::unlinkat(at, name.c_str(), 0) == 0 || (errno != EISDIR && errno != EPERM)) {
    return;
  }
  const UniqueFd fd(::openat(at, name.c_str(), kOpenDirectory));
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0 || status.st_dev != device) {
    return;
  }
  static_cast<void>(::fchmod(fd.get(), 0700));
  for (const std::string& inner : names_in(fd.get())) {
    remove_tree(fd.get(), inner, device);
  }
  ::unlinkat(at, name.c_str(), AT_REMOVEDIR);
}

void remove_in(int fd, const std::string& name) {
  struct stat status {};
  if (::fstat(fd, &status) == 0) {
    remove_tree(fd, name, status.st_dev);
  }
}

// Nobody but us writes in a directory of mode 0700 that is ours.
void remove_staging(int parent, const std::string& name, int fd) {
  for (const std::string& file : names_in(fd)) {
    remove_in(fd, file);
  }
  ::unlinkat(parent, name.c_str(), AT_REMOVEDIR);
}

// FAT and its kin: all that is there has the modes of the mount, and an owner's change of them does
// nothing. Whoever may write in a directory there may write all of the destination.
bool keeps_no_modes(int fd, mode_t mode) {
  struct stat status {};
  static_cast<void>(::fchmod(fd, mode & 0700U));
  if (::fstat(fd, &status) == 0 && status.st_mode == mode) {
    return true;
  }
  static_cast<void>(::fchmod(fd, mode & 07777U));
  return false;
}

// One that others were let read since, as by `chmod -R`, is closed to them again: as nobody else
// could write there, what is in it is ours.
bool is_closed_again(int fd, mode_t mode) {
  return (mode & 022U) == 0 && ::fchmod(fd, mode & 0700U) == 0;
}

bool is_ours_alone(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && status.st_uid == ::geteuid() &&
         ((status.st_mode & 077U) == 0 || keeps_no_modes(fd, status.st_mode) ||
          is_closed_again(fd, status.st_mode));
}

// Of an open(2) that failed: whether it is this process's trouble, whatever lies there.
bool is_our_own_trouble(int number) {
  return number == EMFILE || number == ENFILE || number == ENOMEM || number == EIO;
}

bool is_linked(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && status.st_nlink != 0;
}

// Whether a transfer may still come that goes on with what is in the directory FD.
bool is_resumable(int fd) {
  struct stat status {};
  return ::fstatat(fd, Journal::file_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISREG(status.st_mode) && status.st_mtim.tv_sec > ::time(nullptr) - limits::kept_seconds;
}

// Removes what transfers left that were killed: nobody holds their lock.
void sweep(int shared) {
  for (const std::string& name : names_in(shared)) {
    const UniqueFd fd(::openat(shared, name.c_str(), kOpenDirectory));
    if (fd && is_ours_alone(fd.get()) && !is_resumable(fd.get()) &&
        ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0 && !is_resumable(fd.get())) {
      remove_staging(shared, name, fd.get());
    }
  }
}

// What became of the wish to have a directory alone.
struct Locked {
  UniqueFd fd;              ///< empty when another has it, or somebody's sweep was faster
  bool is_foreign = false;  ///< it is none that could be ours, however long one waits
};

// The directory NAME in PARENT.
Result<Locked> make_locked(int parent, const std::string& name) {
  if (::mkdirat(parent, name.c_str(), 0700) != 0 && errno != EEXIST) {
    return errno == ENOENT ? Result<Locked>() : fail_errno(Errc::cannot_create, errno, kShared);
  }
  UniqueFd fd(::openat(parent, name.c_str(), kOpenDirectory));
  if (!fd && is_our_own_trouble(errno)) {
    return fail_errno(Errc::cannot_create, errno, kShared);
  }
  if (!fd || !is_ours_alone(fd.get())) {
    return Locked{.fd = {}, .is_foreign = fd || errno != ENOENT};
  }
  // Where locks do not work nobody gets one, and nobody's sweep removes anything.
  const bool is_taken = ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  return Locked{!is_taken && is_linked(fd.get()) ? std::move(fd) : UniqueFd()};
}

// Of the transfer whose journal is in the directory FD.
std::string holder_of(int fd) {
  const UniqueFd journal(
      ::openat(fd, Journal::file_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  std::string id;
  if (journal) {
    read_journal(journal.get(), [&](const JournalRecord& record) {
      if (const auto* header = std::get_if<JournalHeader>(&record)) {
        id = header->id;
      }
    });
  }
  return id;
}

// What a transfer asks of whoever holds the directory that it wants.
class Asking {
 public:
  enum class Asked { nobody, itself, another };

  explicit Asking(const std::string& id) : id_(id) {}

  // Whoever holds the directory NAME in PARENT: to end, if that is the transfer itself, else
  // whether it lives.
  Asked ask(int parent, const std::string& name) {
    fd_ = UniqueFd(::openat(parent, name.c_str(), kOpenDirectory));
    if (!fd_ || !is_ours_alone(fd_.get())) {
      return asked_ = Asked::nobody;
    }
    const bool is_itself = holder_of(fd_.get()) == id_;
    const UniqueFd request(::openat(fd_.get(), is_itself ? kRequest : kWaiting,
                                    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
    const bool is_asked = request && write_all(request.get(), id_).has_value();
    return asked_ = !is_asked ? Asked::nobody : is_itself ? Asked::itself : Asked::another;
  }
  // Whether nobody was asked who is still there.
  bool is_void() const { return asked_ == Asked::nobody || !is_linked(fd_.get()); }
  // Whether another has said that it lives: it has removed what was asked.
  bool is_turned_away() const {
    return asked_ == Asked::another && !is_void() &&
           ::faccessat(fd_.get(), kWaiting, F_OK, AT_SYMLINK_NOFOLLOW) != 0;
  }

 private:
  const std::string& id_;
  UniqueFd fd_;
  Asked asked_ = Asked::nobody;
};

Result<UniqueFd> open_shared(int root) {
  if (::mkdirat(root, kShared, 0700) != 0 && errno != EEXIST) {
    return tl::unexpected<Error>(Error{Errc::cannot_create, errno_text(errno), {}});
  }
  UniqueFd fd(::openat(root, kShared, kOpenDirectory));
  if (!fd && is_our_own_trouble(errno)) {
    return tl::unexpected<Error>(Error{Errc::cannot_create, errno_text(errno), {}});
  }
  return fd && is_ours_alone(fd.get()) ? std::move(fd) : UniqueFd();
}

}  // namespace

Result<std::unique_ptr<Staging>> Staging::open(const Confined& root, const Wish& wish,
                                               const std::stop_token& stop) {
  const SteadyTime began = SystemClock().steady();
  SteadyTime deadline = began + kKeyPatience;
  Asking asking(wish.id);
  for (int tries = 0; tries < kNameTries;) {
    CP_TRY_ASSIGN(UniqueFd shared, open_shared(root.fd()));
    if (shared) {
      sweep(shared.get());
    }
    // A transfer whose other end is gone needs a moment to notice.
    const bool takes_key = !wish.key.empty() && SystemClock().steady() < deadline;
    const std::string& wanted = takes_key ? wish.key : wish.id;
    const std::string name = shared ? wanted : std::string(kShared) + "-" + wanted;
    CP_TRY_ASSIGN(Locked locked, make_locked(shared ? shared.get() : root.fd(), name));
    if (locked.fd) {
      auto staging = std::make_unique<Staging>(root, std::move(shared), std::move(locked.fd), name);
      staging->is_resumable_ = takes_key;
      ::unlinkat(staging->fd(), kRequest, 0);
      ::unlinkat(staging->fd(), kWaiting, 0);
      return staging;
    }
    tries += takes_key ? 0 : 1;
    if (takes_key && (locked.is_foreign || asking.is_turned_away())) {
      deadline = SystemClock().steady();
    } else if (takes_key && asking.is_void() &&
               asking.ask(shared ? shared.get() : root.fd(), name) == Asking::Asked::itself) {
      deadline = began + kTakeOverPatience;
    }
    std::this_thread::sleep_for(kPause);
    if (stop.stop_requested()) {
      return fail(Errc::timed_out, "interrupted");
    }
  }
  return fail(Errc::cannot_create,
              "nobody else may write where files grow, and no directory {} is like that there",
              kShared);
}

bool Staging::folds_case() const {
  // Nobody else's file has that name.
  return transfer::folds_case(shared_ ? shared_.get() : root_.fd(), name_);
}

bool Staging::is_asked_for(std::string_view id) const {
  struct stat status {};
  if (::fstatat(fd_.get(), kRequest, &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return false;
  }
  const UniqueFd request(
      ::openat(fd_.get(), kRequest, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  const auto text = request ? read_to_end(request.get(), 256) : Result<std::string>("");
  return text && *text == id;
}

bool Staging::is_waited_for() const {
  return ::faccessat(fd_.get(), kWaiting, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

void Staging::turn_away() const { ::unlinkat(fd_.get(), kWaiting, 0); }

void Staging::remove_all_but(const std::set<std::string>& names, std::uint64_t last) {
  next_ = last;
  for (const std::string& name : names_in(fd_.get())) {
    std::uint64_t number = 0;
    std::from_chars(name.data(), name.data() + name.size(), number);
    next_ = std::max(next_.load(), number);
    if (name != Journal::file_name && !names.contains(name)) {
      remove_in(fd_.get(), name);
    }
  }
}

Result<void> Staging::sync_names() const {
  const UniqueFd root(::openat(root_.fd(), ".", kOpenDirectory));
  for (const UniqueFd* directory : {&fd_, &shared_, &root}) {
    if (*directory && ::fsync(directory->get()) != 0 && errno != EINVAL) {
      return fail_errno(Errc::io, errno, "cannot sync the destination");
    }
  }
  return {};
}

Staging::~Staging() {
  if (is_kept_) {
    return;
  }
  remove_staging(shared_ ? shared_.get() : root_.fd(), name_, fd_.get());
  if (shared_) {
    ::unlinkat(root_.fd(), kShared, AT_REMOVEDIR);
  }
}

}  // namespace cp::transfer
