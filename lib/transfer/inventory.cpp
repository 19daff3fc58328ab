// SPDX-License-Identifier: Apache-2.0
#include "transfer/inventory.hpp"

#include <fcntl.h>

namespace cp::transfer {

void Inventory::add(std::string_view place, bool is_directory) {
  if (is_wanted()) {
    seen_.add(place);
  }
  if (is_wanted() && is_directory) {
    listed_.emplace(place);
    directories_.emplace(place);
  }
}

void Inventory::add(const Present& present) {
  for (const Present::Item& item : present.items) {
    add(item.path, false);
    staying_.insert(item.path);
    if (item.is_closed) {
      listed_.erase(item.path);
    }
  }
}

void Inventory::show_rest(
    const Confined& root, const Filter& filter,
    const std::function<void(const std::string& path)>& removed,
    const std::function<void(const std::string& path, const Error&)>& failed) {
  if (!is_wanted() || (deletion_ == Deletion::unless_failed && failures_ != 0)) {
    return;
  }
  seen_.seal();
  Deleter deleter({.root = root,
                   .seen = seen_,
                   .filter = filter,
                   .failed = failed,
                   .gives_way =
                       [this](const std::string& path, bool is_tree) {
                         return !staying_.contains(path) && is_tree != directories_.contains(path);
                       },
                   .only_shows = true,
                   .removed = removed});
  for (const std::string& directory : listed_) {
    // What is not there yet holds nothing.
    if (root.open_beneath(directory, O_PATH | O_DIRECTORY)) {
      deleter.clean(directory);
    }
  }
}

}  // namespace cp::transfer
