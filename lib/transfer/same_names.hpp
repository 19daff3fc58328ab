// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/digest.hpp"

#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace cp::transfer {

/// Whether the directory FD, in which NAME stands and nothing else that is called like it, has it
/// under other letters, too: upper for lower case, or the other way round.
bool folds_case(int fd, const std::string& name);

/// PATH in one case, by the simple mappings of Unicode to capitals and from them, so that letters
/// with one capital are one; bytes that are no UTF-8 stay. Letters that fold to several ("ß" to
/// "ss"), and composed ones beside their parts, are not known for the same.
std::string folded(std::string_view path);

/// Which places a transfer has filled on a file system that folds case, so that no two of its items
/// take each other's. Some tens of bytes for each. Safe on any thread.
class SameNames {
 public:
  static constexpr std::string_view refusal =
      "another item has that name already, where upper and lower case are one";

  void fill(std::string_view place);
  /// The place whose folded name has DIGEST, whatever it is called.
  void fill(const Digest& digest);
  /// Whether one was filled that has another name, and PLACE's when both are folded.
  bool is_filled_by_another(std::string_view place) const;
  /// Held by whoever looks at a place and then fills it.
  std::mutex& turn() { return turn_; }

 private:
  std::mutex turn_;
  mutable std::mutex mutex_;                               ///< guards what follows
  std::unordered_map<Digest, Digest, DigestHash> places_;  ///< of the folded: of the whole name
};

}  // namespace cp::transfer
