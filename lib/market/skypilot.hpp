// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "market/cache.hpp"
#include "market/line_reader.hpp"
#include "market/lint.hpp"

#include <string>
#include <string_view>

namespace cp::market {

/// What a catalog does not say of itself.
struct CatalogDefaults {
  std::string provider;  ///< who provides what is in it
  std::string currency;  ///< of its prices
  std::string as_of;     ///< of its prices, RFC 3339; empty: nobody said
};

/// Whether HEADER, a file's first line, is that of a SkyPilot catalog of virtual machines.
bool is_skypilot_header(std::string_view header);

/// Whether HEADER is that of a SkyPilot list of prices for parts (slurm/pricing.csv): a format that
/// is known, of which no row is an offer.
bool is_skypilot_price_list(std::string_view header);

/// Reads the rest of LINES, a SkyPilot catalog (vms.csv, schemas v5 to v8: columns in any order, LF
/// or CR LF, GpuInfo as Python's literal, JSON, bare word or nothing) into IMPORT. What is wrong
/// with its rows goes to LINT. bad_data when the header is none of it.
Result<void> import_skypilot(LineReader& lines, const CatalogDefaults& defaults,
                             CacheImport& import, Lint& lint);

}  // namespace cp::market
