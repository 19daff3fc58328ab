// SPDX-License-Identifier: Apache-2.0
#include "transfer/chunk_reader.hpp"

#include "transfer/pack.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

namespace cp::transfer {
namespace {

// The files of WORK, each where it stands in a pack in SLOT when all of them can be read.
std::vector<WholeFile> placed_in(std::span<std::byte> slot, const PackWork& work) {
  std::vector<WholeFile> files;
  files.reserve(work.files.size());
  for (const Entry& entry : work.files) {
    files.push_back({.entry = &entry, .out = slot.first(entry.size)});
    slot = slot.subspan(entry.size);
  }
  return files;
}

Result<std::optional<ChunkHeader>> read_pack(const PackWork& work, std::span<std::byte> slot,
                                             SmallFiles& small, ReadEvents& events) {
  std::vector<WholeFile> files = placed_in(slot, work);
  small.read(*work.source, files);
  PackWriter pack(slot);
  for (const WholeFile& file : files) {
    const Entry& entry = *file.entry;
    if (!file.result) {
      CP_TRY(events.source_failed(*work.source, entry, file.result.error()));
      continue;
    }
    const auto room = pack.room_for(entry.size, entry.path, encoded_bytes(entry.extras.get()));
    if (room.data() != file.out.data()) {
      std::memmove(room.data(), file.out.data(), room.size());  // one before it is missing
    }
    // A fresh file is sent again when the transfer is resumed.
    pack.add(entry.path, entry.metadata, static_cast<std::uint32_t>(entry.size),
             entry.is_fresh ? Digest{} : entry.stamp, entry.extras.get());
  }
  if (pack.files() == 0) {
    return std::nullopt;
  }
  const std::uint32_t length = pack.finish();
  return ChunkHeader{
      .is_pack = true, .id = work.id, .length = length, .digest = leaf_digest(slot.first(length))};
}

Result<std::optional<ChunkHeader>> give_up(SourceFile& file, const Error& error,
                                           ReadEvents& events) {
  if (file.give_up()) {
    CP_TRY(events.source_failed(file.source(), file.entry(), error));
  }
  return std::nullopt;
}

Result<std::optional<ChunkHeader>> read_leaf(const ChunkWork& work, std::span<std::byte> slot,
                                             ReadEvents& events) {
  SourceFile& file = *work.file;
  if (file.is_given_up()) {
    return std::nullopt;
  }
  const auto length = file.read(work.offset, slot);
  if (!length) {
    return give_up(file, length.error(), events);
  }
  const ChunkHeader header{.id = file.entry().id,
                           .offset = work.offset,
                           .length = *length,
                           .digest = leaf_digest(slot.first(*length))};
  if (const auto end = file.add(work.offset, header.digest)) {
    if (!*end) {
      return give_up(file, end->error(), events);
    }
    CP_TRY(events.file_ended(file, **end));
  }
  return header;
}

ChunkHeader copy_block(const BlockWork& work, std::span<std::byte> slot) {
  std::ranges::copy(*work.data, slot.begin());
  return {.id = work.id,
          .offset = work.offset,
          .length = static_cast<std::uint32_t>(work.data->size()),
          .digest = work.digest};
}

}  // namespace

Result<std::optional<ChunkHeader>> read_chunk(const Work& work, std::span<std::byte> slot,
                                              SmallFiles& small, ReadEvents& events) {
  if (const auto* pack = std::get_if<PackWork>(&work)) {
    return read_pack(*pack, slot, small, events);
  }
  if (const auto* block = std::get_if<BlockWork>(&work)) {
    return copy_block(*block, slot);
  }
  return read_leaf(std::get<ChunkWork>(work), slot, events);
}

}  // namespace cp::transfer
