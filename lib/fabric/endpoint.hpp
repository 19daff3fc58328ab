// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fabric/connection.hpp"
#include "fabric/handles.hpp"

#include <atomic>
#include <vector>

namespace cp::fabric {

/// The libfabric objects of a connection, in the order in which they are made; for the files of
/// lib/fabric alone.
struct Connection::Parts {
  SharedFabric fabric;
  Info info;
  Handle<fid_domain> domain;
  Handle<fid_eq> events;
  Handle<fid_cq> completions;
  Handle<fid_mr> region;
  Handle<fid_ep> endpoint;            ///< closed first: it uses all the others
  std::vector<fi_context2> contexts;  ///< one for each operation
  void* descriptor = nullptr;
  bool waits = false;  ///< the completion queue can be waited on
  std::atomic<bool> is_interrupted{false};
};

/// An endpoint made of INFO, with its queues, ready to connect or accept.
Result<std::unique_ptr<Connection::Parts>> make_endpoint(SharedFabric fabric, Info info);

/// Waits until the endpoint of PARTS is connected; denied when the other end does not say ANSWER.
Result<std::unique_ptr<Connection>> finish_connecting(
    std::unique_ptr<Connection::Parts> parts, std::string_view answer,
    std::chrono::steady_clock::time_point deadline, const std::stop_token& stop);

}  // namespace cp::fabric
