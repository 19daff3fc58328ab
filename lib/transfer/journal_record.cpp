// SPDX-License-Identifier: Apache-2.0
#include "transfer/journal_record.hpp"

#include "transfer/entry.hpp"
#include "transfer/limits.hpp"
#include "transfer/path.hpp"
#include "transfer/wire.hpp"

#include <xxhash.h>

#include <algorithm>

namespace cp::transfer {
namespace {

constexpr std::uint32_t kJournalMagic = 0x4A585043;  // "CPXJ"
constexpr std::size_t kItemBytes = 16 + 16 + 8 + 8 + 8 + 4 + 2;

void put(WireWriter& out, const Digest& digest) { out.put_bytes(digest.bytes); }

void put(WireWriter& out, bool value) { out.put(static_cast<std::uint8_t>(value)); }
bool get_bool(WireReader& in) { return in.get<std::uint8_t>() == 1; }

std::string body_of(const JournalHeader& header) {
  WireWriter out;
  out.put(kJournalMagic).put(header.version);
  put(out, header.key);
  out.put_text(header.id);
  put(out, header.root_is_new);
  return out.take();
}

std::string body_of(const JournalAttempt& attempt) {
  WireWriter out;
  put(out, attempt.is_synced);
  put(out, attempt.boot);
  return out.put_signed(attempt.started_s).take();
}

std::string body_of(const JournalFile& file) {
  WireWriter out;
  out.put(file.staged);
  put(out, file.stamp);
  out.put(file.size);
  put(out, file.is_fresh);
  return out.take();
}

std::string body_of(const JournalLeaves& leaves) {
  WireWriter out;
  out.put(leaves.staged).put(leaves.first);
  out.put(static_cast<std::uint32_t>(leaves.digests.size()));
  for (const Digest& digest : leaves.digests) {
    put(out, digest);
  }
  return out.take();
}

std::string body_of(const JournalItems& items) {
  WireWriter out;
  out.put(static_cast<std::uint32_t>(items.items.size()));
  for (const JournalItem& item : items.items) {
    put(out, item.stamp);
    put(out, item.entry);
    out.put(item.size).put(item.inode).put_signed(item.mtime_s).put(item.mtime_ns);
    out.put_text(item.place);
  }
  return out.take();
}

template <class T>
std::optional<JournalRecord> if_whole(const WireReader& in, bool is_sound, T record) {
  return in.at_end() && is_sound ? std::optional<JournalRecord>(std::move(record)) : std::nullopt;
}

std::optional<JournalRecord> parse_header(WireReader in) {
  const auto magic = in.get<std::uint32_t>();
  JournalHeader header;
  header.version = in.get<std::uint32_t>();
  if (!in.good() || magic != kJournalMagic) {
    return std::nullopt;
  }
  // What another version goes on with is its own business.
  if (header.version != JournalHeader::our_version) {
    return header;
  }
  header.key = in.get_digest();
  header.id = in.get_text();
  header.root_is_new = get_bool(in);
  return if_whole(in, true, std::move(header));
}

std::optional<JournalRecord> parse_attempt(WireReader in) {
  JournalAttempt attempt;
  attempt.is_synced = get_bool(in);
  attempt.boot = in.get_digest();
  attempt.started_s = in.get_signed();
  return if_whole(in, true, attempt);
}

std::optional<JournalRecord> parse_file(WireReader in) {
  JournalFile file;
  file.staged = in.get<std::uint64_t>();
  file.stamp = in.get_digest();
  file.size = in.get<std::uint64_t>();
  file.is_fresh = get_bool(in);
  return if_whole(in, file.staged != 0 && file.size != 0 && file.size < limits::file_bytes, file);
}

std::optional<JournalRecord> parse_leaves(WireReader in, std::size_t body_bytes) {
  JournalLeaves leaves;
  leaves.staged = in.get<std::uint64_t>();
  leaves.first = in.get<std::uint64_t>();
  const auto count = in.get<std::uint32_t>();
  if (count > body_bytes / sizeof(Digest)) {
    return std::nullopt;
  }
  leaves.digests.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    leaves.digests.push_back(in.get_digest());
  }
  const bool is_sound = leaves.first < limits::file_bytes / limits::leaf_bytes;
  return if_whole(in, is_sound, std::move(leaves));
}

std::optional<JournalRecord> parse_items(WireReader in, std::size_t body_bytes) {
  const auto count = in.get<std::uint32_t>();
  if (count > body_bytes / kItemBytes) {
    return std::nullopt;
  }
  JournalItems items;
  items.items.reserve(count);
  bool is_sound = true;
  for (std::uint32_t i = 0; i < count; ++i) {
    JournalItem item;
    item.stamp = in.get_digest();
    item.entry = in.get_digest();
    item.size = in.get<std::uint64_t>();
    item.inode = in.get<std::uint64_t>();
    item.mtime_s = in.get_signed();
    item.mtime_ns = in.get<std::uint32_t>();
    item.place = in.get_text();
    is_sound = is_sound && !item.place.empty() && check_path(item.place).has_value();
    items.items.push_back(std::move(item));
  }
  return if_whole(in, is_sound, std::move(items));
}

std::uint64_t checksum_of(const RecordHeader& header, std::span<const std::byte> body,
                          std::uint64_t at) {
  std::array<std::byte, 16> place{};
  store_le(&place[0], at);
  store_le(&place[8], header.body_bytes);
  store_le(&place[12], header.type);
  return XXH3_64bits_withSeed(body.data(), body.size(), XXH3_64bits(place.data(), place.size()));
}

}  // namespace

