// SPDX-License-Identifier: Apache-2.0
#include "transfer/attributes.hpp"

#include "base/text.hpp"
#include "transfer/limits.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/xattr.h>
#include <unistd.h>

namespace cp::transfer {
namespace {

bool is_acl(std::string_view name) {
  return name == "system.posix_acl_access" || name == "system.posix_acl_default";
}

bool is_wanted(std::string_view name, const Preserve& preserve) {
  if (is_acl(name)) {
    return preserve.acl;
  }
  if (name.starts_with("user.")) {
    return preserve.xattr;
  }
  const bool is_roots =
      name.starts_with("trusted.") || (name.starts_with("security.") && name != "security.selinux");
  return is_roots && preserve.xattr && !preserve.user_attributes_only && ::geteuid() == 0;
}

tl::unexpected<Error> attribute_error(std::string_view name, int error_number) {
  const Errc code = error_number == EPERM || error_number == EACCES ? Errc::denied : Errc::io;
  return fail(code, "the attribute {}: {}", name, errno_text(error_number));
}

/// What has attributes: an open file, or a link in an open directory.
class Bearer {
 public:
  explicit Bearer(int fd) : fd_(fd) {}
  // There is no call for a link in a directory that is open: this path leads through the descriptor
  // alone, and its last part is not followed.
  Bearer(int directory, const std::string& link)
      : link_("/proc/self/fd/" + std::to_string(directory) + "/" + link) {}

  ssize_t list(char* out, std::size_t size) const {
    return link_.empty() ? ::flistxattr(fd_, out, size) : ::llistxattr(link_.c_str(), out, size);
  }
  ssize_t get(const std::string& name, char* out, std::size_t size) const {
    return link_.empty() ? ::fgetxattr(fd_, name.c_str(), out, size)
                         : ::lgetxattr(link_.c_str(), name.c_str(), out, size);
  }
  bool set(const Attribute& attribute) const {
    const std::string& value = attribute.value;
    return (link_.empty() ? ::fsetxattr(fd_, attribute.name.c_str(), value.data(), value.size(), 0)
                          : ::lsetxattr(link_.c_str(), attribute.name.c_str(), value.data(),
                                        value.size(), 0)) == 0;
  }
  bool remove(const std::string& name) const {
    return (link_.empty() ? ::fremovexattr(fd_, name.c_str())
                          : ::lremovexattr(link_.c_str(), name.c_str())) == 0;
  }

 private:
  int fd_ = -1;
  std::string link_;
};

// Those of them that PRESERVE asks for.
Result<std::vector<std::string>> names_of(const Bearer& file, const Preserve& preserve) {
  const ssize_t most = file.list(nullptr, 0);
  if (most <= 0) {
    return most == 0 || errno == ENOTSUP ? Result<std::vector<std::string>>({})
                                         : attribute_error("list", errno);
  }
  std::string names(XATTR_LIST_MAX, '\0');
  const ssize_t length = file.list(names.data(), names.size());
  if (length < 0) {
    return attribute_error("list", errno);
  }
  names.resize(static_cast<std::size_t>(length));
  std::vector<std::string> wanted;
  for (const std::string_view name : text::split(names, '\0')) {
    if (!name.empty() && is_wanted(name, preserve)) {
      wanted.emplace_back(name);
    }
  }
  std::ranges::sort(wanted);
  return wanted;
}

Result<std::string> value_of(const Bearer& file, const std::string& name) {
  std::string value(limits::attribute_bytes, '\0');
  const ssize_t length = file.get(name, value.data(), value.size());
  if (length < 0) {
    return attribute_error(name, errno);
  }
  value.resize(static_cast<std::size_t>(length));
  return value;
}

Result<std::vector<Attribute>> read(const Bearer& file, const Preserve& preserve) {
  CP_TRY_ASSIGN(const auto names, names_of(file, preserve));
  std::vector<Attribute> attributes;
  std::size_t bytes = 0;
  for (const std::string& name : names) {
    CP_TRY_ASSIGN(std::string value, value_of(file, name));
    bytes += name.size() + value.size();
    attributes.push_back({name, std::move(value)});
  }
  if (bytes > limits::attributes_bytes) {
    return fail(Errc::failed, "its attributes have {} bytes, and {} travel at most", bytes,
                limits::attributes_bytes);
  }
  return attributes;
}

Result<void> apply_to(const Bearer& file, const std::vector<Attribute>& wanted,
                      const Preserve& preserve) {
  CP_TRY_ASSIGN(const auto there, names_of(file, preserve));
  for (const std::string& name : there) {
    const bool stays = std::ranges::find(wanted, name, &Attribute::name) != wanted.end();
    if (!stays && !file.remove(name) && errno != ENODATA) {
      return attribute_error(name, errno);
    }
  }
  for (const Attribute& attribute : wanted) {
    const bool is_same = std::ranges::find(there, attribute.name) != there.end() &&
                         value_of(file, attribute.name).value_or("") == attribute.value;
    if (is_wanted(attribute.name, preserve) && !is_same && !file.set(attribute)) {
      return attribute_error(attribute.name, errno);
    }
  }
  return {};
}

}  // namespace

Result<std::vector<Attribute>> read_attributes(int fd, const Preserve& preserve) {
  return read(Bearer(fd), preserve);
}

Result<std::vector<Attribute>> read_link_attributes(int directory, const std::string& name,
                                                    const Preserve& preserve) {
  return read(Bearer(directory, name), preserve);
}

Result<void> apply_attributes(int fd, const std::vector<Attribute>& wanted,
                              const Preserve& preserve) {
  return apply_to(Bearer(fd), wanted, preserve);
}

Result<void> apply_link_attributes(int directory, const std::string& name,
                                   const std::vector<Attribute>& wanted, const Preserve& preserve) {
  return apply_to(Bearer(directory, name), wanted, preserve);
}

}  // namespace cp::transfer
