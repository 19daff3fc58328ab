// SPDX-License-Identifier: Apache-2.0
#include "transfer/file_sum.hpp"

#include "base/thread.hpp"
#include "identity/sha256.hpp"
#include "transfer/limits.hpp"
#include "transfer/source_file.hpp"

#include <atomic>
#include <fcntl.h>
#include <future>
#include <mutex>
#include <vector>

namespace cp::transfer {
namespace {

// Below that one thread is done before a second one has started.
constexpr std::uint64_t kSharedBytes = 16 * limits::leaf_bytes;

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string bytes_of(const Digest& digest) { return std::string(text_of(digest.bytes)); }

// The leaf INDEX of the file of ENTRY.
Result<std::span<const std::byte>> read_leaf(int fd, const Entry& entry, std::uint64_t index,
                                             std::span<std::byte> buffer,
                                             const std::stop_token& stop) {
  if (stop.stop_requested()) {
    return fail(Errc::timed_out, "interrupted");
  }
  const std::uint64_t offset = index * limits::leaf_bytes;
  const auto wanted =
      buffer.first(std::min<std::uint64_t>(limits::leaf_bytes, entry.size - offset));
  CP_TRY_ASSIGN(const std::size_t have, read_at(fd, offset, wanted));
  if (have != wanted.size()) {
    return fail(Errc::failed, "it changed while it was read");
  }
  return wanted;
}

/// The leaves of one file, hashed by whoever has a hand free.
class SharedLeaves {
 public:
  SharedLeaves(int fd, const Entry& entry, const std::stop_token& stop)
      : fd_(fd), entry_(entry), leaves_(leaves_of(entry.size)), stop_(stop) {}

  Result<void> work(std::span<std::byte> buffer) {
    for (std::uint64_t index = next_++; index < leaves_; index = next_++) {
      CP_TRY_ASSIGN(const auto data, read_leaf(fd_, entry_, index, buffer, stop_));
      const Digest leaf = leaf_digest(data);
      const std::scoped_lock lock(mutex_);
      tree_.add(index, leaf);
    }
    return {};
  }
  /// After all have worked without an error.
  Digest digest() const { return tree_.file_digest(entry_.size); }

 private:
  const int fd_;
  const Entry& entry_;
  const std::uint64_t leaves_;
  const std::stop_token& stop_;
  std::atomic<std::uint64_t> next_{0};
  std::mutex mutex_;
  LeafTree tree_;
};

Result<std::string> tree_sum(int fd, const Entry& entry, int threads, std::span<std::byte> buffer,
                             const std::stop_token& stop) {
  SharedLeaves leaves(fd, entry, stop);
  std::vector<std::future<Result<void>>> others;
  for (int i = 1; i < threads && entry.size >= kSharedBytes; ++i) {
    others.push_back(std::async(with_a_thread_if_any, [&leaves] {
      std::vector<std::byte> own(limits::leaf_bytes);
      return leaves.work(own);
    }));
  }
  auto result = leaves.work(buffer);
  for (auto& other : others) {
    if (auto worked = other.get(); !worked) {
      result = std::move(worked);
    }
  }
  CP_TRY(result);
  return bytes_of(leaves.digest());
}

Result<std::string> sha256_sum(int fd, const Entry& entry, std::span<std::byte> buffer,
                               const std::stop_token& stop) {
  identity::Sha256 sum;
  for (std::uint64_t index = 0; index < leaves_of(entry.size); ++index) {
    CP_TRY_ASSIGN(const auto data, read_leaf(fd, entry, index, buffer, stop));
    sum.add(text_of(data));
  }
  return sum.finish();
}

}  // namespace

std::string_view name_of(SumKind kind) {
  return kind == SumKind::sha256 ? "sha256" : digest_algorithm;
}

Result<std::string> sum_file(const Source& source, const Entry& entry, SumKind kind, int threads,
                             std::span<std::byte> buffer, const std::stop_token& stop) {
  CP_TRY_ASSIGN(const UniqueFd fd, open_as_walked(source, entry));
  ::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  CP_TRY_ASSIGN(std::string sum, kind == SumKind::sha256
                                     ? sha256_sum(fd.get(), entry, buffer, stop)
                                     : tree_sum(fd.get(), entry, threads, buffer, stop));
  CP_TRY(check_told_size(fd.get(), entry));
  CP_TRY(check_unchanged(fd.get(), entry));
  return sum;
}

}  // namespace cp::transfer