RecordHeader head_of(std::uint16_t type, std::span<const std::byte> body, std::uint64_t at) {
  RecordHeader header{
      .body_bytes = static_cast<std::uint32_t>(body.size()), .type = type, .checksum = 0};
  header.checksum = checksum_of(header, body, at);
  return header;
}

std::string encode_record(const JournalRecord& record, std::uint64_t at) {
  std::uint16_t type = 0;
  const std::string body = std::visit(
      [&](const auto& one) {
        type = one.type;
        return body_of(one);
      },
      record);
  const RecordHeader header = head_of(type, std::as_bytes(std::span(body)), at);
  return WireWriter()
             .put(header.body_bytes)
             .put(header.type)
             .put(std::uint16_t{0})
             .put(header.checksum)
             .take() +
         body;
}

std::optional<RecordHeader> decode_record_header(
    std::span<const std::byte, RecordHeader::bytes> in) {
  RecordHeader header;
  header.body_bytes = load_le<std::uint32_t>(&in[0]);
  header.type = load_le<std::uint16_t>(&in[4]);
  header.checksum = load_le<std::uint64_t>(&in[8]);
  const bool is_one = load_le<std::uint16_t>(&in[6]) == 0 &&
                      header.body_bytes <= limits::journal_record_bytes &&
                      header.type >= JournalHeader::type && header.type <= JournalItems::type;
  return is_one ? std::optional(header) : std::nullopt;
}

std::optional<JournalRecord> decode_record(const RecordHeader& header,
                                           std::span<const std::byte> body, std::uint64_t at) {
  if (body.size() != header.body_bytes || checksum_of(header, body, at) != header.checksum) {
    return std::nullopt;
  }
  switch (header.type) {
    case JournalHeader::type:
      return parse_header(WireReader(body));
    case JournalAttempt::type:
      return parse_attempt(WireReader(body));
    case JournalFile::type:
      return parse_file(WireReader(body));
    case JournalLeaves::type:
      return parse_leaves(WireReader(body), body.size());
    case JournalItems::type:
      return parse_items(WireReader(body), body.size());
    default:
      return std::nullopt;
  }
}

}  // namespace cp::transfer
