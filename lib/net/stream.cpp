// SPDX-License-Identifier: Apache-2.0
#include "net/stream.hpp"

namespace cp::net {

Result<std::size_t> Stream::receive_all(std::span<std::byte> out) {
  std::size_t have = 0;
  while (have < out.size()) {
    CP_TRY_ASSIGN(const std::size_t count, receive(out.subspan(have)));
    if (count == 0) {
      break;
    }
    have += count;
  }
  return have;
}

Result<std::size_t> Stream::receive_all(std::span<std::byte> out, SteadyTime deadline) {
  std::size_t have = 0;
  while (have < out.size()) {
    CP_TRY(wait(deadline));
    CP_TRY_ASSIGN(const std::size_t count, receive(out.subspan(have)));
    if (count == 0) {
      break;
    }
    have += count;
  }
  return have;
}

}  // namespace cp::net
