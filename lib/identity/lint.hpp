// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/json_fwd.hpp"

#include <string>
#include <vector>

namespace cp::identity {

/// Something about a record that a reader would stumble over.
struct Finding {
  std::string reason;   ///< "missing", "impossible" or "doubtful"
  std::string place;    ///< dotted, with indices: "node.accelerators[0].memory_bytes"
  std::string message;  ///< one sentence without a dot
};

/// What a reader of RECORD (cp.resource/1) would need and does not find, and what cannot be:
/// placeholders taken for values, totals given for one, more cores than threads, figures without
/// their number format, prices below nothing. `check_resource` says what is no record at all; its
/// refusal is the first finding then. In the order of the record.
std::vector<Finding> lint(const model::Json& record);

}  // namespace cp::identity
