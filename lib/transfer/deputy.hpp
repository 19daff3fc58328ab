// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/control.hpp"

#include <stop_token>
#include <string>

namespace cp::transfer {

/// Carries out one order (transfer/order.hpp) of the caller behind CONTROL, which ssh has proven to
/// be this user on another machine: this process becomes the client of the transfer, so that its
/// data passes the caller by. The caller is told what happens and how it ends. When the caller is
/// gone or silent, or STOP was asked, the transfer ends as an interrupted one does. ARCHIVE: where
/// journals of finished transfers are kept; empty: nowhere. Returns one line about what was done;
/// an error when the caller is lost, and for an order that is none, of which the caller is told.
Result<std::string> serve_order(Control& control, std::string archive, std::stop_token stop);

}  // namespace cp::transfer
