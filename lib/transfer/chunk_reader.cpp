// SPDX-License-Identifier: Apache-2.0
#include "transfer/chunk_reader.hpp"

#include "transfer/pack.hpp"

#include <algorithm>

namespace cp::transfer {
namespace {

// Reads all of the file of ENTRY into OUT, which is exactly its size.
Result<void> read_whole(const Source& source, const Entry& entry, std::span<std::byte> out) {
  CP_TRY_ASSIGN(const UniqueFd fd, open_as_walked(source, entry));
  CP_TRY_ASSIGN(const std::size_t have, read_at(fd.get(), 0, out));
  if (have != out.size()) {
    return fail(Errc::failed, "it changed while it was read");
  }
  CP_TRY(check_told_size(fd.get(), entry));
  return check_unchanged(fd.get(), entry);
}

Result<std::optional<ChunkHeader>> read_pack(const PackWork& work, std::span<std::byte> slot,
                                             ReadEvents& events) {
  PackWriter pack(slot);
  for (const Entry& entry : work.files) {
    const auto room = pack.room_for(entry.size, entry.path, encoded_bytes(entry.extras.get()));
    if (const auto read = read_whole(*work.source, entry, room); !read) {
      CP_TRY(events.source_failed(*work.source, entry, read.error()));
      continue;
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
                                              ReadEvents& events) {
  if (const auto* pack = std::get_if<PackWork>(&work)) {
    return read_pack(*pack, slot, events);
  }
  if (const auto* block = std::get_if<BlockWork>(&work)) {
    return copy_block(*block, slot);
  }
  return read_leaf(std::get<ChunkWork>(work), slot, events);
}

}  // namespace cp::transfer
