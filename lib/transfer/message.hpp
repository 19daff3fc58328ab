// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "transfer/entry.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// What travels on the control connection while data moves on the rails. A message is 16 bytes
/// (body length 4, type 2, flags 2, reserved 8; little endian) and its body. A message of an
/// unknown type whose flag says "optional" is skipped, any other unknown one ends the session.
namespace cp::transfer {

enum class MessageType : std::uint16_t {
  hello = 1,         ///< JSON, both ways, first
  open = 2,          ///< JSON, client to server: what is wanted
  opened = 3,        ///< JSON, the answer: rails and their tokens
  entries = 4,       ///< sender to receiver
  file_end = 5,      ///< sender to receiver
  item_failed = 6,   ///< both ways
  totals = 7,        ///< sender to receiver: what the walk has found so far
  placed = 8,        ///< receiver to sender: what has arrived so far
  finish = 9,        ///< sender to receiver: all chunks are placed, nothing more comes
  result = 10,       ///< receiver to sender: all is durable under its name
  error = 11,        ///< both ways: the session ends
  ping = 12,         ///< both ways, now and then: alive
  rails_ready = 13,  ///< JSON, client to server: which rails stand
  have = 14,         ///< receiver to sender, first: what earlier attempts left
  kept = 15,         ///< sender to receiver: what of it needs no sending
  durable = 16,      ///< receiver to sender: what neither kill nor power cut takes away any more
  offer = 17,        ///< sender to receiver: files that it may have
  answer = 18,       ///< receiver to sender: which of them it wants
  same = 19,         ///< sender to receiver: which of those that both have read are the same
  present = 20,     ///< sender to receiver: what it has and does not send, when the rest is deleted
  would_send = 21,  ///< of a dry run: what the sources have
  would_delete = 22,  ///< server to client, of a dry run: what would go
  measured = 23,      ///< server to client, at the end of a measurement: its side of it
  order = 24,         ///< JSON, caller to deputy: the transfer that it is to carry out
  word = 25,          ///< deputy to caller: what happens meanwhile
  outcome = 26,       ///< deputy to caller: how it ended
  relayed = 27,       ///< both ways: some of the talk with the other host
  ask = 28,  ///< sender to receiver, of a dry run: what of this would move; Answer is the answer
  rail_wanted = 29,  ///< JSON, client to server: a rail of another kind (format 7)
  rail_given = 30,   ///< JSON, the answer: where its streams go
  summed = 31,       ///< whoever sums to whoever asked; an empty Answer goes back (format 8)
  sum_begun = 32,    ///< before that: a large file that is being summed (format 8)
};

/// Whether messages of TYPE are about rails that join while data moves.
constexpr bool is_about_rails(MessageType type) {
  return type == MessageType::rail_wanted || type == MessageType::rail_given;
}

struct Message {
  static constexpr std::size_t header_bytes = 16;
  static constexpr std::uint16_t optional_flag = 1;

