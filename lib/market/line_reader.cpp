// SPDX-License-Identifier: Apache-2.0
#include "market/line_reader.hpp"

#include "base/limits.hpp"
#include "base/utf8.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <span>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace cp::market {
namespace {

constexpr std::size_t kBlock = 256U << 10U;

}  // namespace

bool is_text(std::string_view line) {
  return std::memchr(line.data(), '\0', line.size()) == nullptr && utf8::is_valid(line);
}

LineReader::LineReader(UniqueFd fd, std::size_t most) : fd_(std::move(fd)), left_(most) {}

Result<LineReader> LineReader::open(const std::string& path) {
  UniqueFd fd(path == "-" ? ::dup(0) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0) {
    return fail_errno(errno, "cannot open " + path);
  }
  if (S_ISDIR(status.st_mode)) {
    return fail(Errc::bad_data, "{} is a directory", path);
  }
  // A terminal ends when its user says so, other devices when they like.
  const bool is_device = S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode);
  if (is_device && path != "-" && path != "/dev/null" && ::isatty(fd.get()) == 0) {
    return fail(Errc::bad_data, "{} is a device", path);
  }
  return LineReader(std::move(fd));
}

// Moves what is left to the front and reads on behind it; false at the end of the file.
Result<bool> LineReader::fill() {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    looked_ -= begin_;
    begin_ = 0;
  }
  if (end_ + kBlock > buffer_.size()) {
    buffer_.resize(std::max(2 * buffer_.size(), end_ + kBlock));
  }
  const std::size_t room = std::min(buffer_.size() - end_, std::max(left_, std::size_t{1}));
  CP_TRY_ASSIGN(const std::size_t count,
                read_some(fd_.get(), std::span(buffer_.data() + end_, room)));
  if (count > left_) {
    return fail(Errc::bad_data, "there is more than an import may have: {} lines and no end",
                number_);
  }
  left_ -= count;
  end_ += count;
  is_at_end_ = count == 0;
  return count > 0;
}

Line LineReader::take(std::size_t end, std::size_t next) {
  std::string_view text(buffer_.data() + begin_, end - begin_);
  if (text.ends_with('\r')) {
    text.remove_suffix(1);
  }
  begin_ = next;
  looked_ = next;
  const bool is_too_long = text.size() > limits::import_line_bytes;
  return {is_too_long ? std::string_view{} : text, ++number_, is_too_long};
}

Result<std::optional<Line>> LineReader::next() {
  if (peeked_) {
    return std::exchange(peeked_, std::nullopt);
  }
  while (true) {
    const char* const data = buffer_.data();
    if (const void* found =
            end_ > looked_ ? std::memchr(data + looked_, '\n', end_ - looked_) : nullptr;
        found != nullptr) {
      const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - data);
      return take(at, at + 1);
    }
    looked_ = end_;
    if (is_at_end_) {
      return end_ > begin_ ? std::optional(take(end_, end_)) : std::nullopt;
    }
    if (end_ - begin_ > limits::import_line_bytes) {
      return skip_long_line();
    }
    CP_TRY(fill());
  }
}

Result<std::optional<Line>> LineReader::skip_long_line() {
  while (true) {
    const void* found = std::memchr(buffer_.data() + looked_, '\n', end_ - looked_);
    if (found != nullptr || is_at_end_) {
      begin_ = found == nullptr
                   ? end_
                   : static_cast<std::size_t>(static_cast<const char*>(found) - buffer_.data()) + 1;
      looked_ = begin_;
      return Line{{}, ++number_, true};
    }
    begin_ = looked_ = end_;
    CP_TRY(fill());
  }
}

Result<std::optional<Line>> LineReader::peek() {
  CP_TRY_ASSIGN(peeked_, next());
  return peeked_;
}

}  // namespace cp::market
