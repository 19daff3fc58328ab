// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/control.hpp"
#include "transfer/inventory.hpp"
#include "transfer/landing.hpp"
#include "transfer/report.hpp"
#include "transfer/source.hpp"
#include "transfer/would_move.hpp"

#include <chrono>
#include <stop_token>
#include <string>
#include <vector>

namespace cp::transfer {

/// Tells the observer what would land where when SELECTION of SOURCES goes to PLAN below SERVER (""
/// for this machine), and counts it, without writing a file. What it finds goes into INVENTORY.
/// What stays as it is, as ASK says (empty: nothing does), is counted as skipped and not told.
Result<void> show_plan(const std::vector<Source>& sources, const Plan& plan,
                       const Selection& selection, const std::string& server, const AskThere& ask,
                       Inventory& inventory, Report& report, std::stop_token stop);

/// Counts ITEM, which would go to PLAN below SERVER, and tells the observer of it; its own place is
/// below FROM.
void show_item(const WouldSend::Item& item, const Plan& plan, const std::string& server,
               const std::string& from, Report& report);

/// Tells the other end behind CONTROL what SELECTION of SOURCES would send; of what does not
/// travel, too, when DELETES; and of each whether it stays as it is, as ASK says (empty: nothing
/// does).
Result<void> tell_plan(const std::vector<Source>& sources, const Selection& selection, bool deletes,
                       const AskThere& ask, Control& control, std::stop_token stop);

/// As show_plan, for what the server SERVER tells over CONTROL that it would send to PLAN on this
/// machine, where LOOKER (nullptr: nothing is to be looked at) says what stands; timed_out after
/// SILENCE.
Result<void> show_told(Control& control, const Plan& plan, const std::string& server,
                       std::chrono::nanoseconds silence, const Looker* looker, Inventory& inventory,
                       Report& report, std::stop_token stop);

/// Tells the observer what would be deleted in PLAN on GROUND by a transfer that INVENTORY was made
/// of, but for what FILTER leaves out.
Result<void> show_deletions(const Ground& ground, const Plan& plan, const Filter& filter,
                            Inventory& inventory, Report& report);

/// The two ends of that at the server SERVER behind CONTROL: the client, and the server
/// itself.
Result<void> ask_deletions(Control& control, const Plan& plan, const std::string& server,
                           std::chrono::nanoseconds silence, Report& report, std::stop_token stop);
Result<void> answer_deletions(Control& control, const Ground& ground, const Plan& plan,
                              const Filter& filter, Inventory& inventory,
                              std::chrono::nanoseconds silence, std::stop_token stop);

/// Where INCOMING would land at REQUEST's destination on this machine, a stream included.
Result<Plan> plan_here(const Request& request, const Incoming& incoming);

/// As show_plan, for REQUEST's destination on this machine.
Result<void> show_local(const Request& request, const std::vector<Source>& sources, Report& report,
                        std::stop_token stop);

}  // namespace cp::transfer
