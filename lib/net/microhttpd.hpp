// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <memory>
#include <microhttpd.h>

namespace cp::net {

/// The functions of libmicrohttpd that a server uses, by their names in microhttpd.h. Opened when a
/// server starts: linked, it and GnuTLS would start with every run of a tool that can serve. Stays
/// loaded until the process ends. Only for lib/net/http_worker.cpp.
struct Microhttpd {
  /// unavailable where libmicrohttpd.so.12 is not installed.
  static Result<std::shared_ptr<const Microhttpd>> load();

  decltype(&MHD_start_daemon) start_daemon = nullptr;
  decltype(&MHD_stop_daemon) stop_daemon = nullptr;
  decltype(&MHD_quiesce_daemon) quiesce_daemon = nullptr;
  decltype(&MHD_run_wait) run_wait = nullptr;
  decltype(&MHD_get_connection_info) connection_info = nullptr;
  decltype(&MHD_get_connection_values) connection_values = nullptr;
  decltype(&MHD_create_response_from_buffer) response_from_buffer = nullptr;
  decltype(&MHD_create_response_from_callback) response_from_callback = nullptr;
  decltype(&MHD_add_response_header) add_header = nullptr;
  decltype(&MHD_queue_response) queue_response = nullptr;
  decltype(&MHD_destroy_response) destroy_response = nullptr;
  decltype(&MHD_is_feature_supported) is_feature_supported = nullptr;
};

}  // namespace cp::net
