// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "transfer/frame.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

struct evp_cipher_ctx_st;  // OpenSSL's EVP_CIPHER_CTX

/// Frames under AES-256-GCM (NIST SP 800-38D). A sealed chunk is laid out as a clear one, with a
/// flag of its own; id, offset and digest are encrypted with the payload, what remains of the
/// header is authenticated, and the tag stands at 56. The nonce is the kind of the frame and its
/// number, which is the next one at each end: a frame that comes twice, or out of its turn, does
/// not open. A key is for one direction of one rail of one session.
namespace cp::transfer {

/// A credit under a key: its 16 bytes and a tag.
inline constexpr std::size_t sealed_credit_bytes = Credit::encoded_bytes + 16;

struct FreeCipher {
  void operator()(evp_cipher_ctx_st* context) const;
};
using Cipher = std::unique_ptr<evp_cipher_ctx_st, FreeCipher>;

/// Seals frames with one key of limits::key_bytes. For one thread.
class FrameSealer {
 public:
  explicit FrameSealer(std::string_view key);

  /// Writes HEADER, sealed, to OUT, and encrypts its PAYLOAD where it lies. Each sequence once.
  void seal(const ChunkHeader& header, std::span<std::byte, ChunkHeader::encoded_bytes> out,
            std::span<std::byte> payload);
  /// Writes CREDIT, sealed, to OUT; what it tells of grows.
  void seal(const Credit& credit, std::span<std::byte, sealed_credit_bytes> out);

 private:
  Cipher cipher_;
};

/// Opens what a FrameSealer with the same key has sealed. For one thread.
class FrameOpener {
 public:
  explicit FrameOpener(std::string_view key);

  /// How long, as it travels, the payload behind the sealed header IN is; nothing of that is
  /// authentic yet. protocol for a header that nobody of ours writes, one in clear text included.
  static Result<std::uint32_t> length_in(std::span<const std::byte, ChunkHeader::encoded_bytes> in);
  /// The header of the chunk with SEQUENCE; its payload is decrypted from SEALED into OUT, which
  /// may be the same. protocol for anything else than what was sealed.
  Result<ChunkHeader> open(std::uint64_t sequence,
                           std::span<const std::byte, ChunkHeader::encoded_bytes> in,
                           std::span<const std::byte> sealed, std::span<std::byte> out);
  Result<Credit> open(std::span<const std::byte, sealed_credit_bytes> in);

 private:
  Cipher cipher_;
};

/// A FrameSealer or FrameOpener for KEY; none for clear text.
template <class Kind>
std::optional<Kind> keyed(std::string_view key) {
  return key.empty() ? std::nullopt : std::optional<Kind>(std::in_place, key);
}

}  // namespace cp::transfer
