// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "market/cache.hpp"
#include "market/line_reader.hpp"
#include "market/lint.hpp"
#include "model/json_fwd.hpp"

#include <cstdint>
#include <string>

namespace cp::market {

/// Reads the rest of LINES, documents of our own (cp.resource, cp.offer) one a line, into IMPORT.
/// NAME is the file's, for messages. What closes or accompanies a stream of offers (cp.answer,
/// cp.error) is passed over; what is wrong with a line goes to LINT.
Result<void> import_ndjson(LineReader& lines, const std::string& name, CacheImport& import,
                           Lint& lint);

/// Puts RESOURCE, a cp.resource/1 from LINE of its source, into IMPORT; what is wrong with it goes
/// to LINT. Values that stand for "unknown" become null in it.
Result<void> import_resource(model::Json& resource, std::int64_t line, CacheImport& import,
                             Lint& lint);

/// As `import_ndjson` for the file at PATH, which holds JSON values in any layout, or one array. A
/// malformed one is an error of the whole import: nobody knows where the next begins.
Result<void> import_documents(const std::string& path, CacheImport& import, Lint& lint);

}  // namespace cp::market
