// SPDX-License-Identifier: Apache-2.0
#include "transfer/shared_proof.hpp"

#include "base/random.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <sys/uio.h>
#include <unistd.h>

namespace cp::transfer {
namespace {

// The number that TEXT begins with, which goes on behind the space after it.
template <class Number>
bool take_number(std::string_view& text, Number& number) {
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || at == end || *at != ' ') {
    return false;
  }
  text.remove_prefix(static_cast<std::size_t>(at - text.data()) + 1);
  return true;
}

}  // namespace

SharedProof::SharedProof() { KernelRandom().fill(std::as_writable_bytes(std::span(bytes_))); }

std::string SharedProof::text() const {
  return fmt::format("{} {} {}", ::getpid(), reinterpret_cast<std::uintptr_t>(bytes_.data()),
                     text::to_hex({bytes_.data(), bytes_.size()}));
}

Result<void> check_shared(std::string_view text) {
  pid_t process = 0;
  std::uintptr_t address = 0;
  if (!take_number(text, process) || !take_number(text, address) || process <= 0) {
    return fail(Errc::protocol, "a proof of shared memory that is none");
  }
  std::array<char, 16> found{};
  const iovec here{found.data(), found.size()};
  const iovec there{reinterpret_cast<void*>(address), found.size()};
  const bool is_read =
      ::process_vm_readv(process, &here, 1, &there, 1, 0) == static_cast<ssize_t>(found.size());
  if (!is_read || text::to_hex({found.data(), found.size()}) != text) {
    return with_hint(fail(Errc::unavailable, "this process may not read the other end's memory"),
                     "--rail tcp does without");
  }
  return {};
}

}  // namespace cp::transfer
