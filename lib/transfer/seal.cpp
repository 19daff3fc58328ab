// SPDX-License-Identifier: Apache-2.0
#include "transfer/seal.hpp"

#include "identity/must.hpp"
#include "transfer/limits.hpp"
#include "transfer/wire.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

namespace cp::transfer {
namespace {

using identity::must;

constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kFlagsAt = 5;
constexpr std::size_t kSequenceAt = 8;
constexpr std::size_t kHiddenAt = 16;  // id and offset
constexpr std::size_t kHiddenBytes = 16;
constexpr std::size_t kLengthAt = 32;
constexpr std::size_t kLengthBytes = 8;  // the plain one, and that on the wire
constexpr std::size_t kOnWireAt = 36;
constexpr std::size_t kDigestAt = 40;
constexpr std::size_t kTagAt = 56;
constexpr std::byte kSealedFlag{2};

enum class Kind : std::uint32_t { chunk = 1, credit = 2 };
using Nonce = std::array<std::byte, 12>;
using HeaderBytes = std::array<std::byte, ChunkHeader::encoded_bytes>;

Nonce nonce_of(Kind kind, std::uint64_t number) {
  Nonce nonce;
  store_le(&nonce[0], static_cast<std::uint32_t>(kind));
  store_le(&nonce[4], number);
  return nonce;
}

unsigned char* raw(std::byte* at) { return reinterpret_cast<unsigned char*>(at); }
const unsigned char* raw(const std::byte* at) { return reinterpret_cast<const unsigned char*>(at); }

Cipher make_cipher(std::string_view key, bool seals) {
  must(key.size() == limits::key_bytes);
  Cipher cipher(EVP_CIPHER_CTX_new());
  must(cipher && EVP_CipherInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr,
                                   reinterpret_cast<const unsigned char*>(key.data()), nullptr,
                                   seals ? 1 : 0) == 1);
  return cipher;
}

void begin_frame(evp_cipher_ctx_st* cipher, const Nonce& nonce) {
  must(EVP_CipherInit_ex(cipher, nullptr, nullptr, nullptr, raw(nonce.data()), -1) == 1);
}

void authenticate(evp_cipher_ctx_st* cipher, std::span<const std::byte> bytes) {
  int count = 0;
  must(EVP_CipherUpdate(cipher, nullptr, &count, raw(bytes.data()),
                        static_cast<int>(bytes.size())) == 1);
}

void run_cipher(evp_cipher_ctx_st* cipher, std::span<const std::byte> in,
                std::span<std::byte> out) {
  int count = 0;
  must(EVP_CipherUpdate(cipher, raw(out.data()), &count, raw(in.data()),
                        static_cast<int>(in.size())) == 1 &&
       count == static_cast<int>(in.size()));
}

void run_cipher(evp_cipher_ctx_st* cipher, std::span<std::byte> bytes) {
  run_cipher(cipher, bytes, bytes);
}

void authenticate_header(evp_cipher_ctx_st* cipher, std::span<const std::byte> header) {
  authenticate(cipher, header.first(kHiddenAt));
  authenticate(cipher, header.subspan(kLengthAt, kLengthBytes));
}

void write_tag(evp_cipher_ctx_st* cipher, std::byte* out) {
  int count = 0;
  std::array<unsigned char, kTagBytes> nothing;
  must(EVP_CipherFinal_ex(cipher, nothing.data(), &count) == 1 &&
       EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, kTagBytes, out) == 1);
}

bool tag_fits(evp_cipher_ctx_st* cipher, std::span<const std::byte> tag) {
  int count = 0;
  std::array<unsigned char, kTagBytes> own;
  std::ranges::transform(tag, own.begin(), [](std::byte b) { return std::to_integer<uint8_t>(b); });
  must(EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, kTagBytes, own.data()) == 1);
  std::array<unsigned char, kTagBytes> nothing;
  return EVP_CipherFinal_ex(cipher, nothing.data(), &count) == 1;
}

tl::unexpected<Error> not_sealed_so() {
  return fail(Errc::protocol,
              "a frame that was not sealed with the key of this rail, or out of "
              "its turn");
}

