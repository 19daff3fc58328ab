// SPDX-License-Identifier: Apache-2.0
#include "transfer/path.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "transfer/limits.hpp"

#include <algorithm>

namespace cp::transfer {
namespace {

const char* fault_of_name(std::string_view name) {
  if (name.empty()) {
    return "it has an empty part";
  }
  if (name == "." || name == "..") {
    return "it leads out of its root";
  }
  if (name.size() > limits::name_bytes) {
    return "a name in it is too long";
  }
  return is_reserved(name) ? "the name is reserved for cpxfer's own files" : nullptr;
}

}  // namespace

bool is_reserved(std::string_view name) {
  const std::string_view own = staging_directory;
  return name.starts_with(own.front()) && text::lower(name.substr(0, own.size())) == own &&
         (name.size() == own.size() || name[own.size()] == '-');
}

Result<void> check_path(std::string_view path) {
  if (path.empty()) {
    return {};
  }
  if (path.front() == '/') {
    return fail(Errc::denied, "the path is absolute");
  }
  if (path.size() > limits::path_bytes) {
    return fail(Errc::denied, "the path is too long");
  }
  if (path.find('\0') != std::string_view::npos) {
    return fail(Errc::denied, "the path holds a NUL byte");
  }
  // Without a list of the parts: every name that is walked, sent or received comes here.
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    if (const char* fault = fault_of_name(path.substr(begin, end - begin))) {
      return fail(Errc::denied, "{}", fault);
    }
    begin = end + 1;
  }
  return {};
}

bool leads_out(std::string_view path, std::string_view target) {
  if (target.starts_with('/')) {
    return true;
  }
  auto above = text::split(path, '/').size() - 1;
  bool descended = false;
  for (const std::string_view name : text::split(target, '/')) {
    if (name != "..") {
      descended = descended || (!name.empty() && name != ".");
      continue;
    }
    // After a name, ".." leaves whatever that name is: with a link there, anything.
    if (descended || above == 0) {
      return true;
    }
    --above;
  }
  return false;
}

std::string shown_in(std::string_view destination, std::string_view path) {
  return path.empty() ? std::string(destination) : path_join(destination, path);
}

std::string join_path(std::string_view a, std::string_view b) {
  std::string out(a);
  if (!a.empty() && !b.empty()) {
    out += '/';
  }
  out += b;
  return out;
}

}  // namespace cp::transfer
