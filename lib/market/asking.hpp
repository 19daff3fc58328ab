// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "market/live_source.hpp"

#include <functional>
#include <span>
#include <stop_token>
#include <vector>

namespace cp::market {

/// What each of SOURCES answers, in their order. Those with a deadline are asked at once (256 at a
/// time), each in a thread of its own, and told to stop when it has passed: timed_out. Those
/// without are asked meanwhile, one after the other, in this thread, and then MEANWHILE is done
/// here, if it is anything, before the answers are waited for. STOP ends all of it.
std::vector<Result<Perception>> ask_all(std::span<LiveSource* const> sources, std::stop_token stop,
                                        const std::function<void()>& meanwhile = {});

}  // namespace cp::market
