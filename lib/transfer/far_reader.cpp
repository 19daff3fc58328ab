// SPDX-License-Identifier: Apache-2.0
#include "transfer/far_reader.hpp"

#include "transfer/limits.hpp"
#include "transfer/pack.hpp"
#include "transfer/path.hpp"
#include "transfer/stopwatch.hpp"

#include <algorithm>
#include <array>

namespace cp::transfer {
namespace {

// Of one archive: what is on a command line there, and what is on its way until its sums come.
constexpr std::size_t kWantedFiles = 256;
constexpr std::size_t kWantedUnknown = 32;  // where nobody knows their sizes
constexpr std::size_t kWantedNames = std::size_t{32} << 10U;
constexpr std::uint64_t kWantedBytes = std::uint64_t{16} << 20U;

bool travels(const FarFound& found) {
  return found.kind == FarFound::Kind::file || found.kind == FarFound::Kind::link;
}

}  // namespace

FarReader::FarReader(Parts parts) : parts_(std::move(parts)), pacer_(parts_.bytes_per_second) {}

Result<void> FarReader::run(const std::vector<FarSource>& sources) {
  for (const FarSource& source : sources) {
    CP_TRY_ASSIGN(const auto found,
                  list_far(parts_.shell, source, parts_.selection.one_file_system));
    CP_TRY(move(source, found));
  }
  parts_.report.tally().walk_ended = true;
  return {};
}

Result<void> FarReader::move(const FarSource& source, const std::vector<FarFound>& found) {
  source_ = &source;
  left_out_.clear();
  for (const FarFound& one : found) {
    CP_TRY(plan(one));
    parts_.report.tick();
  }
  CP_TRY(flush());
  for (const FarFound* one : std::exchange(again_, {})) {
    CP_TRY(fetch(std::span(&one, 1)));
    CP_TRY(settle());
  }
  return {};
}

void FarReader::fail_item(const FarFound& found, Errc code, std::string why) {
  const std::string path = parts_.server + source_->show(found.entry.path);
  parts_.report.tally().failed({.path = path, .error = {code, std::move(why), {}}});
  parts_.taker.failed_at_source(0);
}

bool FarReader::is_left_out(const FarFound& found) {
  const std::string& path = found.entry.path;
  if (!left_out_.empty() && path.starts_with(left_out_)) {
    return true;
  }
  const bool is_old = parts_.selection.newer_than_s && !found.is_directory() &&
                      found.entry.metadata.mtime_s < *parts_.selection.newer_than_s;
  if (is_old || (!path.empty() && parts_.selection.filter.excludes(path, found.is_directory()))) {
    left_out_ = found.is_directory() ? path + "/" : left_out_;
    return true;
  }
  return false;
}

Result<void> FarReader::plan(const FarFound& found) {
  if (is_left_out(found)) {
    return {};
  }
  Tally& tally = parts_.report.tally();
  if (const auto checked = check_path(found.entry.path); !checked) {
    ++tally.files_found;
    fail_item(found, checked.error().code, checked.error().message);
    left_out_ = found.is_directory() ? found.entry.path + "/" : left_out_;
    return {};
  }
  if (found.is_directory()) {
    return add_directory(found);
  }
  ++tally.files_found;
  if (!travels(found)) {
    const bool is_other = found.kind == FarFound::Kind::other;
    fail_item(found, is_other ? Errc::unavailable : Errc::denied,
              is_other ? "it is no file, directory or link" : "permission denied");
    return {};
  }
  tally.bytes_found += found.kind == FarFound::Kind::file ? found.entry.size : 0;
  return request(found);
}

Result<void> FarReader::add_directory(const FarFound& found) {
  Entry entry = found.entry;
  entry.type = EntryType::directory;
  entry.size = 0;
  if (!found.has_status) {
    entry.metadata = {.mode = 0755,
                      .mtime_s = std::chrono::duration_cast<std::chrono::seconds>(
                                     SystemClock().now().time_since_epoch())
                                     .count()};
  }
  CP_TRY(parts_.taker.add(entry));
  if (found.kind == FarFound::Kind::unreadable_directory) {
    ++parts_.report.tally().files_found;
    fail_item(found, Errc::denied, "permission denied");
  }
  return {};
}

Result<void> FarReader::request(const FarFound& found) {
  Tally& tally = parts_.report.tally();
  if (found.kind == FarFound::Kind::file && found.has_status &&
      parts_.have.has_landed(found.entry.stamp)) {
    ++tally.files_skipped;
    tally.bytes_skipped += found.entry.size;
    return parts_.taker.keep({.stamps = {found.entry.stamp}});
  }
  wanted_.push_back(&found);
  wanted_names_ += found.entry.path.size() + 3;
  wanted_bytes_ += found.entry.size;
  const bool is_full = wanted_.size() >= (found.has_status ? kWantedFiles : kWantedUnknown) ||
                       wanted_names_ >= kWantedNames || wanted_bytes_ >= kWantedBytes;
  return is_full ? flush() : Result<void>();
}

Result<void> FarReader::flush() {
  wanted_names_ = 0;
  wanted_bytes_ = 0;
  const auto wanted = std::exchange(wanted_, {});
  CP_TRY(fetch(wanted));
  return settle();
}

// The archive has what was asked for in its order, less what could not be read.
Result<void> FarReader::fetch(std::span<const FarFound* const> wanted) {
  if (wanted.empty()) {
    return {};
  }
  std::vector<std::string> words;
  for (const FarFound* one : wanted) {
    words.push_back("./" + one->entry.path);
  }
  CP_TRY(parts_.shell.ask("get", words));
  std::size_t next = 0;
  while (true) {
    CP_TRY_ASSIGN(auto member, read_tar_header([&](auto out) { return read(out); }));
    const std::size_t first = next;
    while (next < words.size() && (!member || words[next] != member->path)) {
      ++next;
    }
    for (std::size_t i = first; i < next; ++i) {
      fail_item(*wanted[i], Errc::io, "it could not be read there");
    }
    if (!member) {
      break;
    }
    if (next == words.size()) {
      return fail(Errc::protocol, "the far tar wrote what nobody asked for");
    }
    CP_TRY(take_member(*wanted[next++], *std::move(member)));
    parts_.report.tick();
  }
  return parts_.shell.end_of_archive();
}

Entry FarReader::entry_of(const FarFound& found, const TarMember& member) const {
  Entry entry = found.entry;
  entry.size = member.size;
  // Its tar may know no fractions of a second.
  if (!found.has_status || found.entry.metadata.mtime_s != member.metadata.mtime_s) {
    entry.metadata = member.metadata;
    entry.stamp = {};
  }
  if (found.entry.size != member.size) {
    entry.stamp = {};
  }
  return entry;
}

Result<void> FarReader::take_member(const FarFound& found, TarMember member) {
  const bool is_link = found.kind == FarFound::Kind::link;
  if (!is_link && member.type == TarMember::Type::hard_link) {
    again_.push_back(&found);
    return {};
  }
  if (is_link && member.type == TarMember::Type::link) {
    Entry entry = entry_of(found, member);
    entry.type = EntryType::link;
    entry.size = 0;
    entry.target = std::move(member.target);
    return parts_.taker.add(entry);
  }
  if (is_link || member.type != TarMember::Type::file) {
    fail_item(found, Errc::failed, "it changed while it was read");
    return drain(member.size + tar_padding(member.size));
  }
  if (!found.has_status) {
    parts_.report.tally().bytes_found += member.size;
  }
  Arrived arrived{.found = &found, .member = std::move(member), .sum = {}, .data = {}};
  CP_TRY(arrived.member.size <= limits::packed_file_bytes ? take_small(arrived)
                                                          : take_alone(arrived));
  CP_TRY(skip_padding(arrived.member.size));
  arrived_.push_back(std::move(arrived));
  return {};
}

Result<void> FarReader::read(std::span<std::byte> out) {
  Tally& tally = parts_.report.tally();
  const Stopwatch reading(tally.sending_ns);
  pacer_.wait(out.size(), parts_.stop);
  CP_TRY(parts_.shell.read(out));
  tally.bytes_carried += out.size();
  return {};
}

Result<void> FarReader::drain(std::uint64_t bytes) {
  std::vector<std::byte> buffer(limits::leaf_bytes);
  for (; bytes != 0; bytes -= std::min<std::uint64_t>(bytes, buffer.size())) {
    CP_TRY(read(std::span(buffer).first(std::min<std::uint64_t>(bytes, buffer.size()))));
  }
  return {};
}

Result<void> FarReader::skip_padding(std::uint64_t size) {
  std::array<std::byte, tar_block_bytes> padding{};
  return read(std::span(padding).first(tar_padding(size)));
}

Result<void> FarReader::take_small(Arrived& arrived) {
  arrived.data.resize(arrived.member.size);
  CP_TRY(read(arrived.data));
  FarSum sum(parts_.shell.tools().sum);
  sum.add(arrived.data);
  arrived.sum = sum.finish();
  return {};
}

Result<void> FarReader::take_alone(Arrived& arrived) {
  Entry entry = entry_of(*arrived.found, arrived.member);
  entry.id = ++files_alone_;
  arrived.id = entry.id;
  const auto* there = parts_.have.partial(entry.stamp, entry.size);
  if (there != nullptr && (there->is_fresh || entry.is_fresh)) {
    // It may have changed without a trace: it begins anew.
    entry.stamp = {};
    there = nullptr;
  }
  CP_TRY(parts_.taker.add(entry));
  FarSum sum(parts_.shell.tools().sum);
  LeafTree leaves;
  std::vector<std::byte> slot(limits::leaf_bytes);
  for (std::uint64_t offset = 0; offset < entry.size; offset += slot.size()) {
    slot.resize(std::min<std::uint64_t>(limits::leaf_bytes, entry.size - offset));
    CP_TRY(read(slot));
    sum.add(slot);
    const ChunkHeader header{.id = entry.id,
                             .offset = offset,
                             .length = static_cast<std::uint32_t>(slot.size()),
                             .digest = leaf_digest(slot)};
    leaves.add(offset / limits::leaf_bytes, header.digest);
    if (there != nullptr && there->leaves.contains(offset / limits::leaf_bytes)) {
      parts_.report.tally().bytes_skipped += slot.size();
    }
    {
      const Stopwatch placing(parts_.report.tally().placing_ns);
      CP_TRY(parts_.taker.take(header, slot));
    }
    parts_.report.tick();
  }
  arrived.sum = sum.finish();
  arrived.digest = leaves.file_digest(entry.size);
  return {};
}

// Nothing gets its name before the far end has said what it sent.
Result<void> FarReader::settle() {
  std::vector<Arrived> arrived = std::exchange(arrived_, {});
  std::vector<std::string> paths;
  for (const Arrived& one : arrived) {
    paths.push_back("./" + one.found->entry.path);
  }
  CP_TRY_ASSIGN(const auto sums, parts_.shell.sums(paths));
  std::vector<Arrived> small;
  for (std::size_t i = 0; i < arrived.size(); ++i) {
    const bool is_good = sums[i] == arrived[i].sum;
    if (!is_good) {
      fail_item(*arrived[i].found, Errc::failed, "it changed while it was read");
    }
    if (arrived[i].id == 0 && is_good) {
      small.push_back(std::move(arrived[i]));
    } else if (arrived[i].id != 0) {
      CP_TRY(settle_one(arrived[i], is_good));
    }
  }
  return give(small);
}

Result<void> FarReader::settle_one(const Arrived& arrived, bool is_good) {
  if (!is_good) {
    parts_.taker.failed_at_source(arrived.id);
    return {};
  }
  return parts_.taker.end({.id = arrived.id,
                           .digest = arrived.digest,
                           .metadata = entry_of(*arrived.found, arrived.member).metadata});
}

Result<void> FarReader::give(const std::vector<Arrived>& small) {
  std::vector<std::byte> slot(limits::chunk_bytes);
  for (std::size_t i = 0; i < small.size();) {
    PackWriter pack(slot);
    for (; i < small.size(); ++i) {
      const Arrived& one = small[i];
      const Entry entry = entry_of(*one.found, one.member);
      if (!pack.has_room_for(entry.size, entry.path)) {
        break;
      }
      std::ranges::copy(one.data, pack.room_for(entry.size, entry.path).begin());
      pack.add(entry.path, entry.metadata, static_cast<std::uint32_t>(entry.size),
               entry.is_fresh ? Digest{} : entry.stamp);
    }
    const std::uint32_t length = pack.finish();
    const Stopwatch placing(parts_.report.tally().placing_ns);
    CP_TRY(parts_.taker.take({.is_pack = true,
                              .id = ++packs_,
                              .length = length,
                              .digest = leaf_digest(std::span(slot).first(length))},
                             std::span(slot).first(length)));
  }
  return {};
}

}  // namespace cp::transfer
