// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

/// The sizes of the mover's wire format and what it takes from a peer at most. A peer that goes
/// past one of them broke the protocol.
namespace cp::transfer::limits {

inline constexpr std::size_t leaf_bytes = std::size_t{1} << 20U;  ///< unit of the digest tree
inline constexpr std::size_t chunk_bytes = leaf_bytes;            ///< payload of one frame
inline constexpr std::size_t packed_file_bytes = std::size_t{1} << 18U;  ///< larger files go alone
inline constexpr std::size_t packed_files = 1024;                        ///< files in one pack
inline constexpr std::size_t path_bytes = 4095;                          ///< a path below the root
inline constexpr std::size_t name_bytes = 255;                           ///< one component of it
inline constexpr std::size_t message_bytes = std::size_t{1} << 20U;      ///< one control message
inline constexpr std::size_t batch_entries = 512;                        ///< entries in one message
inline constexpr std::size_t offered_batches = 16;   ///< asked about and not yet answered
inline constexpr std::size_t waiting_messages = 16;  ///< heard and not yet followed
inline constexpr std::size_t open_files = 4096;      ///< files begun and not ended, at the receiver
inline constexpr std::size_t failures_listed = 10'000;                ///< in one record
inline constexpr std::uint64_t file_bytes = std::uint64_t{1} << 60U;  ///< one file
inline constexpr std::uint32_t window_slots = 8;           ///< chunks on their way on a short path
inline constexpr std::uint32_t window_slots_granted = 64;  ///< and on the longest
inline constexpr std::uint32_t window_slots_taken = 256;   ///< and as taken from a receiver
/// Of all streams together, as a sender keeps in mind what it may have to send again.
inline constexpr std::size_t chunks_on_their_way = 256;

inline constexpr std::size_t attribute_bytes = std::size_t{64} << 10U;    ///< one attribute
inline constexpr std::size_t attributes_bytes = std::size_t{128} << 10U;  ///< those of one file
/// As they travel, with all else that only some entries have.
inline constexpr std::size_t extras_bytes = std::size_t{256} << 10U;

// Of a journal, and of what is told of it.
inline constexpr std::size_t journal_record_bytes = std::size_t{1} << 20U;  ///< body of one record
inline constexpr std::uint64_t journal_bytes = std::uint64_t{1} << 30U;
inline constexpr std::size_t journal_items = 1'000'000;  ///< whole files that are known again
inline constexpr std::size_t have_bytes = std::size_t{64}
                                          << 20U;  ///< told to a sender, all together
inline constexpr std::size_t have_batch = 32'768;  ///< digests in one message
/// Taken in by a receiver and not yet in its journal, at most: what a kill may cost, beside what
/// is on its way.
inline constexpr std::uint64_t group_bytes = std::uint64_t{128} << 20U;

/// Up to here a sync for each is cheaper than one for the whole file system, and waits for nobody
/// else's data.
inline constexpr std::size_t synced_one_by_one = 8;

/// Items that a far end sums, of one tree; each costs 16 bytes of memory.
inline constexpr std::uint64_t summed_items = std::uint64_t{1} << 25U;
inline constexpr std::size_t token_bytes = 16;  ///< by which a stream finds its session
inline constexpr std::size_t key_bytes = 32;    ///< of a key, a proof, or an end's random share
inline constexpr std::size_t claim_bytes = token_bytes + key_bytes;
/// How long what an unfinished transfer left, and what is known of a finished one, is kept.
inline constexpr std::int64_t kept_seconds = std::int64_t{7} * 24 * 3600;
inline constexpr std::chrono::seconds connect_patience{10};  ///< for each connection of rails
/// Of all compressors of a transfer, or of a server, together.
inline constexpr std::size_t compressing_bytes = std::size_t{160} << 20U;
inline constexpr int streams = 32;     ///< streams of one transfer
inline constexpr int other_rails = 2;  ///< of other kinds than the first, in one session
/// No rail has so many streams: what each is derived from is numbered, those of a rail on end.
inline constexpr std::uint64_t rails_of_a_kind = 1000;
/// How long one measurement may take that a client asks for.
inline constexpr std::chrono::milliseconds measuring_time{60'000};

}  // namespace cp::transfer::limits
