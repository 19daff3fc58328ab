// SPDX-License-Identifier: Apache-2.0
#include "transfer/owner_names.hpp"

#include "transfer/limits.hpp"

#include <cerrno>
#include <grp.h>
#include <pwd.h>
#include <vector>

namespace cp::transfer {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 20U;

// Asks LOOK with ever larger buffers; what TAKE makes of what was found, or nothing.
template <class Entry, class Look, class Take>
auto look_up(Look look, Take take) -> std::optional<decltype(take(std::declval<Entry&>()))> {
  std::vector<char> buffer(4096);
  while (true) {
    Entry entry{};
    Entry* found = nullptr;
    const int failed = look(&entry, buffer.data(), buffer.size(), &found);
    if (failed != ERANGE || buffer.size() >= kMostBytes) {
      return failed == 0 && found != nullptr ? std::optional(take(*found)) : std::nullopt;
    }
    buffer.resize(buffer.size() * 2);
  }
}

std::string name_of_user(std::uint32_t id) {
  return look_up<passwd>(
             [&](passwd* entry, char* buffer, std::size_t size, passwd** found) {
               return ::getpwuid_r(id, entry, buffer, size, found);
             },
             [](const passwd& entry) { return std::string(entry.pw_name); })
      .value_or("");
}

std::string name_of_group(std::uint32_t id) {
  return look_up<group>([&](group* entry, char* buffer, std::size_t size,
                            group** found) { return ::getgrgid_r(id, entry, buffer, size, found); },
                        [](const group& entry) { return std::string(entry.gr_name); })
      .value_or("");
}

std::optional<std::uint32_t> user_called(const std::string& name) {
  return look_up<passwd>(
      [&](passwd* entry, char* buffer, std::size_t size, passwd** found) {
        return ::getpwnam_r(name.c_str(), entry, buffer, size, found);
      },
      [](const passwd& entry) { return std::uint32_t{entry.pw_uid}; });
}

std::optional<std::uint32_t> group_called(const std::string& name) {
  return look_up<group>(
      [&](group* entry, char* buffer, std::size_t size, group** found) {
        return ::getgrnam_r(name.c_str(), entry, buffer, size, found);
      },
      [](const group& entry) { return std::uint32_t{entry.gr_gid}; });
}

template <class Key, class Value, class Look>
const Value& remembered(std::map<Key, Value>& known, const Key& key, Look look) {
  const auto found = known.find(key);
  return found != known.end() ? found->second : known.emplace(key, look(key)).first->second;
}

template <class Look>
std::uint32_t number_of(std::map<std::string, std::optional<std::uint32_t>>& known,
                        const std::string& name, std::uint32_t told, Look look) {
  return told == 0 || name.empty() ? told : remembered(known, name, look).value_or(told);
}

}  // namespace

void OwnerNames::add_to(Owner& owner) {
  const std::scoped_lock lock(mutex_);
  const auto name = [](auto& known, std::uint32_t id, auto look) {
    const std::string& found = remembered(known, id, look);
    return id == 0 || found.size() > limits::name_bytes ? std::string() : found;
  };
  owner.user_name = name(users_, owner.user, name_of_user);
  owner.group_name = name(groups_, owner.group, name_of_group);
}

std::shared_ptr<const Extras> OwnerMap::mapped(const std::shared_ptr<const Extras>& extras) {
  if (!extras || !extras->owner ||
      (extras->owner->user_name.empty() && extras->owner->group_name.empty())) {
    return extras;
  }
  Owner owner = *extras->owner;
  {
    const std::scoped_lock lock(mutex_);
    owner.user = number_of(users_, owner.user_name, owner.user, user_called);
    owner.group = number_of(groups_, owner.group_name, owner.group, group_called);
  }
  if (owner == *extras->owner) {
    return extras;
  }
  Extras changed = *extras;
  changed.owner = std::move(owner);
  return std::make_shared<const Extras>(std::move(changed));
}

}  // namespace cp::transfer
