// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "market/cache.hpp"
#include "market/lint.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cp::market {

enum class Format : std::uint8_t { automatic, ndjson, skypilot, sparecores, osg, top500 };

/// The format called NAME ("auto", "ndjson", "skypilot", "sparecores", "osg", "top500").
std::optional<Format> format_named(std::string_view name);

/// One catalog to be imported.
struct ImportRequest {
  std::string file;    ///< "-" is standard input; for "osg" a directory, too
  std::string origin;  ///< the URL that FILE was brought from; empty: FILE is the catalog itself
  Format format = Format::automatic;
  std::string name;      ///< the source's; empty: from the file's name
  std::string provider;  ///< who provides what is in a catalog that does not say; empty: NAME
  std::string
      currency;       ///< of the prices of a catalog that does not say; empty: the format's usual
  std::string as_of;  ///< RFC 3339; empty: nobody said
  bool is_strict = false;  ///< nothing is taken when anything is wrong
};

/// Reads the file of REQUEST into CACHE, in place of what its source held before; nothing changes
/// on an error. LINT takes what is wrong with its rows. bad_data when the format is not known or no
/// row is good, or, if strict, when LINT is not clean; not_found and io as the file has them.
Result<SourceInfo> import_catalog(Cache& cache, const ImportRequest& request, const Clock& clock,
                                  Lint& lint);

/// The name for the source in FILE: "azure" for "…/azure/vms.csv", "servers" for "servers.ndjson".
std::string source_name(std::string_view file);

}  // namespace cp::market
