// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/confined.hpp"
#include "transfer/directories.hpp"
#include "transfer/same_names.hpp"
#include "transfer/staging.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace cp::transfer {

/// Is told what became of hard links: paths are those of the transfer.
class LinkEvents {
 public:
  virtual ~LinkEvents() = default;
  /// PATH is a name of a file with CONTENT.
  virtual void linked(const std::string& path, const Digest& content) = 0;
  virtual void not_linked(const std::string& path, const Error& error) = 0;
  /// A directory stands where STAGED of the staging directory, a name of a file with CONTENT, is to
  /// be PATH. True when it will give way, and whoever says so puts the link in its place.
  virtual bool link_blocked(const std::string& staged, const std::string& path,
                            const Digest& content) = 0;
};

/// The other names of files that landed, made when all of those stand. A name is given to nothing
/// but a file that this transfer has put there or knows to stand there, whatever a peer asks for.
/// Not thread-safe.
class HardLinks {
 public:
  struct Landed {
    std::string place;
    std::uint64_t inode = 0;
    Digest content;
  };
  void landed(const std::string& path, Landed file) { landed_.emplace(path, std::move(file)); }
  /// The file of STAMP stands since an earlier attempt.
  void kept(const Digest& stamp) { kept_.insert(stamp); }
  /// PATH is to be another name of what TARGET is, whose source has STAMP.
  void add(std::string path, std::string target, const Digest& stamp) {
    wanted_.push_back({std::move(path), std::move(target), stamp});
  }

  struct Ground {
    const Confined& root;
    Staging& staging;
    Directories& directories;
    bool syncs = true;
    SameNames* same_names = nullptr;  ///< where the file system folds case
  };
  /// Makes what was asked for. io when a sync failed.
  Result<void> make(const Ground& ground, LinkEvents& events);

 private:
  struct Wanted {
    std::string path;
    std::string target;
    Digest stamp;
  };
  Result<Landed> find(const Ground& ground, const Wanted& wanted);
  /// nullopt: a directory has to give way first.
  Result<std::optional<Landed>> make_one(const Ground& ground, const Wanted& wanted,
                                         LinkEvents& events);

  std::unordered_map<std::string, Landed> landed_;
  std::unordered_set<Digest, DigestHash> kept_;
  std::vector<Wanted> wanted_;
};

}  // namespace cp::transfer
