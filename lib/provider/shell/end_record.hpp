// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "provider/launcher.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cp::provider::shell {

/// The time that TEXT, seconds since 1970, says; nullopt for what cannot be one.
std::optional<UnixTime> time_in(std::string_view text);

/// The last record of a job's wrapper, `ended`, line by line; only a whole one counts.
class EndRecord {
 public:
  void read(std::string_view line);
  /// How the job ended, without its token and its names at the provider.
  std::optional<Observation> result();

 private:
  void read_length(std::string_view value);
  void read_times(std::string_view value);

  bool whole_ = false;
  std::optional<std::int64_t> status_;
  std::string cause_;
  Observation seen_;
};

}  // namespace cp::provider::shell
