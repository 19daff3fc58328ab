// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/endpoint.hpp"
#include "transfer/link.hpp"
#include "transfer/transfer.hpp"

#include <memory>
#include <string_view>

namespace cp::transfer {

/// The way to FAR, a remote place, as REQUEST says that it is reached. Only the first connection of
/// a command may ask for a password: nobody may be there for another. EARLY_LOGINS of the streams
/// through ssh are begun with it, if it leads there.
std::unique_ptr<Link> link_to(const Request& request, const Location& far, bool is_first,
                              int early_logins = 0);

/// How many streams through ssh every session of REQUEST over RAIL begins with.
int early_logins_of(const Request& request, RailChoice rail);

/// REQUEST's rail, with the usual one of the way to FAR where it leaves that open. usage for one
/// that does not go there, unavailable for one that is not there yet.
Result<RailChoice> rail_to(const Request& request, const Location& far);

/// "tcp", "ssh" or "fabric".
std::string_view name_of(RailChoice rail);

/// As many as REQUEST asks for, or the usual number between two machines.
int streams_of(const Request& request);

}  // namespace cp::transfer
