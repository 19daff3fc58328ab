// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/directory.hpp"
#include "transfer/scout.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace cp::transfer {

/// A directory that is walked.
struct WalkedFolder {
  std::string path;
  std::string place;  ///< of it in the walk; that of all in it begins so
};

/// What one thread does of a walk at a time: it looks at some names, after it listed them where
/// `lists`.
struct WalkPiece {
  std::shared_ptr<const WalkedFolder> folder;  ///< nullptr: the names are paths of the source
  std::shared_ptr<DIR> directory;              ///< that folder, open; nullptr until it is listed
  std::shared_ptr<const std::vector<std::string>> names;  ///< and of them those
  std::size_t from = 0;                                   ///< from here
  std::size_t to = 0;                                     ///< up to here
  std::uint64_t first = 0;  ///< the number of the first name (from 0) in the folder
  bool lists = false;
};

/// What came of a piece.
struct WalkFinds {
  std::vector<Sight> sights;         ///< in the order of the names
  std::vector<std::string> entered;  ///< of the names, directories to be walked
  std::shared_ptr<DIR> directory;    ///< of a piece that lists, as all that follows
  std::shared_ptr<const std::vector<std::string>> names;  ///< that were listed
  std::size_t looked_at = 0;                              ///< how many of them, the first ones
  bool has_more = false;                                  ///< there is more to list
};

/// The pieces of a walk in the order in which one thread would come to them: all of a directory
/// before what is in its first directory. Several threads take them, the first ones first; what
/// came of them is given out in that order whatever the order in which it came. Passive; not
/// thread-safe.
class WalkOrder {
 public:
  /// Names that one piece looks at.
  static constexpr std::size_t names_together = 32;

  /// The walk of what is in the directory at PATH.
  static WalkOrder of_folder(std::string path);
  /// The walk of PATHS alone.
  static WalkOrder of_paths(std::vector<std::string> paths);

  bool is_empty() const { return pieces_.empty(); }
  bool has_waiting() const { return !waiting_.empty(); }
  /// How much lies here that was found and not given out yet.
  std::size_t held() const { return held_; }

  class Taken;
  /// The first piece that nobody has taken; there is one.
  Taken take();
  /// What came of a piece that was taken.
  void put(const Taken& taken, WalkFinds finds);

  /// Whether the first piece of all waits for somebody to take it, or is done.
  bool first_waits() const;
  bool first_is_done() const;
  /// Takes away the first piece, which is done, and returns what it saw.
  std::vector<Sight> pop();

 private:
  struct Node {
    enum class State { waiting, taken, done };
    State state = State::waiting;
    /// Stands for a piece for each (or, of paths, for some) of the names from the next one on.
    bool is_group = false;
    WalkPiece piece;
    std::vector<Sight> sights;

    std::size_t weight() const {
      return is_group ? 0 : 1 + std::max(piece.to - piece.from, sights.size());
    }
  };
  using Pieces = std::map<std::string, Node>;
  struct Earlier {
    bool operator()(Pieces::iterator a, Pieces::iterator b) const { return a->first < b->first; }
  };

  Pieces::iterator add(std::string place, Node node);
  void add_unseen(const WalkPiece& piece, const WalkFinds& finds);
  Pieces::iterator split(Pieces::iterator group);
  static WalkPiece next_of(WalkPiece& group, const std::string& place);

  Pieces pieces_;  ///< by their place: a text that sorts as the walk goes
  std::set<Pieces::iterator, Earlier> waiting_;
  std::size_t held_ = 0;

 public:
  /// A piece that was taken, until it is put.
  class Taken {
   public:
    const WalkPiece& piece() const { return at_->second.piece; }

   private:
    friend class WalkOrder;
    explicit Taken(Pieces::iterator at) : at_(at) {}
    Pieces::iterator at_;
  };
};

}  // namespace cp::transfer
