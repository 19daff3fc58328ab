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

Result<std::string_view> BlockReader::peek() {
  while (!at_end_ && held().find_first_not_of(" \t\r\n") == std::string_view::npos &&
         held().size() < buffer_.size()) {
    CP_TRY(fill());
  }
  return held();
}

Result<std::string_view> BlockReader::next() {
  while (true) {
    const std::string_view text = held();
    const auto newline = text.rfind('\n');
    if (newline != std::string_view::npos || at_end_) {
      const std::string_view lines = text.substr(0, at_end_ ? text.size() : newline + 1);
      begin_ += lines.size();
      return lines;
    }
    if (text.size() > cp::limits::string_bytes) {
      return cp::fail(Errc::bad_data, "{}: a line is longer than {} bytes", name_,
                      cp::limits::string_bytes);
    }
    CP_TRY(fill());
  }
}

}  // namespace cpid
