// SPDX-License-Identifier: Apache-2.0
#include "transfer/pack.hpp"

#include "transfer/wire.hpp"

#include <algorithm>
#include <cstring>

namespace cp::transfer {
namespace {

constexpr std::size_t kTrailerBytes = 8;
constexpr std::uint32_t kHasExtrasBit = std::uint32_t{1} << 31U;
static_assert(packed_overhead("") == 4 + 4 + 8 + 4 + 16 + 2);
static_assert(pack_room == limits::chunk_bytes - kTrailerBytes);

struct Trailer {
  std::uint32_t files;
  std::size_t table_bytes;
};

Result<Trailer> read_trailer(std::span<const std::byte> payload) {
  if (payload.size() < kTrailerBytes) {
    return fail(Errc::protocol, "a pack without a table");
  }
  WireReader reader(payload.last(kTrailerBytes));
  const Trailer trailer{reader.get<std::uint32_t>(), reader.get<std::uint32_t>()};
  if (trailer.files == 0 || trailer.files > limits::packed_files ||
      trailer.table_bytes > payload.size() - kTrailerBytes) {
    return fail(Errc::protocol, "a pack whose table does not fit it");
  }
  return trailer;
}

Result<PackedFile> read_row(WireReader& table) {
  PackedFile file;
  file.size = table.get<std::uint32_t>();
  const auto mode = table.get<std::uint32_t>();
  file.metadata = {.mode = mode & ~kHasExtrasBit,
                   .mtime_s = table.get_signed(),
                   .mtime_ns = table.get<std::uint32_t>()};
  file.stamp = table.get_digest();
  file.path = table.get_text();
  if ((mode & kHasExtrasBit) != 0) {
    const auto bytes = table.get_bytes(table.get<std::uint32_t>());
    CP_TRY_ASSIGN(file.extras,
                  decode_extras({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, 0));
  }
  return file;
}

}  // namespace

bool PackWriter::has_room_for(std::uint64_t size, std::string_view path,
                              std::size_t extras_bytes) const {
  const std::size_t taken =
      data_ + table_.size() + packed_overhead(path, extras_bytes) + kTrailerBytes;
  return files_ < limits::packed_files && taken <= slot_.size() && size <= slot_.size() - taken;
}

std::span<std::byte> PackWriter::room_for(std::uint64_t size, std::string_view path,
                                          std::size_t extras_bytes) {
  return has_room_for(size, path, extras_bytes) ? slot_.subspan(data_, size)
                                                : std::span<std::byte>{};
}

void PackWriter::add(std::string_view path, const Metadata& metadata, std::uint32_t size,
                     const Digest& stamp, const Extras* extras) {
  WireWriter row;
  const std::string more = extras == nullptr ? "" : encode(*extras);
  const std::uint32_t mode = metadata.mode | (more.empty() ? 0U : kHasExtrasBit);
  row.put(size).put(mode).put_signed(metadata.mtime_s).put(metadata.mtime_ns);
  row.put_bytes(stamp.bytes);
  row.put_text(path);
  if (!more.empty()) {
    row.put(static_cast<std::uint32_t>(more.size())).put_bytes(std::as_bytes(std::span(more)));
  }
  table_ += row.bytes();
  data_ += size;
  ++files_;
}

std::uint32_t PackWriter::finish() {
  WireWriter trailer;
  trailer.put(files_).put(static_cast<std::uint32_t>(table_.size()));
  table_ += trailer.bytes();
  std::memcpy(slot_.data() + data_, table_.data(), table_.size());
  return static_cast<std::uint32_t>(data_ + table_.size());
}

Result<std::vector<PackedFile>> unpack(std::span<const std::byte> payload) {
  CP_TRY_ASSIGN(const Trailer trailer, read_trailer(payload));
  const std::size_t data_bytes = payload.size() - kTrailerBytes - trailer.table_bytes;
  WireReader table(payload.subspan(data_bytes, trailer.table_bytes));
  WireReader data(payload.first(data_bytes));
  std::vector<PackedFile> files;
  files.reserve(trailer.files);
  for (std::uint32_t i = 0; i < trailer.files; ++i) {
    CP_TRY_ASSIGN(PackedFile file, read_row(table));
    file.data = data.get_bytes(file.size);
    files.push_back(std::move(file));
  }
  if (!table.at_end() || !data.at_end()) {
    return fail(Errc::protocol, "a pack whose table does not fit it");
  }
  return files;
}

}  // namespace cp::transfer