  MessageType type{};
  std::uint16_t flags = 0;
  std::string body;
};

std::string encode_header(MessageType type, std::size_t body_bytes);
struct MessageHeader {
  MessageType type{};
  std::uint16_t flags = 0;
  std::uint32_t body_bytes = 0;
};
/// protocol when the body would be longer than limits::message_bytes.
Result<MessageHeader> decode_header(std::string_view bytes);

/// A batch of what the walk found: directories, links, and files that travel alone. Files of packs
/// are in the packs.
struct Entries {
  static constexpr MessageType type = MessageType::entries;
  std::vector<Entry> entries;
};

/// The end of a file that travelled alone: what all its chunks together have to give.
struct FileEnd {
  static constexpr MessageType type = MessageType::file_end;
  std::uint64_t id = 0;
  Digest digest;
  Metadata metadata;       ///< as it was at the end
  std::uint64_t size = 0;  ///< of a stream
};

/// One item that does not arrive. From the receiver with the ID of a file that travels alone it
/// asks to send no more of it.
struct ItemFailed {
  static constexpr MessageType type = MessageType::item_failed;
  std::string path;
  std::uint64_t id = 0;
  Error error;
};

struct Totals {
  static constexpr MessageType type = MessageType::totals;
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  bool walk_ended = false;
  std::uint64_t files_skipped = 0;  ///< of them the receiver has from earlier attempts
  std::uint64_t bytes_skipped = 0;
};

/// Some of what earlier attempts left at the receiver, by the stamps of the sources.
struct Have {
  static constexpr MessageType type = MessageType::have;
  /// Consecutive leaves of a file that is there in part.
  struct Leaves {
    Digest stamp;
    std::uint64_t size = 0;
    bool is_fresh = false;  ///< the sender has to compare them with the source
    std::uint64_t first = 0;
    std::vector<Digest> digests;
  };
  bool is_last = false;
  std::vector<Digest> landed;  ///< stand under their names
  std::vector<Leaves> partial;
};

/// Landed files that are at the source as they were, and are not sent.
struct Kept {
  static constexpr MessageType type = MessageType::kept;
  std::vector<Digest> stamps;
};

/// Files that need not be sent if the receiver has them: each one's id is its number among all that
/// were offered.
struct Offer {
  static constexpr MessageType type = MessageType::offer;
  std::vector<Entry> entries;
};

/// What the receiver says to one offer, in its order.
struct Answer {
  static constexpr MessageType type = MessageType::answer;
  enum class Verdict : std::uint8_t {
    send = 0,     ///< it is another, or not there
    leave = 1,    ///< it stays as it is
    compare = 2,  ///< it is as long as that of the sender, and its digest this
  };
  struct Item {
    std::uint64_t id = 0;
    Verdict verdict = Verdict::send;
    Digest digest;
  };
  std::vector<Item> items;
};

/// Of all that were to be compared, up to a number, those that are the same.
struct Same {
  static constexpr MessageType type = MessageType::same;
  std::uint64_t up_to = 0;
  std::vector<std::uint64_t> ids;
};

struct Present {
  static constexpr MessageType type = MessageType::present;
  struct Item {
    std::string path;
    bool is_closed = false;  ///< what is below it is not known
  };
  std::vector<Item> items;
};

/// Things of any kind that a dry run may move, each with the number in `id` that its file has.
struct Ask {
  static constexpr MessageType type = MessageType::ask;
  std::vector<Entry> entries;
};

/// Items of a tree with their sums (SumSink), at least one and at most limits::batch_entries:
/// directories, links and files, numbered from 1 in `id`.
struct Summed {
  static constexpr MessageType type = MessageType::summed;
  struct Item {
    Entry entry;
    std::string sum;   ///< its bytes: of a file 16 or 32, of a link 16, of a directory none
    std::string from;  ///< as whoever has it would write it
  };
  std::vector<Item> items;
};

/// A file that is being summed, so that its counterpart can be meanwhile; nobody has to.
struct SumBegun {
  static constexpr MessageType type = MessageType::sum_begun;
  Entry entry;
};

struct WouldSend {
  static constexpr MessageType type = MessageType::would_send;
  struct Item {
    std::string from;  ///< as the client would write it
    std::string path;  ///< of the transfer
    std::uint64_t size = 0;
    bool is_directory = false;
    bool is_source = false;  ///< it is what the client has named
    bool stays = false;      ///< it is there as it is to be (format 5)
  };
  std::vector<Item> items;
};

struct WouldDelete {
  static constexpr MessageType type = MessageType::would_delete;
  std::vector<std::string> paths;  ///< below the root
};

/// What an end says of its part in a measurement; nobody can check it all.
struct Measured {
  static constexpr MessageType type = MessageType::measured;
  std::uint64_t bytes = 0;   ///< that it sent or took
  std::uint64_t cpu_ns = 0;  ///< of its threads that carried them
};

/// All since the session began.
struct Durable {
  static constexpr MessageType type = MessageType::durable;
  std::uint64_t files = 0;  ///< under their names
  std::uint64_t bytes = 0;  ///< those of half files included
};

struct Placed {
  static constexpr MessageType type = MessageType::placed;
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t placing_ns = 0;  ///< what the streams spent on placing, all together
};

struct Finish {
  static constexpr MessageType type = MessageType::finish;
};

struct FinalResult {
  static constexpr MessageType type = MessageType::result;
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  Digest digest;  ///< of the tree that stands now; all zero when not all of it was read
  std::uint64_t deleted = 0;
};

struct SessionError {
  static constexpr MessageType type = MessageType::error;
  Error error;
};

std::string encode(const Entries& message);
std::string encode(const FileEnd& message);
std::string encode(const ItemFailed& message);
std::string encode(const Totals& message);
std::string encode(const Have& message);
std::string encode(const Kept& message);
std::string encode(const Durable& message);
std::string encode(const Offer& message);
std::string encode(const Answer& message);
std::string encode(const Ask& message);
std::string encode(const Summed& message);
std::string encode(const SumBegun& message);
std::string encode(const Same& message);
std::string encode(const Present& message);
std::string encode(const WouldSend& message);
std::string encode(const WouldDelete& message);
std::string encode(const Placed& message);
std::string encode(const Finish& message);
std::string encode(const FinalResult& message);
std::string encode(const SessionError& message);
std::string encode(const Measured& message);

/// The message in BODY; protocol when it is not exactly one. Paths are not judged here.
template <class T>
Result<T> decode(std::string_view body);
template <>
Result<Entries> decode(std::string_view body);
template <>
Result<FileEnd> decode(std::string_view body);
template <>
Result<ItemFailed> decode(std::string_view body);
template <>
Result<Totals> decode(std::string_view body);
template <>
Result<Have> decode(std::string_view body);
template <>
Result<Kept> decode(std::string_view body);
template <>
Result<Ask> decode(std::string_view body);
template <>
Result<Summed> decode(std::string_view body);
template <>
Result<SumBegun> decode(std::string_view body);
template <>
Result<Durable> decode(std::string_view body);
template <>
Result<WouldSend> decode(std::string_view body);
template <>
Result<WouldDelete> decode(std::string_view body);
template <>
Result<Placed> decode(std::string_view body);
template <>
Result<Finish> decode(std::string_view body);
template <>
Result<FinalResult> decode(std::string_view body);
template <>
Result<SessionError> decode(std::string_view body);
template <>
Result<Measured> decode(std::string_view body);

}  // namespace cp::transfer
