// SPDX-License-Identifier: Apache-2.0
#include "net/microhttpd.hpp"

#include <dlfcn.h>

namespace cp::net {
namespace {

template <class Function>
bool look_up(void* handle, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(handle, name));
  return function != nullptr;
}

}  // namespace

Result<std::shared_ptr<const Microhttpd>> Microhttpd::load() {
  void* handle = ::dlopen("libmicrohttpd.so.12", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (handle == nullptr) {
    return with_hint(fail(Errc::unavailable, "libmicrohttpd cannot be used here"),
                     "install libmicrohttpd12");
  }
  const auto library = std::make_shared<Microhttpd>();
  const bool is_whole =
      look_up(handle, "MHD_start_daemon", library->start_daemon) &&
      look_up(handle, "MHD_stop_daemon", library->stop_daemon) &&
      look_up(handle, "MHD_quiesce_daemon", library->quiesce_daemon) &&
      look_up(handle, "MHD_run_wait", library->run_wait) &&
      look_up(handle, "MHD_get_connection_info", library->connection_info) &&
      look_up(handle, "MHD_get_connection_values", library->connection_values) &&
      look_up(handle, "MHD_create_response_from_buffer", library->response_from_buffer) &&
      look_up(handle, "MHD_create_response_from_callback", library->response_from_callback) &&
      look_up(handle, "MHD_add_response_header", library->add_header) &&
      look_up(handle, "MHD_queue_response", library->queue_response) &&
      look_up(handle, "MHD_destroy_response", library->destroy_response) &&
      look_up(handle, "MHD_is_feature_supported", library->is_feature_supported);
  ::dlclose(handle);
  if (!is_whole) {
    return fail(Errc::unavailable, "the libmicrohttpd here is too old: 0.9.75 is wanted");
  }
  return library;
}

}  // namespace cp::net
