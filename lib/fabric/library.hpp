// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <memory>
#include <string>

struct fi_info;
struct fi_fabric_attr;
struct fid_fabric;

namespace cp::fabric {

/// libfabric, opened when a fabric is first used: linking Debian's costs every start 200 ms. Only
/// the few symbols that it exports are looked up, the rest is inline in its headers. Stays loaded
/// until the process ends. Safe on any thread.
class Library {
 public:
  /// unavailable where libfabric.so.1 is not installed.
  static Result<std::shared_ptr<const Library>> load();
  explicit Library(void* handle) : handle_(handle) {}
  ~Library();
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  /// The functions of fabric.h with these names.
  int (*getinfo)(std::uint32_t, const char*, const char*, std::uint64_t, const fi_info*,
                 fi_info**) = nullptr;
  void (*freeinfo)(fi_info*) = nullptr;
  fi_info* (*dupinfo)(const fi_info*) = nullptr;
  int (*fabric)(fi_fabric_attr*, fid_fabric**, void*) = nullptr;
  const char* (*strerror)(int) = nullptr;

  /// ERROR (as a call returned it, positive or negative) in words.
  std::string text_of(long error) const;

 private:
  Result<void> look_up();
  void* handle_;
};

}  // namespace cp::fabric
