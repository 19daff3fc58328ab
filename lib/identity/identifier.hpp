// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The names of resources (DESIGN §5):
///
///     cp:86.3101.42/7F3K9Q2M-JB
///        prefix     serial   check
///
/// The two check characters are ISO/IEC 7064 MOD 1271-36 over prefix, separator and serial, where
/// "." counts as I and "/" as O. Input is folded and parsed first, then the check is computed and
/// compared (SECURITY §1).
namespace cp::identity {

inline constexpr std::size_t kMaxArcs = 8;
inline constexpr std::size_t kMaxArcDigits = 10;
inline constexpr std::size_t kMinSerial = 4;
inline constexpr std::size_t kMaxSerial = 32;
/// "cp:", eight arcs of ten digits and their dots, the slash, the serial, the hyphen, the check.
inline constexpr std::size_t kMaxIdentifier =
    3 + kMaxArcs * (kMaxArcDigits + 1) - 1 + 1 + kMaxSerial + 1 + 2;

/// What is wrong with a text that is no identifier.
enum class Flaw : std::uint8_t {
  none,
  no_scheme,      ///< does not begin with "cp:"
  no_separator,   ///< no slash between prefix and serial
  bad_prefix,     ///< a character that is no digit, an empty arc
  leading_zero,   ///< an arc such as 086
  long_arc,       ///< an arc of more than ten digits
  many_arcs,      ///< more than eight arcs
  no_hyphen,      ///< no hyphen before two check characters at the end
  bad_character,  ///< a character in serial or check that is none of 0-9 A-Z without U
  short_serial,   ///< fewer than four characters
  long_serial,    ///< more than 32 characters
  wrong_check,    ///< the check characters belong to another code
  after_check,    ///< something that is no part of a code behind hyphen and check, such as a path
};

/// The word for FLAW in documents ("wrong_check"), and the sentence for people.
std::string_view name_of(Flaw flaw);
std::string_view sentence_of(Flaw flaw);

/// What is wrong with TEXT; Flaw::none when it is an identifier, canonical or not. Allocates
/// nothing; safe on any bytes and any thread.
Flaw flaw_in(std::string_view text);

/// The two check characters of PREFIX and SERIAL, both in canonical form; nullopt when they would
/// hold a letter that identifiers do not have (I L O U): draw another serial.
std::optional<std::string> check_characters(std::string_view prefix, std::string_view serial);

/// Whether BODY, prefix, slash and serial in canonical form, has such check characters.
bool has_check_characters(std::string_view body);

/// How many serials of LENGTH characters PREFIX, in canonical form, has in all: those whose check
/// characters hold no such letter, about eight in ten. The greatest number beyond 12 characters.
std::uint64_t count_serials(std::string_view prefix, std::size_t length);

/// Whether PREFIX is one to eight arcs in canonical form.
bool is_prefix(std::string_view prefix);
/// Whether PREFIX is ANCESTOR or lies below it; arcs compare as arcs: 86.31 is not above 86.3101.
bool is_within(std::string_view prefix, std::string_view ancestor);

/// An identifier in canonical form: upper case, look-alikes folded, its check characters right.
class Identifier {
 public:
  /// The identifier that TEXT names in any case and with look-alike letters; bad_data otherwise.
  static Result<Identifier> parse(std::string_view text);
  /// The identifier of PREFIX and SERIAL, both canonical; nullopt as `check_characters`.
  static std::optional<Identifier> make(std::string_view prefix, std::string_view serial);

  const std::string& text() const { return text_; }  ///< "cp:86.3101.42/7F3K9Q2M-JB"
  std::string_view prefix() const { return std::string_view(text_).substr(3, slash_ - 3); }
  std::string_view serial() const {
    return std::string_view(text_).substr(slash_ + 1, text_.size() - slash_ - 4);
  }
  std::string_view check() const { return std::string_view(text_).substr(text_.size() - 2); }

  friend bool operator==(const Identifier&, const Identifier&) = default;

 private:
  Identifier(std::string text, std::size_t slash) : text_(std::move(text)), slash_(slash) {}

  std::string text_;
  std::size_t slash_ = 0;
};

/// A place below a resource's data access: "cp:86.3101.42/7F3K9Q2M-JB/results/a.nc".
struct Location {
  Identifier resource;
  std::string path;  ///< what follows the code's slash; empty when there is none
};
/// The location in TEXT; bad_data as Identifier::parse.
Result<Location> parse_location(std::string_view text);

/// Whether TEXT has the form of an alias: "@label/name", the label of a-z 0-9 and hyphens, the name
/// of up to 128 bytes of UTF-8 that can be seen: without slashes, blanks at its ends, and
/// characters that are controls, have no width, turn the direction round or only look like a blank.
bool is_alias(std::string_view text);

}  // namespace cp::identity
