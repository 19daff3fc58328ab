// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <array>
#include <string>
#include <string_view>

namespace cp::transfer {

/// Random bytes in this process, and where they are: whoever can read them there is on this host,
/// counts processes as we do, and may copy from our memory, as libfabric's shared memory does
/// (process_vm_readv(2), which a kernel's Yama or a container can forbid even to the same user).
class SharedProof {
 public:
  SharedProof();
  SharedProof(const SharedProof&) = delete;
  SharedProof& operator=(const SharedProof&) = delete;

  std::string text() const;

 private:
  std::array<char, 16> bytes_{};
};

/// unavailable when what TEXT, a SharedProof's of another process, says cannot be read there;
/// protocol when it is no such text.
Result<void> check_shared(std::string_view text);

}  // namespace cp::transfer
