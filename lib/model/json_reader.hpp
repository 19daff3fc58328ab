// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"
#include "model/json.hpp"

#include <optional>
#include <string>
#include <vector>

namespace cp::model {

struct PlainPrefix;

/// A sequence of JSON values from files: separated by white space (one a line, or spread over many,
/// as jq writes them), or one array, whose elements are the values. Memory is bounded by one value.
/// Not thread-safe.
class JsonReader {
 public:
  /// FILES in order; "-" is standard input.
  explicit JsonReader(std::vector<std::string> files);
  /// The file FD called NAME, of which READ_ALREADY was read.
  JsonReader(std::string name, UniqueFd fd, std::string read_already);

  /// The next value, nullopt after the last. After an error nothing more comes.
  Result<std::optional<Json>> next();
  /// What that value was parsed from, if it is an object on one line as programs write them; else
  /// empty. Valid until the next `next`.
  std::string_view line() const;
  /// Where the value that `next` gave last begins.
  const Origin& origin() const { return start_; }

 private:
  Result<bool> fill();
  Result<bool> open_next_file();
  Result<bool> skip_to_value();
  std::optional<PlainPrefix> plain_object() const;
  Result<std::size_t> find_end();
  void consume(std::size_t count);

  std::vector<std::string> files_;
  std::size_t next_file_ = 0;
  UniqueFd fd_;
  std::string buffer_;
  std::size_t at_ = 0;           ///< what lies before it in buffer_ is consumed
  std::size_t plain_bytes_ = 0;  ///< of the last value, when it was parsed as a plain object
  Origin here_;
  Origin start_;
  bool open_ = false;
  bool at_end_ = false;
  bool in_array_ = false;
  bool after_element_ = false;
};

}  // namespace cp::model
