// SPDX-License-Identifier: Apache-2.0
#include "transfer/counterpart.hpp"

#include "base/thread.hpp"
#include "transfer/file_sum.hpp"
#include "transfer/limits.hpp"

#include <algorithm>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace cp::transfer {
namespace {

constexpr auto kDifferent = Errc::failed;
constexpr int kCounterpartThreads = 2;
constexpr std::size_t kBegunAtOnce = 4;  // each holds a buffer and some threads

std::string_view word_for(EntryType type) {
  switch (type) {
    case EntryType::directory:
      return "directory";
    case EntryType::link:
      return "symbolic link";
    case EntryType::file:
    case EntryType::hard_link:
      break;
  }
  return "file";
}

bool is_of_type(const struct stat& status, EntryType type) {
  switch (type) {
    case EntryType::directory:
      return S_ISDIR(status.st_mode);
    case EntryType::link:
      return S_ISLNK(status.st_mode);
    case EntryType::file:
    case EntryType::hard_link:
      break;
  }
  return S_ISREG(status.st_mode);
}

Confined reopened(const Confined& root) {
  return {UniqueFd(::fcntl(root.fd(), F_DUPFD_CLOEXEC, 0)), root.method()};
}

Result<void> check_target(int fd, const Entry& entry) {
  std::string target(limits::path_bytes + 1, '\0');
  const ssize_t length = ::readlinkat(fd, "", target.data(), target.size());
  target.resize(static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
  return target == entry.target ? Result<void>() : fail(kDifferent, "its target is another");
}

// What stands in the place of ENTRY, if it is of that type, and its STATUS.
Result<UniqueFd> open_as(const Landing& landing, const Entry& entry, struct stat& status) {
  auto fd = landing.root.open_beneath(std::string(landing.place(entry.path)), O_PATH);
  if (!fd) {
    return fail(kDifferent, "it is missing: {}", fd.error().message);
  }
  if (::fstat(fd->get(), &status) != 0) {
    return fail_errno(errno, "its counterpart cannot be read");
  }
  if (!is_of_type(status, entry.type)) {
    return fail(kDifferent, "its counterpart is no {}", word_for(entry.type));
  }
  return fd;
}

}  // namespace

Counterpart::Counterpart(Landing landing, std::string shown, const std::stop_token& stop)
    : landing_(std::move(landing)),
      destination_{std::move(shown), reopened(landing_.root), "", true},
      forward_(stop, [this] { ended_.request_stop(); }) {}

Counterpart::~Counterpart() { ended_.request_stop(); }

void Counterpart::begin(const Entry& entry) {
  const std::scoped_lock lock(mutex_);
  const std::pair key(entry.path, entry.size);
  if (begun_.size() < kBegunAtOnce && !begun_.contains(key)) {
    begun_.emplace(key, std::async(with_a_thread_if_any, [this, entry] { return sum_of(entry); }));
  }
}

std::optional<Result<std::string>> Counterpart::take_begun(const Entry& entry) {
  std::unique_lock lock(mutex_);
  auto begun = begun_.extract(std::pair(entry.path, entry.size));
  lock.unlock();
  return begun ? std::optional(begun.mapped().get()) : std::nullopt;
}

Result<void> Counterpart::check(const Entry& entry, const std::string& sum) {
  if (entry.type == EntryType::file) {
    auto begun = take_begun(entry);
    CP_TRY_ASSIGN(const std::string there, begun ? *std::move(begun) : sum_of(entry));
    return there == sum ? Result<void>() : fail(kDifferent, "its content is another");
  }
  struct stat status {};
  CP_TRY_ASSIGN(const UniqueFd fd, open_as(landing_, entry, status));
  return entry.type == EntryType::link ? check_target(fd.get(), entry) : Result<void>();
}

// What stands in the place of ENTRY, a file, if it is one of that size.
Result<std::string> Counterpart::sum_of(const Entry& entry) const {
  struct stat status {};
  CP_TRY(open_as(landing_, entry, status));
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size != entry.size) {
    return fail(kDifferent, "its counterpart has {} bytes, not {}", size, entry.size);
  }
  const Entry there{.path = std::string(landing_.place(entry.path)),
                    .metadata = metadata_of(status),
                    .size = size};
  thread_local std::vector<std::byte> buffer(limits::leaf_bytes);
  auto sum = sum_file(destination_, there, SumKind::xxh3_128_tree, kCounterpartThreads, buffer,
                      ended_.get_token());
  return sum ? sum
             : fail(sum.error().code, "its counterpart cannot be read: {}", sum.error().message);
}

}  // namespace cp::transfer