// The header in clear, as its sender wrote it first.
void unmark(HeaderBytes& header) {
  header[kFlagsAt] &= ~kSealedFlag;
  std::fill_n(&header[kTagAt], kTagBytes, std::byte{0});
}

}  // namespace

void FreeCipher::operator()(evp_cipher_ctx_st* context) const { EVP_CIPHER_CTX_free(context); }

FrameSealer::FrameSealer(std::string_view key) : cipher_(make_cipher(key, true)) {}

void FrameSealer::seal(const ChunkHeader& header,
                       std::span<std::byte, ChunkHeader::encoded_bytes> out,
                       std::span<std::byte> payload) {
  encode(header, out);
  out[kFlagsAt] |= kSealedFlag;
  begin_frame(cipher_.get(), nonce_of(Kind::chunk, header.sequence));
  authenticate_header(cipher_.get(), out);
  run_cipher(cipher_.get(), out.subspan(kHiddenAt, kHiddenBytes));
  run_cipher(cipher_.get(), out.subspan(kDigestAt, sizeof(Digest::bytes)));
  run_cipher(cipher_.get(), payload);
  write_tag(cipher_.get(), &out[kTagAt]);
}

void FrameSealer::seal(const Credit& credit, std::span<std::byte, sealed_credit_bytes> out) {
  const auto clear = out.first<Credit::encoded_bytes>();
  encode(credit, clear);
  begin_frame(cipher_.get(), nonce_of(Kind::credit, credit.consumed));
  authenticate(cipher_.get(), clear);
  write_tag(cipher_.get(), &out[Credit::encoded_bytes]);
}

FrameOpener::FrameOpener(std::string_view key) : cipher_(make_cipher(key, false)) {}

Result<std::uint32_t> FrameOpener::length_in(
    std::span<const std::byte, ChunkHeader::encoded_bytes> in) {
  if ((in[kFlagsAt] & kSealedFlag) == std::byte{0}) {
    return fail(Errc::protocol, "a frame in clear text where sealed ones were agreed on");
  }
  const auto length = load_le<std::uint32_t>(&in[kOnWireAt]);
  if (length == 0 || length > limits::chunk_bytes) {
    return fail(Errc::protocol, "a chunk with a length beyond the slot");
  }
  return length;
}

Result<ChunkHeader> FrameOpener::open(std::uint64_t sequence,
                                      std::span<const std::byte, ChunkHeader::encoded_bytes> in,
                                      std::span<const std::byte> sealed, std::span<std::byte> out) {
  CP_TRY_ASSIGN(const std::uint32_t length, length_in(in));
  if (length != sealed.size() || load_le<std::uint64_t>(&in[kSequenceAt]) != sequence) {
    return not_sealed_so();
  }
  HeaderBytes header;
  std::ranges::copy(in, header.begin());
  begin_frame(cipher_.get(), nonce_of(Kind::chunk, sequence));
  authenticate_header(cipher_.get(), in);
  run_cipher(cipher_.get(), std::span(header).subspan(kHiddenAt, kHiddenBytes));
  run_cipher(cipher_.get(), std::span(header).subspan(kDigestAt, sizeof(Digest::bytes)));
  run_cipher(cipher_.get(), sealed, out.first(length));
  if (!tag_fits(cipher_.get(), in.subspan(kTagAt, kTagBytes))) {
    return not_sealed_so();
  }
  unmark(header);
  return decode_chunk_header(header);
}

Result<Credit> FrameOpener::open(std::span<const std::byte, sealed_credit_bytes> in) {
  const auto clear = in.first<Credit::encoded_bytes>();
  CP_TRY_ASSIGN(const Credit credit, decode_credit(clear));
  begin_frame(cipher_.get(), nonce_of(Kind::credit, credit.consumed));
  authenticate(cipher_.get(), clear);
  if (!tag_fits(cipher_.get(), in.subspan(Credit::encoded_bytes))) {
    return not_sealed_so();
  }
  return credit;
}

}  // namespace cp::transfer
