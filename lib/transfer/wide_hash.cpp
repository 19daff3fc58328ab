// SPDX-License-Identifier: Apache-2.0
// The library's own code, compiled again in this one file, which alone is built for AVX2. It takes
// in no header with inline functions that another file could be given instead of its own.
#include "transfer/wide_hash.hpp"

#if defined(__AVX2__)
#define XXH_INLINE_ALL
#include <xxhash.h>
#endif

namespace cp::transfer {

#if defined(__AVX2__)

bool has_wide_hash() {
  static const bool has = __builtin_cpu_supports("avx2") != 0;
  return has;
}

WideHash wide_hash(const void* data, std::size_t size, std::uint64_t seed) {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(data, size, seed);
  return {hash.low64, hash.high64};
}

#else

bool has_wide_hash() { return false; }
WideHash wide_hash(const void* /*data*/, std::size_t /*size*/, std::uint64_t /*seed*/) {
  return {};
}

#endif

}  // namespace cp::transfer
