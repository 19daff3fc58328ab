// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

/// How much of anything from outside is taken, in one table (SECURITY §6). Past a limit the input
/// is refused as bad_data, never cut.
namespace cp::limits {

inline constexpr std::size_t document_bytes = 1U << 20U;      ///< one JSON document
inline constexpr std::size_t import_line_bytes = 16U << 20U;  ///< one line of an imported catalog
inline constexpr int json_depth = 64;                         ///< nested arrays and objects
inline constexpr std::size_t object_members = 10'000;         ///< names in one object
inline constexpr std::size_t string_bytes = 64U << 10U;       ///< one string of a document
inline constexpr std::size_t http_header_bytes = 32U << 10U;  ///< all headers of one message
inline constexpr std::size_t decoded_ratio = 16;              ///< decoded body per encoded byte
inline constexpr std::size_t decoded_bytes = 64U << 20U;      ///< decoded body, unless streamed
inline constexpr std::size_t feed_page_records = 10'000;      ///< one page of a change feed
inline constexpr std::size_t expression_bytes = 4U << 10U;    ///< one --where or policy
inline constexpr std::size_t expression_steps = 10'000;       ///< evaluation steps of one
inline constexpr std::size_t config_bytes = 1U << 20U;        ///< a configuration file
inline constexpr std::size_t key_file_bytes = 64U << 10U;     ///< a key or token file
inline constexpr std::size_t captured_bytes = 16U << 20U;     ///< output taken from a program

}  // namespace cp::limits
