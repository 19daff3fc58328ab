// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cpid {

/// Reads whole lines from a descriptor, as many at a time as have come: no line is copied, and a
/// slow writer's lines are not held back. Borrows the descriptor.
class BlockReader {
 public:
  /// NAME stands in messages.
  BlockReader(int fd, std::string name);

  /// What has come but was not given out yet, at least one byte that is no blank unless there is
  /// none. Stays where it is for `next`. Valid until then.
  cp::Result<std::string_view> peek();

  /// The next lines, each with its newline, but for the last of a file that ends without one; empty
  /// at the end. Valid until the next call. bad_data for a line longer than limits::string_bytes.
  cp::Result<std::string_view> next();

 private:
  cp::Result<void> fill();
  std::string_view held() const { return {buffer_.data() + begin_, end_ - begin_}; }

  int fd_;
  std::string name_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;  ///< what was not given out yet lies from here
  std::size_t end_ = 0;    ///< to here
  bool at_end_ = false;
};

}  // namespace cpid
