// SPDX-License-Identifier: Apache-2.0
#include "transfer/receiver.hpp"

#include "transfer/limits.hpp"
#include "transfer/path.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cp::transfer {
namespace {

// The control connection may be this far behind the rails before the peer counts as broken.
constexpr auto kAnnouncementPatience = std::chrono::seconds(60);

tl::unexpected<Error> system_error(Errc code) {
  return tl::unexpected<Error>(Error{code, errno_text(errno), {}});
}

// Makes the file NAME in DIRECTORY with DATA and METADATA.
Result<void> make_file(int directory, const std::string& name, std::span<const std::byte> data,
                       const Metadata& metadata) {
  const UniqueFd fd(::openat(directory, name.c_str(),
                             O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) {
    return system_error(Errc::cannot_create);
  }
  CP_TRY(write_at(fd.get(), 0, data));
  return apply(fd.get(), metadata);
}

}  // namespace

Receiver::Receiver(Settings settings, ReceiveEvents& events, Tally& tally)
    : settings_(std::move(settings)),
      events_(events),
      tally_(tally),
      directories_(settings_.landing.root) {}

Receiver::~Receiver() = default;

Result<std::unique_ptr<Receiver>> Receiver::open(Settings settings, ReceiveEvents& events,
                                                 Tally& tally) {
  auto receiver = std::make_unique<Receiver>(std::move(settings), events, tally);
  const auto& fixed = receiver->settings_;
  CP_TRY_ASSIGN(receiver->staging_, Staging::open(fixed.landing.root, fixed.id));
  CommitEvents& commit_events = *receiver;
  receiver->committer_ = std::make_unique<Committer>(fixed.durability, *receiver->staging_,
                                                     receiver->directories_, commit_events);
  return receiver;
}

Result<void> Receiver::check(std::string_view path) const {
  const auto checked = check_path(path);
  if (!checked) {
    return fail(Errc::protocol, "the peer sent the path '{}': {}", path, checked.error().message);
  }
  return {};
}

Result<void> Receiver::add(const Entry& entry) {
  CP_TRY(check(entry.path));
  switch (entry.type) {
    case EntryType::directory:
      return add_directory(entry);
    case EntryType::link:
      return add_link(entry);
    case EntryType::file:
      return add_file(entry);
  }
  return fail(Errc::protocol, "the peer sent an entry of no known type");
}

Result<void> Receiver::add_directory(const Entry& entry) {
  // What stood there before keeps its own mode and time.
  if (entry.path.empty() && !settings_.landing.root_is_new) {
    return {};
  }
  const auto added = directories_.add(entry);
  if (!added) {
    item_failed(entry.path, 0, added.error());
  } else if (*added && !entry.path.empty()) {
    const std::scoped_lock lock(mutex_);
    tree_.add(entry_digest(EntryType::directory, entry.path, {}));
  }
  return {};
}

Result<void> Receiver::add_link(const Entry& entry) {
  if (entry.path.empty()) {
    return fail(Errc::protocol, "the peer sent a link as the root");
  }
  if (settings_.contain_links && leads_out(entry.path, entry.target)) {
    item_failed(entry.path, 0, {Errc::denied, "the link leads out of the destination", {}});
    return {};
  }
  const std::string staged = staging_->next_name();
  if (::symlinkat(entry.target.c_str(), staging_->fd(), staged.c_str()) != 0) {
    item_failed(entry.path, 0, {Errc::cannot_create, errno_text(errno), {}});
    return {};
  }
  const std::array<timespec, 2> times{timespec{0, UTIME_OMIT},
                                      timespec{entry.metadata.mtime_s, entry.metadata.mtime_ns}};
  static_cast<void>(::utimensat(staging_->fd(), staged.c_str(), times.data(), AT_SYMLINK_NOFOLLOW));
  const Digest target = link_digest(entry.target);
  return committer_->add({.staged = staged,
                          .place = std::string(settings_.landing.place(entry.path)),
                          .path = entry.path,
                          .entry = entry_digest(EntryType::link, entry.path, target.bytes)});
}

Result<void> Receiver::add_file(const Entry& entry) {
  const std::scoped_lock lock(mutex_);
  if (entry.path.empty() || entry.size == 0 || entry.id != last_id_ + 1 ||
      files_.size() >= limits::open_files) {
    return fail(Errc::protocol, "the peer announced a file that cannot be");
  }
  last_id_ = entry.id;
  files_.emplace(entry.id, std::make_shared<IncomingFile>(entry));
  announced_.notify_all();
  return {};
}

std::shared_ptr<IncomingFile> Receiver::find(std::uint64_t id) {
  const std::scoped_lock lock(mutex_);
  const auto found = files_.find(id);
  return found == files_.end() ? nullptr : found->second;
}

// The file ID once it is announced; null when it is over already.
Result<std::shared_ptr<IncomingFile>> Receiver::wait_for(std::uint64_t id) {
  {
    std::unique_lock lock(mutex_);
    const bool known = announced_.wait_for(lock, kAnnouncementPatience,
                                           [&] { return id <= last_id_ || interrupted_; });
    if (interrupted_) {
      return fail(Errc::timed_out, "interrupted");
    }
    if (!known) {
      return fail(Errc::protocol, "the peer sent a chunk of a file that it did not announce");
    }
  }
  return find(id);
}

void Receiver::interrupt() {
  const std::scoped_lock lock(mutex_);
  interrupted_ = true;
  announced_.notify_all();
}

Result<void> Receiver::take(const ChunkHeader& header, std::span<const std::byte> payload) {
  {
    const std::scoped_lock lock(mutex_);
    ++taking_;
  }
  auto taken = header.is_pack ? take_pack(header, payload) : take_chunk(header, payload);
  const std::scoped_lock lock(mutex_);
  if (--taking_ == 0) {
    idle_.notify_all();
  }
  return taken;
}

Result<void> Receiver::take_chunk(const ChunkHeader& header, std::span<const std::byte> payload) {
  CP_TRY_ASSIGN(const auto file, wait_for(header.id));
  if (!file) {
    return {};
  }
  const auto outcome =
      file->write(staging_->fd(), staging_->next_name(), header.offset, header.digest, payload);
  if (!outcome && outcome.error().code == Errc::protocol) {
    return tl::unexpected<Error>(outcome.error());
  }
  if (!outcome) {
    file_failed(*file, outcome.error());
    return {};
  }
  if (*outcome != IncomingFile::Outcome::void_already) {
    tally_.bytes_placed += payload.size();
  }
  return *outcome == IncomingFile::Outcome::whole ? complete(file) : Result<void>();
}

Result<void> Receiver::end(const FileEnd& end) {
  const auto file = find(end.id);
  if (!file) {
    return {};
  }
  return file->end(end) == IncomingFile::Outcome::whole ? complete(file) : Result<void>();
}

Result<void> Receiver::complete(const std::shared_ptr<IncomingFile>& file) {
  const Entry& entry = file->entry();
  {
    const std::scoped_lock lock(mutex_);
    files_.erase(entry.id);
  }
  if (const auto settled = file->settle(); !settled) {
    ::unlinkat(staging_->fd(), file->staged().c_str(), 0);
    item_failed(entry.path, entry.id, settled.error());
    return {};
  }
  return committer_->add(
      {.staged = file->staged(),
       .place = std::string(settings_.landing.place(entry.path)),
       .path = entry.path,
       .id = entry.id,
       .bytes = entry.size,
       .entry = entry_digest(EntryType::file, entry.path, file->digest().bytes)});
}

void Receiver::file_failed(IncomingFile& file, const Error& error) {
  if (!file.make_void()) {
    return;
  }
  drop(file.entry().id);
  item_failed(file.entry().path, file.entry().id, error);
}

void Receiver::drop(std::uint64_t id) {
  if (const auto file = find(id)) {
    file->make_void();
    ::unlinkat(staging_->fd(), file->staged().c_str(), 0);
    const std::scoped_lock lock(mutex_);
    files_.erase(id);
  }
}

Result<void> Receiver::take_pack(const ChunkHeader& header, std::span<const std::byte> payload) {
  {
    const std::scoped_lock lock(mutex_);
    if (!packs_.insert(header.id)) {
      return {};
    }
    if (packs_.gaps() > limits::open_files) {
      return fail(Errc::protocol, "the peer sent packs whose numbers have gaps");
    }
  }
  CP_TRY_ASSIGN(const auto files, unpack(payload));
  for (const PackedFile& file : files) {
    CP_TRY(take_packed(file));
  }
  return {};
}

Result<void> Receiver::take_packed(const PackedFile& file) {
  CP_TRY(check(file.path));
  if (file.path.empty() || !is_sound(file.metadata)) {
    return fail(Errc::protocol, "the peer packed a file that cannot be");
  }
  const std::string staged = staging_->next_name();
  if (const auto made = make_file(staging_->fd(), staged, file.data, file.metadata); !made) {
    ::unlinkat(staging_->fd(), staged.c_str(), 0);
    item_failed(file.path, 0, made.error());
    return {};
  }
  tally_.bytes_placed += file.data.size();
  return committer_->add(
      {.staged = staged,
       .place = std::string(settings_.landing.place(file.path)),
       .path = std::string(file.path),
       .bytes = file.data.size(),
       .entry = entry_digest(EntryType::file, file.path, file_digest(file.data).bytes)});
}

void Receiver::committed(const WholeItem& item) {
  ++tally_.files_placed;
  const std::scoped_lock lock(mutex_);
  tree_.add(item.entry);
}

void Receiver::not_committed(const WholeItem& item, const Error& error) {
  item_failed(item.path, item.id, error);
}

void Receiver::item_failed(std::string_view path, std::uint64_t id, const Error& error) {
  events_.item_failed({.path = std::string(path), .id = id, .error = error});
}

Result<void> Receiver::sync_rest() const {
  switch (settings_.durability) {
    case Durability::none:
      return {};
    case Durability::end:
      return directories_.sync_all();
    case Durability::batch:
    case Durability::file:
      return directories_.sync(directories_.added());
  }
  return {};
}

Result<void> Receiver::settle() {
  CP_TRY(committer_->flush());
  // Before the root gets its time: the staging directory stands in it.
  committer_.reset();
  staging_.reset();
  directories_.finish(
      [&](const std::string& path, const Error& error) { item_failed(path, 0, error); });
  return sync_rest();
}

Result<FinalResult> Receiver::finish() {
  {
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [this] { return taking_ == 0; });
    if (!files_.empty()) {
      return fail(Errc::protocol, "the peer ended before its files were whole");
    }
  }
  CP_TRY(settle());
  const std::scoped_lock lock(mutex_);
  return FinalResult{
      .files = tally_.files_placed, .bytes = tally_.bytes_placed, .digest = tree_.value()};
}

void Receiver::keep_whole() {
  if (committer_) {
    // The transfer has failed already; that this could not be saved either changes nothing.
    static_cast<void>(settle());
  }
}

}  // namespace cp::transfer
