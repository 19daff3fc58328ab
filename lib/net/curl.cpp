// SPDX-License-Identifier: Apache-2.0
#include "net/curl.hpp"

#include <dlfcn.h>

namespace cp::net {
namespace {

constexpr unsigned kOldestCurl = 0x075500;  // 7.85.0 has CURLOPT_PROTOCOLS_STR

template <class Function>
bool curl_symbol(void* handle, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(handle, name));
  return function != nullptr;
}

}  // namespace

Result<std::shared_ptr<const Curl>> Curl::load() {
  void* handle = ::dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (handle == nullptr) {
    return with_hint(fail(Errc::unavailable, "libcurl cannot be used here"), "install libcurl4");
  }
  const auto library = std::make_shared<Curl>();
  const bool is_whole = curl_symbol(handle, "curl_global_init", library->global_init) &&
                        curl_symbol(handle, "curl_easy_init", library->init) &&
                        curl_symbol(handle, "curl_easy_cleanup", library->cleanup) &&
                        curl_symbol(handle, "curl_easy_reset", library->reset) &&
                        curl_symbol(handle, "curl_easy_perform", library->perform) &&
                        curl_symbol(handle, "curl_easy_setopt", library->set) &&
                        curl_symbol(handle, "curl_easy_getinfo", library->get) &&
                        curl_symbol(handle, "curl_easy_strerror", library->text_of) &&
                        curl_symbol(handle, "curl_slist_append", library->append) &&
                        curl_symbol(handle, "curl_slist_free_all", library->free_list) &&
                        curl_symbol(handle, "curl_version_info", library->version_info);
  ::dlclose(handle);
  if (!is_whole || library->version_info(CURLVERSION_NOW)->version_num < kOldestCurl) {
    return fail(Errc::unavailable, "the libcurl here is too old: 7.85 is wanted");
  }
  if (library->global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    return fail(Errc::unavailable, "libcurl does not start");
  }
  return library;
}

}  // namespace cp::net
