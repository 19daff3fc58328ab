// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/entry.hpp"
#include "transfer/source.hpp"

#include <cstddef>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

namespace cp::transfer {

enum class SumKind { xxh3_128_tree, sha256 };

/// As documents name it: "xxh3-128-tree" or "sha256".
std::string_view name_of(SumKind kind);

/// The raw bytes of the sum over the file of ENTRY in SOURCE: of xxh3_128_tree the file's digest
/// (`digest.hpp`), of sha256 what sha256sum(1) prints. BUFFER is for reading, limits::leaf_bytes
/// long. Large files of xxh3_128_tree are read by THREADS threads at once. failed "it changed …"
/// when the file is not what the walk saw; timed_out when STOP is asked.
Result<std::string> sum_file(const Source& source, const Entry& entry, SumKind kind, int threads,
                             std::span<std::byte> buffer, const std::stop_token& stop);

}  // namespace cp::transfer
