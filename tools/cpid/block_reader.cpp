// SPDX-License-Identifier: Apache-2.0
#include "block_reader.hpp"

#include "base/fd.hpp"
#include "base/limits.hpp"

#include <algorithm>
#include <fcntl.h>

namespace cpid {
namespace {

using cp::Errc;
using cp::Result;

// A pipe gives 64 KiB a read unless it is widened; at 1 MiB the reads no longer show in a profile.
constexpr std::size_t kBufferBytes = 1U << 20U;

}  // namespace

BlockReader::BlockReader(int fd, std::string name)
    : fd_(fd), name_(std::move(name)), buffer_(kBufferBytes) {
  (void)::fcntl(fd_, F_SETPIPE_SZ, static_cast<int>(kBufferBytes));  // only a pipe takes it
}

Result<void> BlockReader::fill() {
  std::copy(buffer_.data() + begin_, buffer_.data() + end_, buffer_.data());
  end_ -= begin_;
  begin_ = 0;
  const auto count = cp::read_some(fd_, {buffer_.data() + end_, buffer_.size() - end_});
  if (!count) {
    return cp::fail(Errc::io, "cannot read {}: {}", name_, count.error().message);
  }
  end_ += *count;
  at_end_ = *count == 0;
  return {};
}

Result<std::string_view> BlockReader::next() {
  while (!at_end_) {
    CP_TRY(fill());
    const std::string_view held(buffer_.data(), end_);
    const auto newline = held.rfind('\n');
    if (newline != std::string_view::npos) {
      begin_ = newline + 1;
      return held.substr(0, begin_);
    }
    if (held.size() > cp::limits::string_bytes) {
      return cp::fail(Errc::bad_data, "{}: a line is longer than {} bytes", name_,
                      cp::limits::string_bytes);
    }
  }
  const std::string_view rest(buffer_.data() + begin_, end_ - begin_);
  begin_ = end_;
  return rest;
}

}  // namespace cpid
