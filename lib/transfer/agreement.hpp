// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/compression.hpp"
#include "transfer/digest.hpp"
#include "transfer/file_sum.hpp"
#include "transfer/landing.hpp"
#include "transfer/limits.hpp"
#include "transfer/transfer.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What two ends agree on before data moves, as the JSON in their first messages.
namespace cp::transfer {

/// Both ways, first. What is unknown in it is ignored.
struct Hello {
  std::string version;            ///< of cptools
  std::uint64_t chunk_bytes = 0;  ///< the largest payload that this end takes
  std::string door;               ///< of a server that ssh reached: its `RailDoor`
  /// What this end understands: 1 is the first; 2 adds Extras, hard links and comparison, 3
  /// files whose size only their end tells, 4 measurements, 5 dry runs that compare,
  /// 6 reading back, 7 rails of several kinds in one session, 8 comparing.
  static constexpr std::int64_t our_format = 8;
  std::int64_t format = our_format;
};

enum class Direction { push, pull };

/// What the client wants.
struct Open {
  Direction direction = Direction::push;
  std::vector<std::string> sources;         ///< of a pull: paths at the server
  std::string destination;                  ///< of a push: the path at the server
  Incoming incoming;                        ///< of a push
  Placement placement = Placement::inside;  ///< of a pull
  Durability durability = Durability::batch;
  RailChoice rail = RailChoice::tcp;  ///< never automatic
  std::string provider;               ///< of RailChoice::fabric; empty: the server chooses
  int streams = 1;
  /// Streams that the client may add while data moves.
  int more_streams = 0;
  /// Chunks that are to be on their way on each stream at most.
  std::uint32_t window = limits::window_slots;
  bool dry_run = false;
  Selection selection;          ///< of a pull
  double bytes_per_second = 0;  ///< of a pull: at most; 0: as fast as it goes
  Preserve preserve;            ///< format 2, as the next
  Sync sync;
  bool reads_back = false;  ///< of a push: Request::reads_back (format 6)
  Deletion deletion = Deletion::none;
  /// The transfer goes on with what an earlier one of the same key left, and can be gone on with:
  /// its receiver tells first what it has (Have).
  std::optional<Digest> key;
  std::string id;  ///< of the transfer, when it goes on with nothing; of a push
  /// Nothing is moved: the server sums its sources (pull), or hears sums and compares what stands
  /// at its destination (push; SumKind::xxh3_128_tree). Format 8.
  std::optional<SumKind> comparing;
  std::string secret;       ///< the client's share of the session's keys (SessionSecret)
  std::uint64_t epoch = 1;  ///< which connection of the transfer this is
  bool sealed = false;      ///< chunks are to be encrypted
  std::string token;        ///< cp.token/1, where the server wants one
  /// How whoever sends is to compress chunks, and that whoever receives is to be ready for it.
  Compression compression = no_compression;
  /// Nothing is moved: for that long, whoever sends in this direction sends memory, and the other
  /// forgets it (format 4). The destination, or the only source, names no file, and says which
  /// grant of a token counts. At most limits::measuring_time.
  std::optional<std::chrono::milliseconds> measuring;
  /// Beside ssh: where the client reaches the server, when it is not where the caller reached it,
  /// and the ports that may be used; whoever does not know them takes what it always takes.
  std::string data_address;
  std::optional<PortRange> ports;
  /// Of a push that somebody else has ordered: what its paths begin with; empty: anything.
  std::vector<std::string> names;
};

/// Where the streams of one kind of rail go.
struct RailPlace {
  std::string provider;          ///< of a fabric; empty: plain TCP
  std::string endpoint = "msg";  ///< of the provider's kinds; "rdm": beside plain streams
  std::uint16_t port = 0;        ///< of the streams' listener, where it is their own
  std::string address;           ///< of that listener; "": the server's
  std::string door;              ///< where streams of ssh come in; empty: they do not
};

/// What the server gives.
struct Opened {
  std::string id;             ///< of the transfer
  std::uint64_t attempt = 1;  ///< of a push: which one this is
  bool tells_have = false;    ///< with a key: the receiver's Have comes before anything else
  std::uint32_t window = 0;   ///< chunks on their way on each stream
  /// limits::token_bytes each; one for each stream, which it finds.
  std::vector<std::string> tokens;
  std::size_t more_streams = 0;  ///< so many of the last of them may come any time, or never
  std::string secret;            ///< the server's share of the session's keys
  RailPlace place;               ///< where those streams go
  Incoming incoming;             ///< of a pull
  std::string codec;             ///< of chunks that travel compressed; empty: none does
  Plan plan;                     ///< of a dry run
};

/// A rail of another kind that the client wants beside the one that carries (format 7), while data
/// moves.
struct RailWanted {
  std::uint64_t number = 1;           ///< of those that were wanted in this session
  RailChoice kind = RailChoice::tcp;  ///< tcp or fabric
  std::string provider;               ///< of a fabric; empty: the server chooses
  int streams = 1;
  std::uint32_t window = limits::window_slots;  ///< chunks on their way on each stream at most
  bool sealed = false;                          ///< its chunks are to be encrypted
};

/// The server's answer.
struct RailGiven {
  std::uint64_t number = 1;
  std::optional<Error> error;  ///< why there is no such rail
  std::uint32_t window = limits::window_slots;
  std::vector<std::string> tokens;  ///< limits::token_bytes each; one for each stream
  RailPlace place;
};

/// What a server answers to the compression that OPEN wants: our codec, or none.
std::string agreed_codec(const Open& open);
/// How many chunks a server lets be on their way on each stream, when a client wants WINDOW over
/// RAIL, or what OPEN says.
std::uint32_t agreed_window(RailChoice rail, std::uint32_t window);
std::uint32_t agreed_window(const Open& open);
/// What a client that wants WANTED does when OPENED is the answer.
Compression agreed_compression(Compression wanted, const Opened& opened);

/// Whether ID is "t-" and a ULID.
bool is_transfer_id(std::string_view id);

std::string to_text(const Hello& hello);
std::string to_text(const Open& open);
std::string to_text(const Opened& opened);
std::string to_text(const RailWanted& wanted);
std::string to_text(const RailGiven& given);

/// protocol for what is no JSON, or lacks or mistypes a field.
Result<Hello> parse_hello(std::string_view text);
Result<Open> parse_open(std::string_view text);
Result<Opened> parse_opened(std::string_view text);
Result<RailWanted> parse_rail_wanted(std::string_view text);
Result<RailGiven> parse_rail_given(std::string_view text);

}  // namespace cp::transfer
