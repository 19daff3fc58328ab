// SPDX-License-Identifier: Apache-2.0
#include "transfer/stage_bench.hpp"

#include "base/file.hpp"
#include "base/random.hpp"
#include "transfer/digest.hpp"
#include "transfer/holes.hpp"
#include "transfer/limits.hpp"
#include "transfer/seal.hpp"
#include "transfer/zstd.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <functional>
#include <sys/statvfs.h>
#include <unistd.h>

namespace cp::transfer {
namespace {

// More than the caches of a processor hold, so that memory has a part in it as in a transfer.
constexpr std::size_t kChunksInTurn = 64;
// Of a file: what is written between two syncs, and at most, whatever room there is.
constexpr std::uint64_t kSyncEvery = std::uint64_t{32} << 20U;
constexpr std::uint64_t kMostWritten = std::uint64_t{16} << 30U;
// A sync may take its time; there is no end to one that does not come back.
constexpr auto kDiskPatience = std::chrono::minutes(2);
constexpr int kBenchLevel = 1;

using Chunk = std::vector<std::byte>;

Chunk random_chunk() {
  Chunk chunk(limits::chunk_bytes);
  KernelRandom().fill(chunk);
  return chunk;
}

SteadyTime now_steady() { return SystemClock().steady(); }

// Calls STEP, which does one chunk's work, until the time is over, and once where that is soon.
template <class Step>
Result<std::uint64_t> repeat(SteadyTime end, const std::stop_token& halt, Step step) {
  std::uint64_t bytes = 0;
  while ((bytes == 0 || now_steady() < end) && !halt.stop_requested()) {
    CP_TRY(step());
    bytes += limits::chunk_bytes;
  }
  return bytes;
}

Result<Effort> on_threads(
    const StageTime& time, std::chrono::nanoseconds patience,
    const std::function<Result<std::uint64_t>(std::size_t, SteadyTime, const std::stop_token&)>&
        work) {
  const SteadyTime end = now_steady() + time.duration;
  return work_together(
      static_cast<std::size_t>(time.threads),
      [&](std::size_t i, const std::stop_token& halt) { return work(i, end, halt); },
      {.latest = end + patience, .stop = time.stop});
}

constexpr auto kCpuPatience = std::chrono::seconds(30);

Chunk hexadecimal_chunk() {
  constexpr std::string_view kDigits = "0123456789abcdef";
  Chunk chunk = random_chunk();
  for (std::byte& byte : chunk) {
    byte = static_cast<std::byte>(kDigits[std::to_integer<std::size_t>(byte) % kDigits.size()]);
  }
  return chunk;
}

Result<std::uint64_t> room_for_each(int directory, int files) {
  struct statvfs status {};
  if (::fstatvfs(directory, &status) != 0) {
    return fail_errno(errno, "statvfs");
  }
  const std::uint64_t free_bytes = std::uint64_t{status.f_bavail} * status.f_frsize;
  return std::min(kMostWritten, free_bytes / 2 / static_cast<std::uint64_t>(files));
}

Result<UniqueFd> open_nameless(const std::string& directory) {
  UniqueFd file(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (file || (errno != EOPNOTSUPP && errno != EISDIR)) {
    return file ? Result<UniqueFd>(std::move(file)) : fail_errno(errno, directory);
  }
  std::string name = path_join(directory, ".cpxfer-bench-XXXXXX");
  file = UniqueFd(::mkostemp(name.data(), O_CLOEXEC));
  if (!file) {
    return fail_errno(errno, directory);
  }
  ::unlink(name.c_str());
  return file;
}

Result<std::uint64_t> write_until(int fd, const Chunk& chunk, std::uint64_t room, SteadyTime end,
                                  const std::stop_token& halt) {
  std::uint64_t written = 0;
  while ((written == 0 || now_steady() < end) && written < room && !halt.stop_requested()) {
    CP_TRY(write_at(fd, written, chunk));
    written += chunk.size();
    if (written % kSyncEvery == 0 && ::fdatasync(fd) != 0) {
      return fail_errno(errno, "syncing");
    }
  }
  if (::fdatasync(fd) != 0) {
    return fail_errno(errno, "syncing");
  }
  return written;
}

Result<std::uint64_t> read_until(int fd, std::uint64_t size, SteadyTime end,
                                 const std::stop_token& halt) {
  Chunk chunk(limits::chunk_bytes);
  std::uint64_t have = 0;
  while ((have == 0 || now_steady() < end) && have < size && !halt.stop_requested()) {
    const ssize_t count = ::pread(fd, chunk.data(), chunk.size(), static_cast<off_t>(have));
    if (count <= 0) {
      return fail_errno(count == 0 ? EIO : errno, "reading");
    }
    have += static_cast<std::uint64_t>(count);
  }
  return have;
}

}  // namespace

Result<Effort> bench_hash(const StageTime& time) {
  const std::vector<Chunk> chunks(kChunksInTurn, random_chunk());
  return on_threads(time, kCpuPatience,
                    [&](std::size_t i, SteadyTime end, const std::stop_token& halt) {
                      std::size_t next = i;
                      Digest last;
                      return repeat(end, halt, [&]() -> Result<void> {
                        last = leaf_digest(chunks[next++ % chunks.size()]);
                        return {};
                      });
                    });
}

Result<Effort> bench_seal(const StageTime& time) {
  std::vector<Chunk> chunks(static_cast<std::size_t>(time.threads), random_chunk());
  return on_threads(time, kCpuPatience,
                    [&](std::size_t i, SteadyTime end, const std::stop_token& halt) {
                      FrameSealer sealer(std::string(limits::key_bytes, 'k'));
                      std::array<std::byte, ChunkHeader::encoded_bytes> bytes;
                      ChunkHeader header{.id = 1, .length = limits::chunk_bytes};
                      return repeat(end, halt, [&]() -> Result<void> {
                        ++header.sequence;
                        sealer.seal(header, bytes, chunks[i]);
                        return {};
                      });
                    });
}

Result<Effort> bench_compress(const StageTime& time) {
  const Chunk chunk = hexadecimal_chunk();
  return on_threads(time, kCpuPatience,
                    [&](std::size_t, SteadyTime end, const std::stop_token& halt) {
                      ZstdCompressor compressor;
                      return repeat(end, halt, [&]() -> Result<void> {
                        compressor.compress(chunk, kBenchLevel, chunk.size());
                        return {};
                      });
                    });
}

Result<DiskBench> DiskBench::open(const std::string& directory, int files) {
  const UniqueFd place(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!place) {
    return fail_errno(errno, directory);
  }
  CP_TRY_ASSIGN(const std::uint64_t room, room_for_each(place.get(), files));
  std::vector<UniqueFd> opened;
  for (int i = 0; i < files; ++i) {
    CP_TRY_ASSIGN(auto file, open_nameless(directory));
    opened.push_back(std::move(file));
  }
  return DiskBench(std::move(opened), room);
}

Result<Effort> DiskBench::write(const StageTime& time) {
  const Chunk chunk = random_chunk();
  return on_threads(time, kDiskPatience,
                    [&](std::size_t i, SteadyTime end, const std::stop_token& halt) {
                      auto written = write_until(files_[i].get(), chunk, room_, end, halt);
                      written_[i] = written.value_or(0);
                      return written;
                    });
}

Result<Effort> DiskBench::read(const StageTime& time) {
  for (const UniqueFd& file : files_) {
    ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED);
  }
  return on_threads(time, kDiskPatience,
                    [this](std::size_t i, SteadyTime end, const std::stop_token& halt) {
                      return read_until(files_[i].get(), written_[i], end, halt);
                    });
}

}  // namespace cp::transfer
