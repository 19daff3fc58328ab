// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/confined.hpp"
#include "transfer/digest.hpp"

#include <string>

/// Where journals of finished transfers wait for a week, so that the same command again moves only
/// what has changed. Losing one costs nothing but sending again; so nothing here fails.
namespace cp::transfer {

/// Puts the journal of the staging directory STAGING, of a transfer of KEY to ROOT, into DIRECTORY,
/// and removes old ones there.
void archive(const Confined& root, const std::string& directory, const Digest& key, int staging);

/// Puts it back into STAGING, unless a journal is there; whether it did.
bool fetch_archived(const Confined& root, const std::string& directory, const Digest& key,
                    int staging);

}  // namespace cp::transfer
