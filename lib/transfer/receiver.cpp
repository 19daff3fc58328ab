// SPDX-License-Identifier: Apache-2.0
#include "transfer/receiver.hpp"

#include "transfer/archive.hpp"
#include "transfer/have.hpp"
#include "transfer/holes.hpp"
#include "transfer/limits.hpp"
#include "transfer/metadata.hpp"
#include "transfer/path.hpp"
#include "transfer/system_error.hpp"

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cp::transfer {
namespace {

// The control connection may be this far behind the rails before the peer counts as broken.
constexpr auto kAnnouncementPatience = std::chrono::seconds(60);
// Beside what a client's words take: whoever gave us the order may be gone, and we about to end.
constexpr auto kOwnPause = std::chrono::seconds(2);

// Makes the file NAME in DIRECTORY as PACKED says.
// Returns its inode.
Result<std::uint64_t> make_file(int directory, const std::string& name, const PackedFile& packed,
                                const Preserve& preserve) {
  const UniqueFd fd(::openat(directory, name.c_str(),
                             O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) {
    return system_error(Errc::cannot_create);
  }
  if (!packed.data.empty() && packed.data.back() == std::byte{0} &&
      ::ftruncate(fd.get(), static_cast<off_t>(packed.data.size())) != 0) {
    return system_error(Errc::io);
  }
  CP_TRY(write_sparsely(fd.get(), 0, packed.data));
  CP_TRY(apply(fd.get(), packed.metadata, packed.extras.get(), preserve));
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) {
    return system_error(Errc::io);
  }
  return status.st_ino;
}

bool syncs(Durability durability) {
  return durability == Durability::batch || durability == Durability::file;
}

}  // namespace

Receiver::Receiver(Settings settings, ReceiveEvents& events, Tally& tally)
    : settings_(std::move(settings)),
      events_(events),
      tally_(tally),
      directories_(settings_.landing.root, settings_.preserve) {}

Receiver::~Receiver() {
  comparer_.reset();
  keeper_.reset();
  if (staging_) {
    leave_staging();
  }
}

// Of a transfer that is not done.
void Receiver::leave_staging() {
  if (!staging_->is_resumable()) {
    return;
  }
  const std::scoped_lock lock(mutex_);
  if (has_new_ || (had_something_ && !was_finished_)) {
    staging_->keep();
  } else if (was_finished_) {
    // As it was found: nobody has anything to go on with.
    archive(settings_.landing.root, settings_.archive, *settings_.key, staging_->fd());
  }
}

Result<std::unique_ptr<Receiver>> Receiver::open(Settings settings, ReceiveEvents& events,
                                                 Tally& tally) {
  auto receiver = std::make_unique<Receiver>(std::move(settings), events, tally);
  const auto& fixed = receiver->settings_;
  CP_TRY_ASSIGN(
      receiver->staging_,
      Staging::open(fixed.landing.root, {.id = fixed.id, .key = fixed.key ? fixed.key->hex() : ""},
                    fixed.stop));
  if (receiver->staging_->folds_case()) {
    receiver->same_names_ = std::make_unique<SameNames>();
    receiver->seen_.fold();
  }
  CP_TRY(receiver->recover());
  if (fixed.deletion != Deletion::none) {
    receiver->replacer_ =
        std::make_unique<Replacer>(fixed.landing.root, *receiver->staging_,
                                   receiver->settings_.filter, receiver->same_names_.get());
    receiver->directories_.ask_for_way(
        [replacer = receiver->replacer_.get()](std::string_view path) {
          return replacer->make_way(path);
        });
  }
  CP_TRY(receiver->start_keeper());
  if (fixed.sync.any()) {
    Receiver& self = *receiver;
    self.comparer_ = std::make_unique<Comparer>(
        Comparer::Parts{.landing = fixed.landing,
                        .sync = fixed.sync,
                        .preserve = fixed.preserve,
                        .answer = [&](const Answer& answer) { self.events_.answered(answer); },
                        .left = [&](const Comparer::Left& file) { self.left(file); }});
  }
  return receiver;
}

// Another transfer of the same key may be under way: then this one goes its own way.
Result<void> Receiver::recover() {
  if (!staging_->is_resumable()) {
    return {};
  }
  was_finished_ =
      !settings_.archive.empty() && !settings_.sync.any() &&
      fetch_archived(settings_.landing.root, settings_.archive, *settings_.key, staging_->fd());
  Recovery recovery(settings_.landing.root, staging_->fd(), same_names_ != nullptr);
  const JournalHeader header{
      .key = *settings_.key, .id = settings_.id, .root_is_new = settings_.landing.root_is_new};
  const JournalAttempt attempt{.is_synced = syncs(settings_.durability),
                               .boot = boot_of_machine(),
                               .started_s = std::chrono::duration_cast<std::chrono::seconds>(
                                                SystemClock().now().time_since_epoch())
                                                .count()};
  CP_TRY_ASSIGN(journal_, Journal::open(
                              staging_->fd(), header, was_finished_, attempt,
                              [this] { return staging_->sync_names(); },
                              [&](const JournalRecord& record) { recovery.follow(record); }));
  recovered_ = recovery.finish();
  had_something_ = !recovered_.empty();
  settings_.id = journal_->header().id;
  settings_.landing.root_is_new = journal_->header().root_is_new;
  staging_->remove_all_but(recovered_.staged_names(), recovery.last_staged());
  return {};
}

Result<void> Receiver::start_keeper() {
  CommitEvents& commit_events = *this;
  if (!journal_) {
    committer_ = std::make_unique<Committer>(settings_.durability, *staging_, directories_,
                                             commit_events, CommitLog{},
                                             CommitCare{same_names_.get(), settings_.reads_back});
    return {};
  }
  keeper_ = std::make_unique<Keeper>(
      Keeper::Parts{.journal = *journal_,
                    .syncs = syncs(settings_.durability),
                    .kept = [this](std::uint64_t bytes) { leaves_kept(bytes); },
                    .tick = [this] { return flush_old(); }});
  const std::scoped_lock lock(mutex_);
  committer_ = std::make_unique<Committer>(settings_.durability, *staging_, directories_,
                                           commit_events, CommitLog{journal_.get(), keeper_.get()},
                                           CommitCare{same_names_.get(), settings_.reads_back});
  return {};
}

// The keeper's thread is there before its committer.
Result<void> Receiver::flush_old() {
  Committer* committer = nullptr;
  {
    const std::scoped_lock lock(mutex_);
    committer = committer_.get();
  }
  if (!settings_.is_for_client) {
    const SteadyTime now = SystemClock().steady();
    gives_way({now - kOwnPause, now});
  }
  return committer == nullptr ? Result<void>() : committer->flush_old();
}

std::vector<Have> Receiver::have() const {
  HaveWriter writer;
  for (const auto& [stamp, file] : recovered_.landed) {
    writer.add_landed(stamp);
  }
  for (const auto& [stamp, file] : recovered_.partial) {
    writer.add_partial(file);
  }
  return writer.take();
}

Result<void> Receiver::keep(const Kept& kept) {
  const std::scoped_lock lock(mutex_);
  for (const Digest& stamp : kept.stamps) {
    const auto found = recovered_.landed.find(stamp);
    if (found == recovered_.landed.end()) {
      return fail(Errc::protocol, "the peer keeps a file that is not here");
    }
    tree_.add(found->second.entry);
    if (settings_.deletion != Deletion::none) {
      seen_.add(found->second.place);
    }
    if (same_names_) {
      same_names_->fill(found->second.place);
    }
    if (settings_.preserve.links) {
      links_.kept(stamp);
    }
    recovered_.landed.erase(found);
  }
  return {};
}

Result<void> Receiver::check(std::string_view path) const {
  const auto checked = check_path(path);
  if (!checked) {
    return fail(Errc::protocol, "the peer sent the path '{}': {}", path, checked.error().message);
  }
  const std::string& renamed = settings_.landing.renamed_from;
  const std::vector<std::string>& names = settings_.names;
  const bool was_asked_for =
      renamed.empty()
          ? names.empty() || std::ranges::count(names, path.substr(0, path.find('/'))) != 0
          : path == renamed;
  return was_asked_for
             ? Result<void>()
             : fail(Errc::protocol, "the peer sent the path '{}', which nobody asked for", path);
}

Result<void> Receiver::add(const Entry& entry) {
  CP_TRY(check(entry.path));
  see(entry.path);
  const auto extras = owners_.mapped(entry.extras);
  if (extras == entry.extras) {
    return add_known(entry);
  }
  Entry known = entry;
  known.extras = extras;
  return add_known(known);
}

Result<void> Receiver::add_known(const Entry& entry) {
  switch (entry.type) {
    case EntryType::directory:
      return add_directory(entry);
    case EntryType::link:
      return add_link(entry);
    case EntryType::file:
      return add_file(entry);
    case EntryType::hard_link:
      return add_hard_link(entry);
  }
  return fail(Errc::protocol, "the peer sent an entry of no known type");
}

void Receiver::see(std::string_view path) {
  if (settings_.deletion != Deletion::none) {
    const std::scoped_lock lock(mutex_);
    seen_.add(settings_.landing.place(path));
  }
}

Result<void> Receiver::take(const Present& present) {
  for (const Present::Item& item : present.items) {
    see(item.path);
    const std::scoped_lock lock(mutex_);
    if (item.is_closed) {
      listed_.erase(item.path);
    }
  }
  return {};
}

Result<void> Receiver::offer(const Offer& offer) {
  if (!comparer_) {
    return fail(Errc::protocol, "the peer offers files, and nobody asked");
  }
  for (const Entry& entry : offer.entries) {
    CP_TRY(check(entry.path));
    if (entry.path.empty()) {
      return fail(Errc::protocol, "the peer offered a file that cannot be");
    }
    see(entry.path);
  }
  Offer known = offer;
  for (Entry& entry : known.entries) {
    entry.extras = owners_.mapped(entry.extras);
  }
  comparer_->add(std::move(known));
  return {};
}

Result<void> Receiver::take(const Same& same) {
  if (!comparer_) {
    return fail(Errc::protocol, "the peer compared files, and nobody asked");
  }
  CP_TRY_ASSIGN(const auto failed, comparer_->take(same));
  for (const Entry& entry : failed) {
    item_failed(entry.path, 0, {Errc::failed, "it changed while it was compared", {}});
  }
  return {};
}

void Receiver::left(const Comparer::Left& file) {
  const std::string& path = file.entry.path;
  if (same_names_) {
    same_names_->fill(settings_.landing.place(path));
  }
  const std::scoped_lock lock(mutex_);
  tree_is_known_ = tree_is_known_ && file.content.has_value();
  const Digest content = file.content.value_or(Digest{});
  tree_.add(entry_digest(EntryType::file, path, content.bytes));
  if (file.entry.extras && file.entry.extras->is_leader) {
    links_.landed(path, {std::string(settings_.landing.place(path)), file.inode, content});
  }
}

bool Receiver::may_delete() const {
  return settings_.deletion == Deletion::always ||
         (settings_.deletion == Deletion::unless_failed && failures_ == 0);
}

bool Receiver::blocked(const WholeItem& item) {
  if (settings_.deletion == Deletion::none) {
    return false;
  }
  const std::scoped_lock lock(mutex_);
  blocked_.push_back(item);
  return true;
}

// Files for directories, when everything else is there. What gave way goes when the file has its
// name for good.
Result<void> Receiver::replace_directories() {
  std::vector<WholeItem> replaced;
  std::vector<std::string> above;
  // One that cannot be had keeps no other from its place.
  const bool is_allowed = may_delete();
  for (WholeItem& item : std::exchange(blocked_, {})) {
    const auto done = is_allowed ? replacer_->exchange(item.staged, item.place)
                                 : fail(Errc::cannot_create, "a directory stands there");
    if (!done) {
      item_failed(item.path, item.id, done.error());
      continue;
    }
    const auto slash = item.place.rfind('/');
    above.push_back(slash == std::string::npos ? "" : item.place.substr(0, slash));
    replaced.push_back(std::move(item));
  }
  if (syncs(settings_.durability) && !above.empty()) {
    CP_TRY(directories_.sync(above));
  }
  for (const WholeItem& item : replaced) {
    committed(item);
    deleted_ += replacer_->remove_exchanged(item.staged, item.place);
  }
  return {};
}

// Goes by what the source has told, all of it.
void Receiver::remove_rest() {
  if (!may_delete()) {
    return;
  }
  seen_.seal();
  Deleter deleter({.root = settings_.landing.root,
                   .seen = seen_,
                   .filter = settings_.filter,
                   .failed = [this](const std::string& path, const Error& error) {
                     item_failed(path, 0, error);
                   }});
  for (const std::string& directory : listed_) {
    deleter.clean(directory);
  }
  deleted_ += deleter.deleted();
}

void Receiver::failed_at_source(std::uint64_t id) {
  {
    const std::scoped_lock lock(mutex_);
    ++failures_;
  }
  drop(id);
}

Result<void> Receiver::add_directory(const Entry& entry) {
  if (settings_.deletion != Deletion::none && !(entry.extras && entry.extras->is_closed)) {
    const std::scoped_lock lock(mutex_);
    listed_.insert(entry.path);
  }
  // What stood there before keeps its own mode and time.
  if (entry.path.empty() && !settings_.landing.root_is_new) {
    return {};
  }
  const auto added = add_directory_alone(entry);
  if (!added) {
    item_failed(entry.path, 0, added.error());
  } else if (*added && !entry.path.empty()) {
    const std::scoped_lock lock(mutex_);
    tree_.add(entry_digest(EntryType::directory, entry.path, {}));
  }
  return {};
}

// What is in two directories that are one there lands in that one, as far as it does not meet.
Result<bool> Receiver::add_directory_alone(const Entry& entry) {
  if (same_names_ && !entry.path.empty()) {
    const std::scoped_lock turn(same_names_->turn());
    if (same_names_->is_filled_by_another(entry.path)) {
      return fail(Errc::cannot_create, "{}", SameNames::refusal);
    }
    same_names_->fill(entry.path);
  }
  // After its turn: something may have to make way.
  return directories_.add(entry);
}

Result<void> Receiver::add_link(const Entry& entry) {
  if (entry.path.empty()) {
    return fail(Errc::protocol, "the peer sent a link as the root");
  }
  if (settings_.contain_links && leads_out(entry.path, entry.target)) {
    item_failed(entry.path, 0, {Errc::denied, "the link leads out of the destination", {}});
    return {};
  }
  const std::string staged = std::to_string(staging_->next_number());
  if (::symlinkat(entry.target.c_str(), staging_->fd(), staged.c_str()) != 0) {
    item_failed(entry.path, 0, {Errc::cannot_create, errno_text(errno), {}});
    return {};
  }
  if (const auto applied = apply_to_link(staging_->fd(), staged, entry.metadata, entry.extras.get(),
                                         settings_.preserve);
      !applied) {
    ::unlinkat(staging_->fd(), staged.c_str(), 0);
    item_failed(entry.path, 0, applied.error());
    return {};
  }
  const Digest target = link_digest(entry.target);
  return committer_->add({.staged = staged,
                          .place = std::string(settings_.landing.place(entry.path)),
                          .path = entry.path,
                          .entry = entry_digest(EntryType::link, entry.path, target.bytes)});
}

// When everything else is there.
Result<void> Receiver::add_hard_link(const Entry& entry) {
  CP_TRY(check(entry.target));
  if (entry.path.empty() || entry.target.empty() || !settings_.preserve.links) {
    return fail(Errc::protocol, "the peer announced a hard link that cannot be");
  }
  const std::scoped_lock lock(mutex_);
  links_.add(entry.path, entry.target, entry.stamp);
  return {};
}

Result<void> Receiver::make_links() {
  LinkEvents& events = *this;
  return links_.make({.root = settings_.landing.root,
                      .staging = *staging_,
                      .directories = directories_,
                      .syncs = syncs(settings_.durability),
                      .same_names = same_names_.get()},
                     events);
}

void Receiver::linked(const std::string& path, const Digest& content) {
  ++tally_.files_placed;
  const std::scoped_lock lock(mutex_);
  tree_.add(entry_digest(EntryType::file, path, content.bytes));
}

void Receiver::not_linked(const std::string& path, const Error& error) {
  item_failed(path, 0, error);
}

bool Receiver::link_blocked(const std::string& staged, const std::string& path,
                            const Digest& content) {
  return blocked({.staged = staged,
                  .place = std::string(settings_.landing.place(path)),
                  .path = path,
                  .entry = entry_digest(EntryType::file, path, content.bytes)});
}

Result<void> Receiver::add_file(const Entry& entry) {
  const std::scoped_lock lock(mutex_);
  const bool is_stream = entry.extras && entry.extras->is_stream;
  if (entry.path.empty() || (entry.size == 0) != is_stream || entry.id != last_id_ + 1 ||
      files_.size() >= limits::open_files) {
    return fail(Errc::protocol, "the peer announced a file that cannot be");
  }
  last_id_ = entry.id;
  const auto file = std::make_shared<IncomingFile>(entry, settings_.preserve);
  if (is_stream) {
    if (const auto made = file->make_empty(*staging_); !made) {
      announced_.notify_all();
      item_failed(entry.path, entry.id, made.error());
      return {};
    }
  } else if (const auto partial = recovered_.take_partial(entry.stamp, entry.size)) {
    // The sender counts on what it was told.
    CP_TRY(file->resume(staging_->fd(), *partial));
  }
  if (entry.extras && !entry.extras->holes.empty()) {
    if (const auto taken = file->take_holes(*staging_); !taken) {
      announced_.notify_all();
      item_failed(entry.path, entry.id, taken.error());
      return {};
    }
    tally_.bytes_placed += bytes_in(entry.extras->holes, entry.size);
  }
  files_.emplace(entry.id, file);
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

bool Receiver::is_asked_for(const LastHeard& heard) {
  if (!staging_ || !staging_->is_resumable()) {
    return false;
  }
  return staging_->is_asked_for(settings_.id) || (settings_.is_for_client && gives_way(heard));
}

bool Receiver::gives_way(const LastHeard& heard) {
  const auto answer = held_key_.judge(staging_->is_waited_for(), SystemClock().steady(), heard);
  if (answer == HeldKey::Answer::goes_on) {
    staging_->turn_away();
  }
  return answer == HeldKey::Answer::lets_go;
}

void Receiver::interrupt() {
  if (comparer_) {
    comparer_->interrupt();
  }
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
  const auto outcome = file->write(*staging_, header.offset, header.digest, payload);
  if (!outcome && outcome.error().code == Errc::protocol) {
    return tl::unexpected<Error>(outcome.error());
  }
  if (!outcome) {
    file_failed(*file, outcome.error());
    return {};
  }
  if (*outcome != IncomingFile::Outcome::void_already) {
    tally_.bytes_placed += payload.size();
    CP_TRY(write_down(*file, header));
  }
  return *outcome == IncomingFile::Outcome::whole ? complete(file) : Result<void>();
}

Result<void> Receiver::write_down(const IncomingFile& file, const ChunkHeader& header) {
  if (!keeper_ || file.entry().stamp == Digest{}) {
    return {};
  }
  const GrowingFile growing = file.growing();
  // Another stream may have made it whole and settled it meanwhile.
  return growing.fd ? keeper_->add(growing, header.offset / limits::leaf_bytes, header.digest,
                                   header.length)
                    : Result<void>();
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
  return committer_->add({.staged = file->staged(),
                          .place = std::string(settings_.landing.place(entry.path)),
                          .path = entry.path,
                          .id = entry.id,
                          .bytes = file->size(),
                          .entry = entry_digest(EntryType::file, entry.path, file->digest().bytes),
                          // A source that may have changed without a trace is read again.
                          .stamp = entry.is_fresh ? Digest{} : entry.stamp,
                          .inode = file->inode(),
                          .metadata = file->settled_metadata(),
                          .grown_as = file->growing().about.staged,
                          .content = file->digest(),
                          .is_leader = entry.extras && entry.extras->is_leader});
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
  for (PackedFile file : files) {
    file.extras = owners_.mapped(file.extras);
    CP_TRY(take_packed(file));
  }
  return {};
}

Result<void> Receiver::take_packed(const PackedFile& file) {
  CP_TRY(check(file.path));
  see(file.path);
  if (file.path.empty() || !is_sound(file.metadata)) {
    return fail(Errc::protocol, "the peer packed a file that cannot be");
  }
  const std::string staged = std::to_string(staging_->next_number());
  const auto made = make_file(staging_->fd(), staged, file, settings_.preserve);
  if (!made) {
    ::unlinkat(staging_->fd(), staged.c_str(), 0);
    item_failed(file.path, 0, made.error());
    return {};
  }
  tally_.bytes_placed += file.data.size();
  const Digest content = file_digest(file.data);
  return committer_->add({.staged = staged,
                          .place = std::string(settings_.landing.place(file.path)),
                          .path = std::string(file.path),
                          .bytes = file.data.size(),
                          .entry = entry_digest(EntryType::file, file.path, content.bytes),
                          .stamp = file.stamp,
                          .inode = *made,
                          .metadata = file.metadata,
                          .content = content,
                          .is_leader = file.extras && file.extras->is_leader});
}

void Receiver::committed(const WholeItem& item) {
  ++tally_.files_placed;
  const std::scoped_lock lock(mutex_);
  tree_.add(item.entry);
  has_new_ = true;
  if (item.is_leader) {
    links_.landed(item.path, {item.place, item.inode, item.content});
  }
}

void Receiver::group_synced(std::uint64_t files, std::uint64_t bytes) {
  Durable now;
  {
    const std::scoped_lock lock(mutex_);
    durable_.files += files;
    durable_.bytes += bytes;
    now = durable_;
  }
  events_.became_durable(now);
}

void Receiver::leaves_kept(std::uint64_t bytes) {
  {
    const std::scoped_lock lock(mutex_);
    has_new_ = true;
  }
  if (syncs(settings_.durability)) {
    group_synced(0, bytes);
  }
}

void Receiver::not_committed(const WholeItem& item, const Error& error) {
  item_failed(item.path, item.id, error);
}

// What takes the destination's name is called by that, and nothing follows it.
void Receiver::item_failed(std::string_view path, std::uint64_t id, const Error& error) {
  ++failures_;
  const bool is_destination = !path.empty() && path == settings_.landing.renamed_from;
  events_.item_failed({.path = is_destination ? "" : std::string(path), .id = id, .error = error});
}

Result<void> Receiver::sync_rest() const {
  switch (settings_.durability) {
    case Durability::none:
      return {};
    case Durability::end:
      return directories_.sync_all();
    case Durability::batch:
    case Durability::file:
      return directories_.sync(directories_.changed());
  }
  return {};
}

Result<void> Receiver::settle(bool is_finished) {
  comparer_.reset();
  if (keeper_) {
    CP_TRY(keeper_->end());
  }
  CP_TRY(committer_->flush());
  if (!is_finished) {
    leave_staging();
  } else {
    CP_TRY(replace_directories());
    CP_TRY(make_links());
    CP_TRY(replace_directories());  // by hard links
    remove_rest();
  }
  if (is_finished && journal_ && !settings_.archive.empty() && !settings_.sync.any()) {
    archive(settings_.landing.root, settings_.archive, *settings_.key, staging_->fd());
  }
  // Before the root gets its time: the staging directory stands in it.
  keeper_.reset();
  committer_.reset();
  // NFS and FUSE keep what is removed and still open under another name, and its directory with it.
  journal_.reset();
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
  CP_TRY(settle(true));
  const std::scoped_lock lock(mutex_);
  return FinalResult{.files = tally_.files_placed,
                     .bytes = tally_.bytes_placed,
                     .digest = tree_is_known_ ? tree_.value() : Digest{},
                     .deleted = deleted_ + (replacer_ ? replacer_->gave_way() : 0)};
}

void Receiver::keep_whole() {
  if (committer_) {
    // The transfer has failed already; that this could not be saved either changes nothing.
    static_cast<void>(settle(false));
  }
}

}  // namespace cp::transfer
