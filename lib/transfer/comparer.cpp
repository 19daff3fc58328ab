// SPDX-License-Identifier: Apache-2.0
#include "transfer/comparer.hpp"

#include "transfer/limits.hpp"
#include "transfer/metadata.hpp"
#include "transfer/source.hpp"
#include "transfer/source_file.hpp"

#include <algorithm>
#include <fcntl.h>
#include <unistd.h>

namespace cp::transfer {
namespace {

using Verdict = Answer::Verdict;

bool is_newer(const struct stat& there, const Metadata& than) {
  return std::pair(std::int64_t{there.st_mtim.tv_sec},
                   static_cast<std::uint32_t>(there.st_mtim.tv_nsec)) >
         std::pair(than.mtime_s, than.mtime_ns);
}

bool has_size(const struct stat& there, const Entry& entry) {
  return static_cast<std::uint64_t>(there.st_size) == entry.size;
}

}  // namespace

Comparer::Comparer(Parts parts) : parts_(std::move(parts)), thread_([this] { run(); }) {}

Comparer::~Comparer() {
  interrupt();
  thread_.join();
}

void Comparer::interrupt() { stop_.request_stop(); }

void Comparer::add(Offer offer) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, stop_.get_token(),
                [this] { return offers_.size() < limits::offered_batches; });
  offers_.push_back(std::move(offer));
  changed_.notify_all();
}

std::optional<Offer> Comparer::next() {
  std::unique_lock lock(mutex_);
  if (!changed_.wait(lock, stop_.get_token(), [this] { return !offers_.empty(); })) {
    return std::nullopt;
  }
  Offer offer = std::move(offers_.front());
  offers_.pop_front();
  changed_.notify_all();
  return offer;
}

void Comparer::run() {
  while (auto offer = next()) {
    Answer answer;
    for (Entry& entry : offer->entries) {
      if (stop_.stop_requested()) {
        return;
      }
      answer.items.push_back(judge(entry));
    }
    parts_.answer(answer);
  }
}

// What stands at PLACE, when it is a regular file.
std::optional<struct stat> Comparer::look(const std::string& place) {
  const auto slash = place.rfind('/');
  const std::string directory = slash == std::string::npos ? "" : place.substr(0, slash);
  // Files of one directory come together.
  if (!has_directory_ || directory != directory_) {
    auto fd = parts_.landing.root.open_beneath(directory, O_PATH | O_DIRECTORY);
    directory_fd_ = fd ? std::move(*fd) : UniqueFd();
    directory_ = directory;
    has_directory_ = true;
  }
  const char* const name = place.c_str() + (slash == std::string::npos ? 0 : slash + 1);
  struct stat there {};
  const bool is_file = directory_fd_ &&
                       ::fstatat(directory_fd_.get(), name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
                       S_ISREG(there.st_mode);
  return is_file ? std::optional(there) : std::nullopt;
}

Answer::Item Comparer::judge(Entry& entry) {
  Answer::Item item{.id = entry.id, .verdict = Verdict::send, .digest = {}};
  const std::string place(parts_.landing.place(entry.path));
  const auto there = look(place);
  if (!there) {
    return item;
  }
  item.verdict = judge_by_time(entry, *there);
  if (item.verdict == Verdict::leave) {
    parts_.left({entry, there->st_ino, std::nullopt});
  }
  if (item.verdict != Verdict::compare) {
    return item;
  }
  const auto content = read(place, entry.size);
  if (!content) {
    item.verdict = Verdict::send;
    return item;
  }
  item.digest = *content;
  const std::scoped_lock lock(mutex_);
  compared_.insert_or_assign(entry.id, Compared{std::move(entry), *content, there->st_ino});
  return item;
}

Verdict Comparer::judge_by_time(const Entry& entry, const struct stat& there) {
  if (parts_.sync.update && is_newer(there, entry.metadata)) {
    return Verdict::leave;
  }
  if (!has_size(there, entry)) {
    return Verdict::send;
  }
  if (parts_.sync.checksum) {
    return Verdict::compare;
  }
  const Metadata now = metadata_of(there);
  const bool is_same =
      now.mtime_s == entry.metadata.mtime_s && now.mtime_ns == entry.metadata.mtime_ns;
  return is_same && repair(entry, there) ? Verdict::leave : Verdict::send;
}

std::optional<Digest> Comparer::read(const std::string& place, std::uint64_t size) const {
  const auto fd = parts_.landing.root.open_beneath(place, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  LeafTree leaves;
  std::vector<std::byte> buffer(std::min<std::uint64_t>(limits::leaf_bytes, size));
  for (std::uint64_t leaf = 0; leaf < leaves_of(size); ++leaf) {
    const std::uint64_t offset = leaf * limits::leaf_bytes;
    const auto out = std::span(buffer).first(std::min<std::uint64_t>(buffer.size(), size - offset));
    const auto have = fd ? read_at(fd->get(), offset, out) : Result<std::size_t>(0);
    if (!have || *have != out.size() || stop_.stop_requested()) {
      return std::nullopt;
    }
    leaves.add(leaf, leaf_digest(out));
  }
  return leaves.file_digest(size);
}

bool Comparer::is_as_wanted(const Entry& entry, const struct stat& there) const {
  const Metadata now = metadata_of(there);
  if (now != entry.metadata || parts_.preserve.attributes()) {
    return false;
  }
  if (!parts_.preserve.owner || !entry.extras || !entry.extras->owner) {
    return true;
  }
  const Owner& owner = *entry.extras->owner;
  return there.st_uid == owner.user && there.st_gid == owner.group &&
         (there.st_mode & 07000U) == owner.special;
}

// What cannot be repaired is replaced.
bool Comparer::repair(const Entry& entry, const struct stat& there) const {
  if (is_as_wanted(entry, there)) {
    return true;
  }
  const std::string place(parts_.landing.place(entry.path));
  const auto fd = parts_.landing.root.open_beneath(place, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  struct stat open {};
  return fd && ::fstat(fd->get(), &open) == 0 && open.st_ino == there.st_ino &&
         open.st_dev == there.st_dev && S_ISREG(open.st_mode) &&
         apply(fd->get(), entry.metadata, entry.extras.get(), parts_.preserve).has_value();
}

Result<std::vector<Entry>> Comparer::take(const Same& same) {
  std::map<std::uint64_t, Compared> compared;
  {
    const std::scoped_lock lock(mutex_);
    const auto end = compared_.upper_bound(same.up_to);
    for (auto one = compared_.begin(); one != end; one = compared_.erase(one)) {
      compared.insert(std::move(*one));
    }
  }
  std::vector<Entry> failed;
  for (const std::uint64_t id : same.ids) {
    const auto found = compared.find(id);
    if (found == compared.end()) {
      return fail(Errc::protocol, "the peer calls a file the same that nobody compared");
    }
    const Entry& entry = found->second.entry;
    struct stat there {};
    const auto fd = parts_.landing.root.open_beneath(parts_.landing.place(entry.path), O_PATH);
    const bool is_it = fd && ::fstat(fd->get(), &there) == 0 &&
                       there.st_ino == found->second.inode && has_size(there, entry);
    if (is_it && repair(entry, there)) {
      parts_.left({entry, there.st_ino, found->second.content});
    } else {
      failed.push_back(entry);
    }
  }
  return failed;
}

}  // namespace cp::transfer
