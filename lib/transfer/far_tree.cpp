// SPDX-License-Identifier: Apache-2.0
#include "transfer/far_tree.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "transfer/bytes_of.hpp"
#include "transfer/have.hpp"
#include "transfer/limits.hpp"
#include "transfer/pack.hpp"
#include "transfer/path.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>

namespace cp::transfer {
namespace {

constexpr std::size_t kBatchBytes = std::size_t{8} << 20U;
constexpr std::size_t kBatchItems = 1024;
constexpr std::size_t kMovedAtOnce = 128;  // names on a command line there
constexpr std::size_t kMovedBytes = std::size_t{16} << 10U;
constexpr std::size_t kAskedAtOnce = 128;  // whose answers fit into what lies between
constexpr std::size_t kLandedChecked = 4096;

std::string directory_above(std::string_view place) {
  const auto slash = place.rfind('/');
  return std::string(place.substr(0, slash == std::string_view::npos ? 0 : slash));
}

// As touch(1) takes it by -d and by -t.
struct TouchTimes {
  std::string exact;
  std::string in_seconds;
};
TouchTimes touch_times(const Metadata& metadata) {
  const std::time_t seconds = metadata.mtime_s;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 64> exact{};
  std::array<char, 64> plain{};
  std::strftime(exact.data(), exact.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::strftime(plain.data(), plain.size(), "%Y%m%d%H%M.%S", &parts);
  return {fmt::format("{}.{:09}Z", exact.data(), metadata.mtime_ns), plain.data()};
}

std::vector<std::string> metadata_words(std::string path, const Metadata& metadata) {
  TouchTimes times = touch_times(metadata);
  return {std::move(path), fmt::format("{:o}", metadata.mode), std::move(times.exact),
          std::move(times.in_seconds)};
}

// A line of the list: what was there, without line ends.
std::string escaped(std::string_view place) {
  return text::replace_all(text::replace_all(place, "%", "%25"), "\n", "%0A");
}
std::string unescaped(std::string_view place) {
  return text::replace_all(text::replace_all(place, "%0A", "\n"), "%25", "%");
}

Result<void> refuse_sender(const char* what) { return fail(Errc::protocol, "the peer {}", what); }

Errc kind_of_complaint(std::string_view why) {
  const auto says = [&](std::string_view words) {
    return why.find(words) != std::string_view::npos;
  };
  if (says("ermission denied") || says("symbolic link") || says("not permitted")) {
    return Errc::denied;
  }
  return says("No space") || says("quota") || says("I/O error") || says("nput/output error")
             ? Errc::io
             : Errc::cannot_create;
}

// Of what tools there say in the C locale.
Error far_error(std::string_view why) { return {kind_of_complaint(why), std::string(why), {}}; }

std::string staged_path(std::uint64_t batch, std::string_view staged) {
  return fmt::format("./{}/{}", batch, staged);
}

using Failed = std::vector<std::pair<std::size_t, std::string>>;

// Of COUNT things that were asked for, those that the far end could not do, and why.
Result<Failed> hear_failed(FarShell& shell, std::size_t count) {
  CP_TRY_ASSIGN(const auto lines, shell.lines());
  Failed failed;
  for (const std::string& line : lines) {
    const auto word = text::cut(line, ' ');
    if (word && word->before == "gone") {
      for (std::size_t i = 0; i < count; ++i) {
        failed.emplace_back(i, std::string(word->after));
      }
      continue;
    }
    const auto rest = word && word->before == "fail" ? text::cut(word->after, ' ') : std::nullopt;
    const auto which = rest ? text::to_uint(rest->before) : std::nullopt;
    if (!which || *which >= count) {
      return fail(Errc::protocol, "the far shell answers what was not asked");
    }
    failed.emplace_back(*which, std::string(text::trim(rest->after)));
  }
  return failed;
}

// How many of NAMED fit into one command line there.
template <class Items>
std::size_t moved_at_once(const Items& items) {
  std::size_t bytes = 0;
  std::size_t count = 0;
  while (count < std::min(items.size(), kMovedAtOnce) && bytes < kMovedBytes) {
    bytes += items[count++]->staged.size();
  }
  return count;
}

}  // namespace

FarTree::FarTree(Settings settings, FarShell& shell, ReceiveEvents& events, Tally& tally)
    : settings_(std::move(settings)), shell_(shell), events_(events), tally_(tally) {
  small_ = new_batch();
}

Result<std::unique_ptr<FarTree>> FarTree::open(Settings settings, FarShell& shell,
                                               ReceiveEvents& events, Tally& tally) {
  auto tree = std::make_unique<FarTree>(std::move(settings), shell, events, tally);
  CP_TRY(tree->begin());
  CP_TRY(tree->recover());
  return tree;
}

Result<void> FarTree::begin() {
  const bool keeps = settings_.key.has_value();
  const std::array<std::string, 3> words{
      far_path_word(settings_.root), ".cpxfer-sh-" + (keeps ? settings_.key->hex() : settings_.id),
      keeps ? "keep" : "drop"};
  CP_TRY(shell_.ask("open", words));
  CP_TRY_ASSIGN(const std::string answer, shell_.line());
  if (answer.starts_with("bad ")) {
    return fail(Errc::cannot_create, "{}", text::trim(std::string_view(answer).substr(4)));
  }
  if (answer != "new" && answer != "old") {
    return fail(Errc::protocol, "the far shell answers what was not asked");
  }
  root_is_new_ = answer == "new";
  return {};
}

// Another program may have written there; so may a kill have torn the last line.
void FarTree::follow(std::string_view line) {
  const auto fields = text::split(line, '\t');
  if (fields.size() == 2 && fields[0] == "attempt") {
    settings_.id = attempts_++ == 0 ? std::string(fields[1]) : settings_.id;
    return;
  }
  if (fields.size() != 4) {
    return;
  }
  const auto stamp = Digest::from_hex(fields[0]);
  const auto entry = Digest::from_hex(fields[1]);
  const std::string place = unescaped(fields[3]);
  if (stamp && entry && check_path(place) && landed_.size() < limits::journal_items) {
    landed_.insert_or_assign(*stamp, Landed{*entry, place, std::string(fields[2])});
  }
}

Result<void> FarTree::recover() {
  if (!settings_.key) {
    return {};
  }
  CP_TRY(shell_.ask("journal"));
  while (true) {
    CP_TRY_ASSIGN(const std::string line, shell_.line());
    if (line == "end") {
      return check_landed();
    }
    follow(line);
  }
}

// What the list says is true as long as the files are what they were.
Result<void> FarTree::check_landed() {
  std::vector<Digest> stamps;
  for (const auto& [stamp, landed] : landed_) {
    stamps.push_back(stamp);
  }
  for (std::size_t i = 0; i < stamps.size(); i += kLandedChecked) {
    const auto some = std::span(stamps).subspan(i, std::min(kLandedChecked, stamps.size() - i));
    std::vector<std::string> paths;
    for (const Digest& stamp : some) {
      paths.push_back("../../" + landed_.at(stamp).place);
    }
    CP_TRY_ASSIGN(const auto sums, shell_.sums(paths));
    for (std::size_t j = 0; j < some.size(); ++j) {
      if (sums[j].empty() || sums[j] != landed_.at(some[j]).sum) {
        landed_.erase(some[j]);
      }
    }
  }
  return {};
}

std::vector<Have> FarTree::have() const {
  HaveWriter writer;
  for (const auto& [stamp, landed] : landed_) {
    writer.add_landed(stamp);
  }
  return writer.take();
}

Result<void> FarTree::keep(const Kept& kept) {
  const std::scoped_lock lock(mutex_);
  for (const Digest& stamp : kept.stamps) {
    const auto found = landed_.find(stamp);
    if (found == landed_.end()) {
      return refuse_sender("keeps a file that is not there");
    }
    tree_.add(found->second.entry);
    landed_.erase(found);
  }
  return {};
}

Result<void> FarTree::offer(const Offer& /*offer*/) {
  return refuse_sender("offers files, and nobody asked");
}
Result<void> FarTree::take(const Same& /*same*/) {
  return refuse_sender("compared files, and nobody asked");
}
Result<void> FarTree::take(const Present& /*present*/) {
  return refuse_sender("tells what it keeps, and nobody asked");
}

const std::string& FarTree::place_of(const std::string& path) const {
  return !settings_.renamed_from.empty() && path == settings_.renamed_from ? settings_.renamed_to
                                                                           : path;
}

FarTree::Batch FarTree::new_batch() {
  Batch batch;
  batch.number = ++batches_;
  return batch;
}

FarTree::Item& FarTree::stage(Batch& batch, const std::string& path) {
  const std::string& place = place_of(path);
  const auto [directory, is_new] =
      batch.directories.try_emplace(directory_above(place), batch.directories.size());
  batch.items.push_back({.path = path,
                         .place = place,
                         .staged = fmt::format("{}/{}", directory->second, base_name(place))});
  return batch.items.back();
}

Result<void> FarTree::add(const Entry& entry) {
  CP_TRY(check_path(entry.path));
  const std::scoped_lock lock(mutex_);
  switch (entry.type) {
    case EntryType::directory:
      return add_directory(entry);
    case EntryType::link:
      return add_link(entry);
    case EntryType::file:
      return add_file(entry);
    case EntryType::hard_link:
      break;
  }
  return refuse_sender("announced what cannot be");
}

Result<void> FarTree::add_directory(const Entry& entry) {
  // What stood there before keeps its own mode and time.
  if (entry.path.empty() && !root_is_new_) {
    return {};
  }
  const bool is_new = directories_.insert_or_assign(entry.path, entry.metadata).second;
  if (is_new && !entry.path.empty()) {
    tree_.add(entry_digest(EntryType::directory, entry.path, {}));
  }
  return {};
}

Result<void> FarTree::add_link(const Entry& entry) {
  Item& item = stage(small_, entry.path);
  const Digest target = link_digest(entry.target);
  item.entry = entry_digest(EntryType::link, entry.path, target.bytes);
  small_.archive += tar_header({.type = TarMember::Type::link,
                                .path = item.staged,
                                .target = entry.target,
                                .metadata = entry.metadata},
                               shell_.tools().tar);
  return flush_if_full();
}

Result<void> FarTree::add_file(const Entry& entry) {
  if (entry.id != last_id_ + 1 || files_.size() >= limits::open_files) {
    return refuse_sender("announced a file that cannot be");
  }
  last_id_ = entry.id;
  Growing file{.entry = entry, .batch = new_batch(), .sum = FarSum(shell_.tools().sum)};
  stage(file.batch, entry.path).id = entry.id;
  files_.emplace(entry.id, std::move(file));
  return {};
}

Result<void> FarTree::take(const ChunkHeader& header, std::span<const std::byte> payload) {
  const std::scoped_lock lock(mutex_);
  return header.is_pack ? take_pack(payload) : take_chunk(header, payload);
}

Result<void> FarTree::take_pack(std::span<const std::byte> payload) {
  CP_TRY_ASSIGN(const auto files, unpack(payload));
  for (const PackedFile& file : files) {
    CP_TRY(check_path(file.path));
    Item& item = stage(small_, std::string(file.path));
    FarSum sum(shell_.tools().sum);
    sum.add(file.data);
    item.sum = sum.finish();
    item.size = file.size;
    item.stamp = file.stamp;
    item.entry = entry_digest(EntryType::file, file.path, file_digest(file.data).bytes);
    small_.archive += tar_header(
        {.path = item.staged, .target = {}, .metadata = file.metadata, .size = file.size},
        shell_.tools().tar);
    small_.archive.append(reinterpret_cast<const char*>(file.data.data()), file.data.size());
    small_.archive.append(tar_padding(file.size), '\0');
    tally_.bytes_placed += file.size;
    CP_TRY(flush_if_full());
  }
  return {};
}

Result<void> FarTree::take_chunk(const ChunkHeader& header, std::span<const std::byte> payload) {
  const auto found = files_.find(header.id);
  if (found == files_.end()) {
    return header.id <= last_id_ ? Result<void>()
                                 : refuse_sender("sent a chunk of a file that it did not announce");
  }
  Growing& file = found->second;
  if (header.offset != file.written) {
    return refuse_sender("sent chunks out of their order");
  }
  file.sum.add(payload);
  file.leaves.add(header.offset / limits::leaf_bytes, header.digest);
  file.written += payload.size();
  file.unsent.append(reinterpret_cast<const char*>(payload.data()), payload.size());
  tally_.bytes_placed += payload.size();
  if (file.unsent.size() >= kBatchBytes) {
    CP_TRY(send_unsent(file));
  }
  if (file.batch.complaint.empty()) {
    return settle(file);
  }
  const auto node = files_.extract(found);
  fail_item(node.mapped().batch.items.front(), far_error(node.mapped().batch.complaint));
  return remove(node.mapped().batch);
}

Result<void> FarTree::settle(Growing& file) {
  return file.is_whole() ? complete(file.entry.id) : Result<void>();
}

// A complaint is the batch's, and no end of the transfer.
Result<void> FarTree::hear_of(Batch& batch) {
  const auto heard = shell_.hear_ok();
  if (heard || heard.error().code != Errc::failed) {
    return heard;
  }
  batch.complaint = heard.error().message;
  return {};
}

Result<void> FarTree::send_unsent(Growing& file) {
  const std::string unsent = std::exchange(file.unsent, {});
  file.is_begun = true;
  CP_TRY(shell_.hand("data", {staged_path(file.batch.number, file.batch.items.front().staged)},
                     bytes_of(unsent)));
  return hear_of(file.batch);
}

Result<void> FarTree::end(const FileEnd& end) {
  const std::scoped_lock lock(mutex_);
  const auto found = files_.find(end.id);
  if (found == files_.end()) {
    return {};
  }
  found->second.end = end;
  return settle(found->second);
}

void FarTree::failed_at_source(std::uint64_t id) {
  const std::scoped_lock lock(mutex_);
  const auto found = files_.find(id);
  if (found == files_.end()) {
    return;
  }
  if (found->second.is_begun) {
    // Should this not go through, nothing else will.
    static_cast<void>(remove(found->second.batch));
  }
  files_.erase(found);
}

Result<void> FarTree::complete(std::uint64_t id) {
  auto node = files_.extract(id);
  Growing& file = node.mapped();
  Item& item = file.batch.items.front();
  CP_TRY(send_unsent(file));
  const Digest content = file.leaves.file_digest(file.written);
  if (content != file.end->digest) {
    fail_item(item, {Errc::failed, "what arrived is not what was read", {}});
    return remove(file.batch);
  }
  item.size = file.written;
  item.sum = file.sum.finish();
  item.stamp = file.entry.is_fresh ? Digest{} : file.entry.stamp;
  item.entry = entry_digest(EntryType::file, item.path, content.bytes);
  CP_TRY(set_metadata(file));
  return commit(file.batch);
}

Result<void> FarTree::set_metadata(Growing& file) {
  const std::string staged = staged_path(file.batch.number, file.batch.items.front().staged);
  CP_TRY(shell_.ask("meta", metadata_words(staged, file.end->metadata)));
  return hear_of(file.batch);
}

Result<void> FarTree::flush_if_full() {
  const bool is_full = small_.archive.size() >= kBatchBytes || small_.items.size() >= kBatchItems ||
                       settings_.durability == Durability::file;
  return is_full ? flush() : Result<void>();
}

Result<void> FarTree::flush() {
  if (small_.items.empty()) {
    return {};
  }
  Batch batch = std::exchange(small_, new_batch());
  return commit(batch);
}

Result<void> FarTree::commit(Batch& batch) {
  CP_TRY(put(batch));
  CP_TRY(judge(batch));
  CP_TRY(sync(false));
  CP_TRY(move(batch));
  CP_TRY(sync(false));
  CP_TRY(write_down(batch));
  return remove(batch);
}

Result<void> FarTree::put(Batch& batch) {
  if (batch.archive.empty()) {
    return {};
  }
  const std::string archive = std::exchange(batch.archive, {}) + tar_end();
  CP_TRY(shell_.hand("put", {std::to_string(batch.number)}, bytes_of(archive)));
  return hear_of(batch);
}

// Not every complaint means that something is missing: the sums tell.
Result<void> FarTree::judge(Batch& batch) {
  std::vector<std::string> paths;
  std::vector<Item*> summed;
  for (Item& item : batch.items) {
    if (!item.sum.empty()) {
      paths.push_back(staged_path(batch.number, item.staged));
      summed.push_back(&item);
    }
  }
  CP_TRY_ASSIGN(const auto sums, shell_.sums(paths));
  for (std::size_t i = 0; i < summed.size(); ++i) {
    if (sums[i] != summed[i]->sum) {
      fail_item(*summed[i], batch.complaint.empty()
                                ? Error{Errc::io, "it did not arrive there as it was sent", {}}
                                : far_error(batch.complaint));
    }
  }
  return {};
}

Result<void> FarTree::sync(bool is_end) {
  const bool is_wanted = is_end ? settings_.durability != Durability::none
                                : settings_.durability == Durability::batch ||
                                      settings_.durability == Durability::file;
  if (!is_wanted) {
    return {};
  }
  CP_TRY(shell_.ask("sync"));
  return shell_.hear_ok();
}

// Each after the one that it is in.
Result<void> FarTree::make_directories(const std::set<std::string>& wanted) {
  std::map<std::string, std::vector<std::string>> missing;  // by the directory above
  for (const std::string& path : wanted) {
    for (std::size_t end = 0; end != std::string::npos;) {
      end = path.find('/', end + 1);
      const std::string one = path.substr(0, end);
      if (made_.insert(one).second) {
        missing[directory_above(one)].emplace_back(base_name(one));
      }
    }
  }
  std::vector<std::vector<std::string>> asked;
  for (auto& [parent, names] : missing) {
    for (std::size_t i = 0; i < names.size(); i += kMovedAtOnce) {
      std::vector<std::string> words{parent};
      for (std::size_t j = i; j < std::min(names.size(), i + kMovedAtOnce); ++j) {
        words.push_back(names[j]);
      }
      CP_TRY(shell_.ask("mkdirs", words));
      asked.push_back(std::move(words));
    }
  }
  for (const auto& words : asked) {
    CP_TRY(hear_made(words));
  }
  return {};
}

Result<void> FarTree::hear_made(const std::vector<std::string>& words) {
  CP_TRY_ASSIGN(const auto failed, hear_failed(shell_, words.size() - 1));
  for (const auto& [which, why] : failed) {
    const std::string path = join_path(words.front(), words.at(which + 1));
    unmade_.emplace(path, why);
    if (directories_.contains(path)) {
      events_.item_failed({.path = path, .id = 0, .error = far_error(why)});
    }
  }
  return {};
}

Result<void> FarTree::move(Batch& batch) {
  std::map<std::string, std::vector<Item*>> by_directory;
  std::set<std::string> wanted;
  for (Item& item : batch.items) {
    if (item.is_good) {
      by_directory[directory_above(item.place)].push_back(&item);
      wanted.insert(directory_above(item.place));
    }
  }
  CP_TRY(make_directories(wanted));
  std::vector<std::span<Item* const>> asked;
  for (const auto& [directory, items] : by_directory) {
    for (std::size_t i = 0; i < items.size();) {
      const auto some = std::span(items).subspan(i, moved_at_once(std::span(items).subspan(i)));
      CP_TRY(ask_to_move(batch, some));
      asked.push_back(some);
      i += some.size();
    }
  }
  for (const auto& items : asked) {
    CP_TRY(hear_moved(items));
  }
  return {};
}

Result<void> FarTree::ask_to_move(const Batch& batch, std::span<Item* const> items) {
  const std::string& staged = items.front()->staged;
  std::vector<std::string> words{
      fmt::format("{}/{}", batch.number, std::string_view(staged).substr(0, staged.find('/'))),
      directory_above(items.front()->place)};
  for (const Item* item : items) {
    words.emplace_back(base_name(item->place));
  }
  return shell_.ask("move", words);
}

Result<void> FarTree::hear_moved(std::span<Item* const> items) {
  CP_TRY_ASSIGN(const auto failed, hear_failed(shell_, items.size()));
  for (const auto& [which, why] : failed) {
    const auto unmade = unmade_.find(directory_above(items[which]->place));
    fail_item(*items[which], far_error(unmade == unmade_.end() ? why : unmade->second));
  }
  for (const Item* item : items) {
    if (item->is_good) {
      ++tally_.files_placed;
      tree_.add(item->entry);
    }
  }
  return {};
}

// That a line is lost costs sending its file again, and nothing else.
Result<void> FarTree::write_down(const Batch& batch) {
  std::vector<std::string> lines;
  for (const Item& item : batch.items) {
    if (item.is_good) {
      ++durable_.files;
      durable_.bytes += item.size;
    }
    if (item.is_good && item.stamp != Digest{}) {
      lines.push_back(fmt::format("{}\t{}\t{}\t{}", item.stamp.hex(), item.entry.hex(), item.sum,
                                  escaped(item.place)));
    }
  }
  events_.became_durable(durable_);
  if (!settings_.key || lines.empty()) {
    return {};
  }
  if (!std::exchange(is_written_down_, true)) {
    // Where a kill has torn the last line, it is another one.
    lines.insert(lines.begin(), "");
    lines.insert(lines.begin() + 1, "attempt\t" + settings_.id);
  }
  CP_TRY(shell_.ask("note", lines));
  const auto heard = shell_.hear_ok();
  return heard || heard.error().code == Errc::failed ? Result<void>() : heard;
}

Result<void> FarTree::remove(const Batch& batch) {
  const std::string number = std::to_string(batch.number);
  CP_TRY(shell_.ask("rm", std::span(&number, 1)));
  return shell_.hear_ok();
}

// The deepest first: one that may not be entered any more holds nothing that is still to be set.
Result<void> FarTree::set_directories(bool is_root) {
  std::vector<std::string> asked;
  const auto hear = [&]() -> Result<void> {
    for (const std::string& path : std::exchange(asked, {})) {
      const auto heard = shell_.hear_ok();
      if (!heard && heard.error().code != Errc::failed) {
        return heard;
      }
      if (!heard && !unmade_.contains(path)) {
        events_.item_failed({.path = path, .id = 0, .error = far_error(heard.error().message)});
      }
    }
    return {};
  };
  for (auto one = directories_.rbegin(); one != directories_.rend(); ++one) {
    if (one->first.empty() != is_root) {
      continue;
    }
    CP_TRY(shell_.ask("dirmeta", metadata_words(one->first, one->second)));
    asked.push_back(one->first);
    if (asked.size() == kAskedAtOnce) {
      CP_TRY(hear());
    }
  }
  return hear();
}

void FarTree::fail_item(Item& item, Error error) {
  item.is_good = false;
  const bool is_destination = !item.path.empty() && item.path == settings_.renamed_from;
  events_.item_failed(
      {.path = is_destination ? "" : item.path, .id = item.id, .error = std::move(error)});
}

Result<FinalResult> FarTree::finish() {
  const std::scoped_lock lock(mutex_);
  if (!files_.empty()) {
    return tl::unexpected<Error>(refuse_sender("ended before its files were whole").error());
  }
  CP_TRY(flush());
  std::set<std::string> announced;
  for (const auto& [path, metadata] : directories_) {
    if (!path.empty()) {
      announced.insert(path);
    }
  }
  CP_TRY(make_directories(announced));
  CP_TRY(set_directories(false));
  CP_TRY(sync(true));
  CP_TRY(shell_.ask("close"));
  CP_TRY(shell_.hear_ok());
  // What of ours stood in the root is gone.
  CP_TRY(set_directories(true));
  return FinalResult{.files = tally_.files_placed,
                     .bytes = tally_.bytes_placed,
                     .digest = tree_.value(),
                     .deleted = 0};
}

}  // namespace cp::transfer
