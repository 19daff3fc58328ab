// SPDX-License-Identifier: Apache-2.0
#include "transfer/extras.hpp"

#include "transfer/limits.hpp"
#include "transfer/wire.hpp"

namespace cp::transfer {
namespace {

enum Tag : std::uint16_t {
  kOwner = 1,
  kAttribute = 2,
  kHoles = 3,
  kLeader = 4,
  kClosed = 5,
  kStream = 6,
  kNames = 7  // of the owner before it
};

constexpr std::size_t kFieldBytes = 6;
constexpr std::size_t kRangeBytes = 16;

void put_head(WireWriter& out, Tag tag, std::size_t bytes) {
  out.put(static_cast<std::uint16_t>(tag)).put(static_cast<std::uint32_t>(bytes));
}

void put_field(WireWriter& out, Tag tag, const WireWriter& body) {
  put_head(out, tag, body.size());
  out.put_bytes(std::as_bytes(std::span(body.bytes())));
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= limits::name_bytes &&
         name.find('\0') == std::string_view::npos;
}

bool is_owner_name(std::string_view name) { return name.empty() || is_name(name); }

/// Reads one field after the other into the extras.
class Decoder {
 public:
  explicit Decoder(std::uint64_t leaves) : leaves_(leaves) {}

  bool take(std::uint16_t tag, WireReader in, std::size_t bytes) {
    switch (tag) {
      case kOwner:
        return take_owner(in);
      case kAttribute:
        return take_attribute(in, bytes);
      case kHoles:
        return take_holes(in, bytes / kRangeBytes);
      case kLeader:
        extras_.is_leader = true;
        return in.at_end();
      case kClosed:
        extras_.is_closed = true;
        return in.at_end();
      case kNames:
        return take_names(in);
      case kStream:
        extras_.is_stream = true;
        return in.at_end();
      default:
        return true;
    }
  }

  std::shared_ptr<const Extras> result() {
    return std::make_shared<const Extras>(std::move(extras_));
  }

 private:
  bool take_owner(WireReader in) {
    extras_.owner =
        Owner{in.get<std::uint32_t>(), in.get<std::uint32_t>(), in.get<std::uint32_t>()};
    return in.at_end() && (extras_.owner->special & ~07000U) == 0;
  }

  bool take_names(WireReader in) {
    if (!extras_.owner) {
      return false;
    }
    extras_.owner->user_name = in.get_text();
    extras_.owner->group_name = in.get_text();
    return in.at_end() && is_owner_name(extras_.owner->user_name) &&
           is_owner_name(extras_.owner->group_name);
  }

  bool take_attribute(WireReader in, std::size_t bytes) {
    Attribute attribute;
    attribute.name = in.get_text();
    const std::size_t head = 2 + attribute.name.size();
    if (bytes < head || bytes - head > limits::attribute_bytes) {
      return false;
    }
    const auto value = in.get_bytes(bytes - head);
    attribute.value.assign(reinterpret_cast<const char*>(value.data()), value.size());
    const bool is_sound = in.at_end() && is_name(attribute.name);
    extras_.attributes.push_back(std::move(attribute));
    return is_sound;
  }

  bool take_holes(WireReader in, std::size_t count) {
    std::uint64_t end = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const LeafRange range{in.get<std::uint64_t>(), in.get<std::uint64_t>()};
      if (range.first < end || range.first >= leaves_ || range.count == 0 ||
          range.count > leaves_ - range.first) {
        return false;
      }
      end = range.first + range.count;
      extras_.holes.push_back(range);
    }
    return in.at_end();
  }

  std::uint64_t leaves_;
  Extras extras_;
};

}  // namespace

std::string encode(const Extras& extras) {
  WireWriter out;
  if (extras.owner) {
    put_field(
        out, kOwner,
        WireWriter().put(extras.owner->user).put(extras.owner->group).put(extras.owner->special));
  }
  if (extras.owner && !(extras.owner->user_name.empty() && extras.owner->group_name.empty())) {
    put_field(out, kNames,
              WireWriter().put_text(extras.owner->user_name).put_text(extras.owner->group_name));
  }
  for (const Attribute& attribute : extras.attributes) {
    put_field(
        out, kAttribute,
        WireWriter().put_text(attribute.name).put_bytes(std::as_bytes(std::span(attribute.value))));
  }
  if (!extras.holes.empty()) {
    WireWriter holes;
    for (const LeafRange& range : extras.holes) {
      holes.put(range.first).put(range.count);
    }
    put_field(out, kHoles, holes);
  }
  if (extras.is_leader) {
    put_head(out, kLeader, 0);
  }
  if (extras.is_closed) {
    put_head(out, kClosed, 0);
  }
  if (extras.is_stream) {
    put_head(out, kStream, 0);
  }
  return out.take();
}

Result<std::shared_ptr<const Extras>> decode_extras(std::string_view bytes, std::uint64_t leaves) {
  WireReader in(bytes);
  Decoder decoder(leaves);
  std::size_t rest = bytes.size();
  bool is_sound = true;
  while (rest >= kFieldBytes && is_sound) {
    const auto tag = in.get<std::uint16_t>();
    const std::size_t length = in.get<std::uint32_t>();
    const auto body = in.get_bytes(length);
    is_sound = in.good() && decoder.take(tag, WireReader(body), length);
    rest -= is_sound ? kFieldBytes + length : 0;
  }
  if (!is_sound || rest != 0) {
    return fail(Errc::protocol, "attributes that cannot be");
  }
  return decoder.result();
}

std::size_t encoded_bytes(const Extras* extras) {
  return extras == nullptr ? 0 : encode(*extras).size();
}

}  // namespace cp::transfer
