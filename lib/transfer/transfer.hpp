// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "model/json_fwd.hpp"
#include "net/ssh.hpp"
#include "transfer/compression.hpp"
#include "transfer/preserve.hpp"
#include "transfer/selection.hpp"
#include "transfer/sync.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace cp::transfer {

/// What a source without a trailing slash becomes at the destination.
enum class Placement {
  /// rsync's meaning: `src` lands as DST/src, `src/` as DST itself; one file whose destination is
  /// neither a directory nor ends in a slash takes the destination as its new name.
  inside,
  /// The destination is the name of the one source itself, file or directory (`cp -T`).
  exact,
};

/// When bytes are forced to the disk (SECURITY §10). A name never appears before its data is
/// synced, except with `end` and `none`.
enum class Durability {
  batch,  ///< files by the group: data synced, renamed, directories synced
  file,   ///< each file for itself
  end,    ///< all at once before the transfer counts as done
  none,   ///< left to the system; for data whose loss in a power cut costs nothing
};

enum class RailChoice { automatic, tcp, fabric, ssh };

/// Ports, both ends of the range included.
struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;
};

/// A kind of rail beside the first of a request.
struct OtherRail {
  RailChoice kind = RailChoice::tcp;  ///< tcp or fabric
  std::string provider;               ///< of a fabric; empty: the first that serves
};

class Relay;

/// One transfer as the user asks for it.
struct Request {
  /// Paths, or cpx:// URLs of one server, or [user@]host:path of one host; at least one.
  std::vector<std::string> sources;
  /// A path, a cpx:// URL or [user@]host:path. Directories that are missing on the way are made.
  std::string destination;
  /// Borrowed: what "-", the only source, is read from, and "-", the destination, written to. -1:
  /// there is no such stream. Neither can be gone on with.
  int input = -1;
  int output = -1;
  Placement placement = Placement::inside;
  Durability durability = Durability::batch;
  RailChoice rail = RailChoice::automatic;
  Selection selection;
  Preserve preserve;
  Sync sync;
  Deletion deletion = Deletion::none;
  /// The libfabric provider for RailChoice::fabric; empty: the first that serves.
  std::string provider;
  /// Rails that carry as well, from when they stand; one that does not, or breaks, leaves its
  /// chunks to the others.
  std::vector<OtherRail> other_rails;
  /// Parallel streams over each rail; 0 chooses.
  int streams = 0;
  /// Clear and unauthenticated service on this machine is meant (SECURITY §4).
  bool anonymous = false;
  /// A file of certificates (PEM) that vouch for servers instead of the system's; empty: those.
  std::string authorities;
  /// The server's own key, "sha256:…", instead of what any authority says; empty: none.
  std::string tls_key;
  /// cp.token/1 for a server that wants one; empty: none.
  std::string token;
  /// How ssh is called; absent: never.
  std::optional<net::SshSettings> ssh;
  /// The cpxfer of hosts that ssh reaches; "" for the one in the PATH there. Where there is none,
  /// the shell there does what it can.
  std::string far_program;
  /// Bring this program there first, unless it is there, and use that.
  bool installs_far_program = false;
  /// Nobody listens on the network: clear text may go beside ssh.
  bool trusts_network = false;
  /// Chunks beside ssh are sealed even when both ends are one host.
  bool seals_always = false;
  /// Of what ssh reaches: the ports where streams beside it come in; absent: any.
  std::optional<PortRange> ports;
  /// Between two hosts that ssh reaches: the name or address at which the destination takes the
  /// data, for the source; empty: where ssh reached it.
  std::string data_host;
  /// There the destination connects to the source, and `data_host` is that of the source.
  bool reverse = false;
  /// Files are read back from the destination's disk, and compared, before they get their names.
  bool reads_back = false;
  /// Show what would land where, and do nothing.
  bool dry_run = false;
  /// Go on with what an earlier transfer of the same sources to the same destination left, and
  /// leave what can be gone on with (SECURITY §10).
  bool resume = false;
  /// Of the transfer, when it goes on with none; empty: a new one.
  std::string id;
  /// What makes two commands the same transfer, where somebody else says it (Digest::hex); empty:
  /// this request does (transfer/resume.hpp).
  std::string key;
  /// Borrowed: another process has the way to what ssh reaches; nullptr: there is ssh.
  Relay* relay = nullptr;
  /// Where journals of finished transfers are kept on this machine; empty: nowhere.
  std::string archive;
  /// How long to try to come back, without getting any further, when the other end is lost; only
  /// with `resume`.
  std::chrono::nanoseconds retry{0};
  /// How chunks are compressed on their way to another end that can open them; not on this
  /// machine.
  Compression compression;
  /// Payload moves at that rate at most, over all streams, as it travels; 0: as fast as it goes.
  double bytes_per_second = 0;
  /// How long a silent peer is waited for.
  std::chrono::nanoseconds silence = std::chrono::seconds(30);

  bool is_from_stream() const { return sources.size() == 1 && sources.front() == "-"; }
  bool is_to_stream() const { return destination == "-"; }
  bool has_stream() const { return is_from_stream() || is_to_stream(); }
};

/// How far a transfer is. Totals grow until the walk has ended.
struct Progress {
  std::uint64_t files_done = 0;   ///< whole and under their names, from earlier attempts too
  std::uint64_t files_total = 0;  ///< found so far
  std::uint64_t bytes_moved = 0;  ///< arrived at the destination, from earlier attempts too
  std::uint64_t bytes_total = 0;  ///< found so far
  bool walk_ended = false;
  std::string_view bottleneck;  ///< as Tally::bottleneck
};

/// Told what happens while it happens, always on the thread that called `run`.
class Observer {
 public:
  virtual ~Observer() = default;
  /// About ten times a second.
  virtual void progress(const Progress& /*now*/) {}
  /// One item (a path as the user would write it) did not arrive. It stands in the record, too.
  virtual void item_failed(const Error& /*error*/, std::string_view /*path*/) {}
  /// The other end was lost, and will be looked for again.
  virtual void lost(const Error& /*error*/) {}
  /// None of the streams of one kind of RAIL carries any more, or could be opened; others do.
  virtual void rail_lost(std::string_view /*rail*/, const Error& /*error*/) {}
  /// The other end has no cpxfer, as WHY says: its shell does what it can.
  virtual void goes_without(std::string_view /*why*/) {}
  /// In a dry run: FROM would land as TO.
  virtual void would_land(std::string_view /*from*/, std::string_view /*to*/) {}
  /// In a dry run: what stands at PATH would be deleted.
  virtual void would_delete(std::string_view /*path*/) {}
};

/// Moves REQUEST's sources to its destination and returns the cp.transfer/1 record with state
/// `done`, `partial` (some items failed, the others are there) or `failed` (nothing was moved, or
/// the peer was lost or STOP was asked; whole files that had arrived stay). A file stands under its
/// name only when it is whole, and each byte was checked by its XXH3-128 digest over the copy that
/// was written; what was half written can be gone on with, when that is wanted.
///
/// An error, without a record, means that nothing was begun: usage (the request contradicts
/// itself), not_found (a source is missing), cannot_create (the destination cannot be made),
/// denied, unavailable (no such server, or no such kind of endpoint yet).
Result<model::Json> run(const Request& request, Observer& observer, std::stop_token stop);

/// Why the transfer of RECORD (as `run` returned it) is not done: of a lost peer or a stop, that
/// error; of failed items, Errc::failed with their number when others arrived, else the gravest of
/// them. nullopt when it is done.
std::optional<Error> failure_of(const model::Json& record);

}  // namespace cp::transfer
