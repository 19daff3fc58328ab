// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fabric/completion_queue.hpp"
#include "fabric/connection.hpp"
#include "fabric/handles.hpp"

#include <atomic>

namespace cp::fabric {

/// The libfabric objects of a connection, in the order in which they are made; for the files of
/// lib/fabric alone.
struct Connection::Parts {
  SharedFabric fabric;
  Info info;
  Handle<fid_domain> domain;
  Handle<fid_eq> events;
  std::optional<CompletionQueue> completions;
  Handle<fid_mr> region;
  Handle<fid_ep> endpoint;  ///< closed first: it uses all the others
  void* descriptor = nullptr;
  std::atomic<bool> is_interrupted{false};
};

/// An endpoint made of INFO, with its queues, ready to connect or accept.
Result<std::unique_ptr<Connection::Parts>> make_endpoint(SharedFabric fabric, Info info);

/// Waits until the endpoint of PARTS is connected; denied when the other end does not say ANSWER.
Result<std::unique_ptr<Connection>> finish_connecting(
    std::unique_ptr<Connection::Parts> parts, std::string_view answer,
    std::chrono::steady_clock::time_point deadline, const std::stop_token& stop);

}  // namespace cp::fabric
