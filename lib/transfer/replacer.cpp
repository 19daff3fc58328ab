// SPDX-License-Identifier: Apache-2.0
#include "transfer/replacer.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "transfer/deleter.hpp"
#include "transfer/path.hpp"
#include "transfer/system_error.hpp"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cp::transfer {
namespace {

std::string above_of(std::string_view place) {
  const auto slash = place.rfind('/');
  return std::string(slash == std::string_view::npos ? "" : place.substr(0, slash));
}

// Where a file system cannot, one after the other by way of SPARE.
bool change_places(int a, const std::string& a_name, int b, const std::string& b_name,
                   const std::string& spare) {
  if (::renameat2(a, a_name.c_str(), b, b_name.c_str(), RENAME_EXCHANGE) == 0) {
    return true;
  }
  if ((errno != EINVAL && errno != ENOSYS) ||
      ::renameat(b, b_name.c_str(), a, spare.c_str()) != 0) {
    return false;
  }
  if (::renameat(a, a_name.c_str(), b, b_name.c_str()) != 0) {
    // What stood there stays there.
    const int error = errno;
    static_cast<void>(::renameat(a, spare.c_str(), b, b_name.c_str()));
    errno = error;
    return false;
  }
  return ::renameat(a, spare.c_str(), a, a_name.c_str()) == 0;
}

}  // namespace

Result<void> Replacer::exchange(const std::string& staged, const std::string& place) {
  if (same_names_ == nullptr) {
    return exchange_alone(staged, place);
  }
  const std::scoped_lock turn(same_names_->turn());
  if (same_names_->is_filled_by_another(place)) {
    return fail(Errc::cannot_create, "{}", SameNames::refusal);
  }
  CP_TRY(exchange_alone(staged, place));
  same_names_->fill(place);
  return {};
}

Result<void> Replacer::exchange_alone(const std::string& staged, const std::string& place) const {
  CP_TRY_ASSIGN(const UniqueFd above, root_.open_beneath(above_of(place), O_PATH | O_DIRECTORY));
  const std::string name(base_name(place));
  Seen nothing;
  nothing.seal();
  Deleter trial({.root = root_,
                 .seen = nothing,
                 .filter = filter_,
                 .failed = [](const std::string& /*path*/, const Error& /*error*/) {},
                 .only_shows = true});
  if (!trial.remove_all(above.get(), name, place)) {
    return fail(Errc::cannot_create, "a directory stands there, and something in it has to stay");
  }
  const std::string spare = std::to_string(staging_.next_number());
  return change_places(staging_.fd(), staged, above.get(), name, spare)
             ? Result<void>()
             : system_error(Errc::cannot_create);
}

std::uint64_t Replacer::remove_exchanged(const std::string& staged,
                                         const std::string& place) const {
  Seen nothing;
  nothing.seal();
  // What cannot be removed goes with the staging directory, or is left in it.
  Deleter deleter({.root = root_,
                   .seen = nothing,
                   .filter = filter_,
                   .failed = [](const std::string& /*path*/, const Error& /*error*/) {}});
  deleter.remove_all(staging_.fd(), staged, place);
  return deleter.deleted();
}

Result<bool> Replacer::make_way(std::string_view path) {
  CP_TRY_ASSIGN(UniqueFd at, root_.open_beneath("", O_PATH | O_DIRECTORY));
  std::string place;
  for (const std::string_view part : text::split(path, '/')) {
    const std::string name(part);
    place = join_path(place, name);
    struct stat status {};
    if (::fstatat(at.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      return false;
    }
    if (!S_ISDIR(status.st_mode)) {
      const bool may_go = S_ISREG(status.st_mode) || S_ISLNK(status.st_mode);
      return may_go && !filter_.excludes(place, false) ? give_way(at.get(), name, place) : false;
    }
    UniqueFd next(::openat(at.get(), name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!next) {
      return system_error(Errc::cannot_create);
    }
    at = std::move(next);
  }
  return false;
}

// While nothing new comes to stand there.
Result<bool> Replacer::give_way(int at, const std::string& name, const std::string& place) {
  std::unique_lock<std::mutex> turn;
  if (same_names_ != nullptr) {
    turn = std::unique_lock(same_names_->turn());
    if (same_names_->is_filled_by_another(place)) {
      return false;
    }
  }
  CP_TRY(put_directory(at, name));
  ++gave_way_;
  return true;
}

Result<void> Replacer::put_directory(int at, const std::string& name) const {
  const std::string made = std::to_string(staging_.next_number());
  const std::string spare = std::to_string(staging_.next_number());
  if (::mkdirat(staging_.fd(), made.c_str(), 0700) != 0) {
    return system_error(Errc::cannot_create);
  }
  if (!change_places(staging_.fd(), made, at, name, spare)) {
    const auto error = system_error(Errc::cannot_create);
    ::unlinkat(staging_.fd(), made.c_str(), AT_REMOVEDIR);
    return error;
  }
  ::unlinkat(staging_.fd(), made.c_str(), 0);
  return {};
}

}  // namespace cp::transfer
