// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <curl/curl.h>
#include <memory>

namespace cp::net {

/// The functions of libcurl that a client uses, by their names in curl.h. Opened at the first
/// request: linked, it and what it brings (some twenty libraries) would start with every run of a
/// tool that can ask a registry. Stays loaded until the process ends. For lib/net/http_client.cpp
/// alone.
struct Curl {
  /// unavailable where libcurl.so.4 is not installed or older than 7.85.
  static Result<std::shared_ptr<const Curl>> load();

  decltype(&curl_global_init) global_init = nullptr;
  decltype(&curl_easy_init) init = nullptr;
  decltype(&curl_easy_cleanup) cleanup = nullptr;
  decltype(&curl_easy_reset) reset = nullptr;
  decltype(&curl_easy_perform) perform = nullptr;
  CURLcode (*set)(CURL*, CURLoption, ...) = nullptr;
  CURLcode (*get)(CURL*, CURLINFO, ...) = nullptr;
  decltype(&curl_easy_strerror) text_of = nullptr;
  decltype(&curl_slist_append) append = nullptr;
  decltype(&curl_slist_free_all) free_list = nullptr;
  decltype(&curl_version_info) version_info = nullptr;
};

}  // namespace cp::net
