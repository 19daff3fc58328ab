// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/message.hpp"
#include "transfer/record.hpp"
#include "transfer/tally.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// What a deputy (transfer/order.hpp) and its caller tell each other while it carries the order
/// out.
namespace cp::transfer {

/// The figures of a tally.
struct Figures {
  static constexpr std::size_t count = 15;
  std::array<std::uint64_t, count> values{};
  bool walk_ended = false;
};
Figures figures_of(Tally& tally);
/// Makes TALLY show FIGURES.
void set_figures(const Figures& figures, Tally& tally);

/// Something that happened.
struct Word {
  static constexpr MessageType type = MessageType::word;
  enum class Kind : std::uint8_t {
    progress = 1,      ///< figures
    failed = 2,        ///< failed
    would_land = 3,    ///< from, to
    planned = 4,       ///< from, to: of a source itself
    would_delete = 5,  ///< to
  };
  Kind kind = Kind::progress;
  Figures figures = {};
  ItemFailed failed = {};
  std::string from = {};
  std::string to = {};
};

/// How it ended.
struct Outcome {
  static constexpr MessageType type = MessageType::outcome;
  /// Why nothing was begun; the account says nothing then.
  std::optional<Error> refused;
  /// There is no direct way to the other host for the data.
  bool has_no_way = false;
  /// Without times, and without what was told by words.
  Account account;
  Figures figures;
};

/// Some of what the deputy's client and the server on the other host say to each other.
struct Relayed {
  static constexpr MessageType type = MessageType::relayed;
  static constexpr std::size_t most_bytes = std::size_t{64} << 10U;
  bool is_end = false;
  std::string bytes = {};           ///< of the talk
  std::optional<Error> error = {};  ///< with the end: what is known about why
};

std::string encode(const Word& message);
std::string encode(const Outcome& message);
std::string encode(const Relayed& message);

template <>
Result<Word> decode(std::string_view body);
/// Also protocol for what no transfer can have ended with.
template <>
Result<Outcome> decode(std::string_view body);
template <>
Result<Relayed> decode(std::string_view body);

}  // namespace cp::transfer
