// SPDX-License-Identifier: Apache-2.0
#include "transfer/message.hpp"

#include "transfer/errors.hpp"
#include "transfer/limits.hpp"
#include "transfer/wire.hpp"

#include <algorithm>
#include <array>

namespace cp::transfer {
namespace {

constexpr unsigned kFresh = 1;      // flags of an entry
constexpr unsigned kHasExtras = 2;  // its extras follow
constexpr unsigned kIsSource = 1;   // flags of what would be sent
constexpr unsigned kStays = 2;

void put(WireWriter& out, const Metadata& metadata) {
  out.put(metadata.mode).put_signed(metadata.mtime_s).put(metadata.mtime_ns);
}

Metadata get_metadata(WireReader& in) {
  return {.mode = in.get<std::uint32_t>(),
          .mtime_s = in.get_signed(),
          .mtime_ns = in.get<std::uint32_t>()};
}

void put(WireWriter& out, const Error& error) {
  out.put_text(name_of(error.code)).put_text(error.message).put_text(error.hint);
}

Error get_error(WireReader& in) {
  const Errc code = kind_of_name(in.get_text());
  std::string message(in.get_text());
  std::string hint(in.get_text());
  return {code, message.empty() ? "failed" : std::move(message), std::move(hint)};
}

void put(WireWriter& out, const std::vector<Digest>& digests) {
  out.put(static_cast<std::uint32_t>(digests.size()));
  for (const Digest& digest : digests) {
    out.put_bytes(digest.bytes);
  }
}

std::vector<Digest> get_digests(WireReader& in) {
  std::vector<Digest> digests;
  const auto count = in.get<std::uint32_t>();
  for (std::uint32_t i = 0; i < count && in.good(); ++i) {
    digests.push_back(in.get_digest());
  }
  return digests;
}

void put(WireWriter& out, const Entry& entry) {
  out.put(static_cast<std::uint8_t>(entry.type)).put(entry.id).put(entry.size);
  put(out, entry.metadata);
  out.put_text(entry.path).put_text(entry.target);
  const std::string extras = entry.extras ? encode(*entry.extras) : "";
  const unsigned flags = (entry.is_fresh ? kFresh : 0U) | (extras.empty() ? 0U : kHasExtras);
  out.put_bytes(entry.stamp.bytes).put(static_cast<std::uint8_t>(flags));
  if (!extras.empty()) {
    out.put(static_cast<std::uint32_t>(extras.size()));
    out.put_bytes(std::as_bytes(std::span(extras)));
  }
}

Result<Entry> get_entry(WireReader& in) {
  Entry entry;
  entry.type = static_cast<EntryType>(in.get<std::uint8_t>());
  entry.id = in.get<std::uint64_t>();
  entry.size = in.get<std::uint64_t>();
  entry.metadata = get_metadata(in);
  entry.path = in.get_text();
  entry.target = in.get_text();
  entry.stamp = in.get_digest();
  const auto flags = in.get<std::uint8_t>();
  entry.is_fresh = (flags & kFresh) != 0;
  if ((flags & ~(kFresh | kHasExtras)) != 0) {
    return fail(Errc::protocol, "an entry that cannot be");
  }
  if ((flags & kHasExtras) != 0) {
    const auto extras = in.get_bytes(in.get<std::uint32_t>());
    CP_TRY_ASSIGN(entry.extras,
                  decode_extras({reinterpret_cast<const char*>(extras.data()), extras.size()},
                                entry.type == EntryType::file ? leaves_of(entry.size) : 0));
  }
  return entry;
}

bool is_sound(const Entry& entry) {
  if (!is_sound(entry.metadata) || entry.size >= limits::file_bytes) {
    return false;
  }
  switch (entry.type) {
    case EntryType::file:
      return entry.id != 0 && entry.target.empty();
    case EntryType::directory:
      return entry.target.empty();
    case EntryType::link:
    case EntryType::hard_link:
      return !entry.target.empty() && entry.target.size() <= limits::path_bytes &&
             entry.target.find('\0') == std::string::npos;
  }
  return false;
}

// Whether a sum (SumSink) of something of TYPE has BYTES.
bool is_sum_of(EntryType type, std::size_t bytes) {
  constexpr std::size_t kDigest = sizeof(Digest::bytes);
  constexpr std::size_t kSha256 = 32;
  switch (type) {
    case EntryType::file:
      return bytes == kDigest || bytes == kSha256;
    case EntryType::directory:
      return bytes == 0;
    case EntryType::link:
      return bytes == kDigest;
    case EntryType::hard_link:
      break;
  }
  return false;
}

template <class T>
Result<T> whole(const WireReader& in, T message) {
  if (!in.at_end()) {
    return fail(Errc::protocol, "a message of the wrong length");
  }
  return message;
}

std::string encode_entries(const std::vector<Entry>& entries) {
  WireWriter out;
  out.put(static_cast<std::uint32_t>(entries.size()));
  for (const Entry& entry : entries) {
    put(out, entry);
  }
  return out.take();
}

Result<std::vector<Entry>> get_entries(WireReader& in) {
  const auto count = in.get<std::uint32_t>();
  if (count > limits::batch_entries) {
    return fail(Errc::protocol, "{} entries in one message", count);
  }
  std::vector<Entry> entries;
  entries.reserve(count);
  for (std::uint32_t i = 0; i < count && in.good(); ++i) {
    CP_TRY_ASSIGN(Entry entry, get_entry(in));
    entries.push_back(std::move(entry));
  }
  if (!std::ranges::all_of(entries, [](const Entry& entry) { return is_sound(entry); })) {
    return fail(Errc::protocol, "an entry that cannot be");
  }
  return entries;
}

}  // namespace

std::string encode_header(MessageType type, std::size_t body_bytes) {
  return WireWriter()
      .put(static_cast<std::uint32_t>(body_bytes))
      .put(static_cast<std::uint16_t>(type))
      .put(std::uint16_t{0})
      .put(std::uint64_t{0})
      .take();
}

Result<MessageHeader> decode_header(std::string_view bytes) {
  WireReader in(bytes);
  MessageHeader header;
  header.body_bytes = in.get<std::uint32_t>();
  header.type = static_cast<MessageType>(in.get<std::uint16_t>());
  header.flags = in.get<std::uint16_t>();
  if (in.get<std::uint64_t>() != 0 || !in.at_end()) {
    return fail(Errc::protocol, "no message where one belongs");
  }
  if (header.body_bytes > limits::message_bytes) {
    return fail(Errc::protocol, "a message of {} bytes", header.body_bytes);
  }
  return header;
}

std::string encode(const Entries& message) { return encode_entries(message.entries); }

template <>
Result<Entries> decode(std::string_view body) {
  WireReader in(body);
  CP_TRY_ASSIGN(auto entries, get_entries(in));
  return whole(in, Entries{std::move(entries)});
}

std::string encode(const Offer& message) { return encode_entries(message.entries); }

template <>
Result<Offer> decode(std::string_view body) {
  WireReader in(body);
  CP_TRY_ASSIGN(auto entries, get_entries(in));
  const auto is_file = [](const Entry& entry) { return entry.type == EntryType::file; };
  if (!std::ranges::all_of(entries, is_file)) {
    return fail(Errc::protocol, "an offer of something that is no file");
  }
  return whole(in, Offer{std::move(entries)});
}

std::string encode(const Ask& message) { return encode_entries(message.entries); }

template <>
Result<Ask> decode(std::string_view body) {
  WireReader in(body);
  CP_TRY_ASSIGN(auto entries, get_entries(in));
  return whole(in, Ask{std::move(entries)});
}

std::string encode(const Summed& message) {
  WireWriter out;
  out.put(static_cast<std::uint32_t>(message.items.size()));
  for (const Summed::Item& item : message.items) {
    put(out, item.entry);
    out.put_text(item.sum).put_text(item.from);
  }
  return out.take();
}

template <>
Result<Summed> decode(std::string_view body) {
  WireReader in(body);
  const auto count = in.get<std::uint32_t>();
  if (count == 0 || count > limits::batch_entries) {
    return fail(Errc::protocol, "{} sums in one message", count);
  }
  Summed message;
  for (std::uint32_t i = 1; i <= count && in.good(); ++i) {
    CP_TRY_ASSIGN(Entry entry, get_entry(in));
    std::string sum(in.get_text());
    if (in.good() && (!is_sound(entry) || entry.extras || !is_sum_of(entry.type, sum.size()))) {
      return fail(Errc::protocol, "a sum that cannot be");
    }
    if (in.good() && entry.id != i) {
      return fail(Errc::protocol, "sums out of their order");
    }
    message.items.push_back({std::move(entry), std::move(sum), std::string(in.get_text())});
  }
  return whole(in, std::move(message));
}

std::string encode(const SumBegun& message) {
  WireWriter out;
  put(out, message.entry);
  return out.take();
}

template <>
Result<SumBegun> decode(std::string_view body) {
  WireReader in(body);
  CP_TRY_ASSIGN(Entry entry, get_entry(in));
  if (in.good() && (!is_sound(entry) || entry.extras || entry.type != EntryType::file)) {
    return fail(Errc::protocol, "an entry that cannot be");
  }
  return whole(in, SumBegun{std::move(entry)});
}

std::string encode(const Answer& message) {
  WireWriter out;
  out.put(static_cast<std::uint32_t>(message.items.size()));
  for (const Answer::Item& item : message.items) {
    out.put(item.id).put(static_cast<std::uint8_t>(item.verdict)).put_bytes(item.digest.bytes);
  }
  return out.take();
}

template <>
Result<Answer> decode(std::string_view body) {
  WireReader in(body);
  const auto count = in.get<std::uint32_t>();
  if (count > limits::batch_entries) {
    return fail(Errc::protocol, "{} answers in one message", count);
  }
  Answer message;
  for (std::uint32_t i = 0; i < count && in.good(); ++i) {
    Answer::Item item;
    item.id = in.get<std::uint64_t>();
    const auto verdict = in.get<std::uint8_t>();
    item.verdict = static_cast<Answer::Verdict>(verdict);
    item.digest = in.get_digest();
    if (verdict > static_cast<std::uint8_t>(Answer::Verdict::compare)) {
      return fail(Errc::protocol, "an answer that says nothing");
    }
    message.items.push_back(item);
  }
  return whole(in, std::move(message));
}

std::string encode(const Same& message) {
  WireWriter out;
  out.put(message.up_to).put(static_cast<std::uint32_t>(message.ids.size()));
  for (const std::uint64_t id : message.ids) {
    out.put(id);
  }
  return out.take();
}

template <>
Result<Same> decode(std::string_view body) {
  WireReader in(body);
  Same message;
  message.up_to = in.get<std::uint64_t>();
  const auto count = in.get<std::uint32_t>();
  for (std::uint32_t i = 0; i < count && in.good(); ++i) {
    message.ids.push_back(in.get<std::uint64_t>());
  }
  return whole(in, std::move(message));
}

std::string encode(const Present& message) {
  WireWriter out;
  out.put(static_cast<std::uint32_t>(message.items.size()));
  for (const Present::Item& item : message.items) {
    out.put_text(item.path).put(static_cast<std::uint8_t>(item.is_closed));
  }
  return out.take();
}

template <>
Result<Present> decode(std::string_view body) {
  WireReader in(body);
  Present message;
  const auto count = in.get<std::uint32_t>();
  for (std::uint32_t i = 0; i < count && in.good(); ++i) {
    Present::Item item;
    item.path = in.get_text();
    item.is_closed = in.get<std::uint8_t>() == 1;
    message.items.push_back(std::move(item));
  }
  return whole(in, std::move(message));
}

std::string encode(const WouldDelete& message) {
  WireWriter out;
  out.put(static_cast<std::uint32_t>(message.paths.size()));
  for (const std::string& path : message.paths) {
    out.put_text(path);
  }
  return out.take();
}

template <>
Result<WouldDelete> decode(std::string_view body) {
  WireReader in(body);
  WouldDelete message;
  const auto count = in.get<std::uint32_t>();
  for (std::uint32_t i = 0; i < count && in.good(); ++i) {
    message.paths.emplace_back(in.get_text());
  }
  return whole(in, std::move(message));
}

std::string encode(const WouldSend& message) {
  WireWriter out;
  out.put(static_cast<std::uint32_t>(message.items.size()));
  for (const WouldSend::Item& item : message.items) {
    out.put_text(item.from)
        .put_text(item.path)
        .put(item.size)
        .put(static_cast<std::uint8_t>(item.is_directory))
        .put(static_cast<std::uint8_t>((item.is_source ? kIsSource : 0U) |
                                       (item.stays ? kStays : 0U)));
  }
  return out.take();
}

template <>
Result<WouldSend> decode(std::string_view body) {
  WireReader in(body);
  WouldSend message;
  const auto count = in.get<std::uint32_t>();
  for (std::uint32_t i = 0; i < count && in.good(); ++i) {
    WouldSend::Item item;
    item.from = in.get_text();
    item.path = in.get_text();
    item.size = in.get<std::uint64_t>();
    item.is_directory = in.get<std::uint8_t>() == 1;
    const auto flags = in.get<std::uint8_t>();
    item.is_source = (flags & kIsSource) != 0;
    item.stays = (flags & kStays) != 0;
    message.items.push_back(std::move(item));
  }
  return whole(in, std::move(message));
}

std::string encode(const FileEnd& message) {
  WireWriter out;
  out.put(message.id).put_bytes(message.digest.bytes);
  put(out, message.metadata);
  if (message.size != 0) {
    out.put(message.size);
  }
  return out.take();
}

template <>
Result<FileEnd> decode(std::string_view body) {
  WireReader in(body);
  FileEnd message;
  message.id = in.get<std::uint64_t>();
  message.digest = in.get_digest();
  message.metadata = get_metadata(in);
  message.size = in.at_end() ? 0 : in.get<std::uint64_t>();
  if (!is_sound(message.metadata) || message.size >= limits::file_bytes) {
    return fail(Errc::protocol, "an entry that cannot be");
  }
  return whole(in, message);
}

std::string encode(const ItemFailed& message) {
  WireWriter out;
  out.put_text(message.path).put(message.id);
  put(out, message.error);
  return out.take();
}

template <>
Result<ItemFailed> decode(std::string_view body) {
  WireReader in(body);
  ItemFailed message;
  message.path = in.get_text();
  message.id = in.get<std::uint64_t>();
  message.error = get_error(in);
  return whole(in, std::move(message));
}

std::string encode(const Totals& message) {
  WireWriter out;
  out.put(message.files).put(message.bytes).put(static_cast<std::uint8_t>(message.walk_ended));
  return out.put(message.files_skipped).put(message.bytes_skipped).take();
}

template <>
Result<Totals> decode(std::string_view body) {
  WireReader in(body);
  const Totals message{in.get<std::uint64_t>(), in.get<std::uint64_t>(),
                       in.get<std::uint8_t>() == 1, in.get<std::uint64_t>(),
                       in.get<std::uint64_t>()};
  return whole(in, message);
}

std::string encode(const Have& message) {
  WireWriter out;
  out.put(static_cast<std::uint8_t>(message.is_last));
  put(out, message.landed);
  out.put(static_cast<std::uint32_t>(message.partial.size()));
  for (const Have::Leaves& leaves : message.partial) {
    out.put_bytes(leaves.stamp.bytes).put(leaves.size);
    out.put(static_cast<std::uint8_t>(leaves.is_fresh)).put(leaves.first);
    put(out, leaves.digests);
  }
  return out.take();
}

template <>
Result<Have> decode(std::string_view body) {
  WireReader in(body);
  Have message;
  message.is_last = in.get<std::uint8_t>() == 1;
  message.landed = get_digests(in);
  const auto count = in.get<std::uint32_t>();
  for (std::uint32_t i = 0; i < count && in.good(); ++i) {
    Have::Leaves leaves;
    leaves.stamp = in.get_digest();
    leaves.size = in.get<std::uint64_t>();
    leaves.is_fresh = in.get<std::uint8_t>() == 1;
    leaves.first = in.get<std::uint64_t>();
    leaves.digests = get_digests(in);
    const std::uint64_t all = leaves_of(leaves.size);
    if (leaves.size >= limits::file_bytes || leaves.first > all ||
        leaves.digests.size() > all - leaves.first) {
      return fail(Errc::protocol, "leaves that no file has");
    }
    message.partial.push_back(std::move(leaves));
  }
  return whole(in, std::move(message));
}

std::string encode(const Kept& message) {
  WireWriter out;
  put(out, message.stamps);
  return out.take();
}

template <>
Result<Kept> decode(std::string_view body) {
  WireReader in(body);
  Kept message{get_digests(in)};
  return whole(in, std::move(message));
}

std::string encode(const Durable& message) {
  return WireWriter().put(message.files).put(message.bytes).take();
}

template <>
Result<Durable> decode(std::string_view body) {
  WireReader in(body);
  const Durable message{in.get<std::uint64_t>(), in.get<std::uint64_t>()};
  return whole(in, message);
}

std::string encode(const Placed& message) {
  return WireWriter().put(message.files).put(message.bytes).put(message.placing_ns).take();
}

template <>
Result<Placed> decode(std::string_view body) {
  WireReader in(body);
  const Placed message{in.get<std::uint64_t>(), in.get<std::uint64_t>(), in.get<std::uint64_t>()};
  return whole(in, message);
}

std::string encode(const Finish& /*message*/) { return {}; }

template <>
Result<Finish> decode(std::string_view body) {
  return whole(WireReader(body), Finish{});
}

std::string encode(const FinalResult& message) {
  WireWriter out;
  out.put(message.files).put(message.bytes).put_bytes(message.digest.bytes);
  // Peers of format 1 never ask for it.
  return message.deleted == 0 ? out.take() : out.put(message.deleted).take();
}

template <>
Result<FinalResult> decode(std::string_view body) {
  WireReader in(body);
  FinalResult message;
  message.files = in.get<std::uint64_t>();
  message.bytes = in.get<std::uint64_t>();
  message.digest = in.get_digest();
  if (in.good() && !in.at_end()) {
    message.deleted = in.get<std::uint64_t>();
  }
  return whole(in, message);
}

std::string encode(const SessionError& message) {
  WireWriter out;
  put(out, message.error);
  return out.take();
}

template <>
Result<SessionError> decode(std::string_view body) {
  WireReader in(body);
  SessionError message{get_error(in)};
  return whole(in, std::move(message));
}

std::string encode(const Measured& message) {
  return WireWriter().put(message.bytes).put(message.cpu_ns).take();
}

template <>
Result<Measured> decode(std::string_view body) {
  WireReader in(body);
  const Measured message{in.get<std::uint64_t>(), in.get<std::uint64_t>()};
  return whole(in, message);
}

}  // namespace cp::transfer
