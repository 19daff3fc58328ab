// SPDX-License-Identifier: Apache-2.0
#include "transfer/walk_order.hpp"

#include "transfer/path.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace cp::transfer {
namespace {

// A place is that of the folder, then one of these and a number: a folder's own names come before
// what is in its directories.
constexpr char kNames = 0;
constexpr char kBelow = 1;

// Texts of numbers sort as the numbers do, and none begins another.
std::string text_of(std::uint64_t number) {
  std::string bytes;
  for (; number != 0; number >>= 8U) {
    bytes.push_back(static_cast<char>(number & 0xffU));
  }
  bytes.push_back(static_cast<char>(bytes.size()));
  std::ranges::reverse(bytes);
  return bytes;
}

std::string place_of(const std::string& folder, char what, std::uint64_t number) {
  return folder + what + text_of(number);
}

}  // namespace

WalkOrder WalkOrder::of_folder(std::string path) {
  WalkOrder order;
  Node node;
  node.piece.folder = std::make_shared<WalkedFolder>(WalkedFolder{std::move(path), ""});
  node.piece.lists = true;
  order.add(place_of("", kNames, 0), std::move(node));
  return order;
}

WalkOrder WalkOrder::of_paths(std::vector<std::string> paths) {
  WalkOrder order;
  if (!paths.empty()) {
    Node node;
    node.is_group = true;
    node.piece.to = paths.size();
    node.piece.names = std::make_shared<const std::vector<std::string>>(std::move(paths));
    order.add(text_of(0), std::move(node));
  }
  return order;
}

WalkOrder::Pieces::iterator WalkOrder::add(std::string place, Node node) {
  const auto at = pieces_.emplace(std::move(place), std::move(node)).first;
  held_ += at->second.weight();
  if (at->second.state == Node::State::waiting) {
    waiting_.insert(at);
  }
  return at;
}

bool WalkOrder::first_waits() const {
  return !pieces_.empty() && pieces_.begin()->second.state == Node::State::waiting;
}

bool WalkOrder::first_is_done() const {
  return !pieces_.empty() && pieces_.begin()->second.state == Node::State::done;
}

WalkOrder::Taken WalkOrder::take() {
  const auto at = *waiting_.begin();
  if (at->second.is_group) {
    return Taken(split(at));
  }
  waiting_.erase(waiting_.begin());
  at->second.state = Node::State::taken;
  return Taken(at);
}

// What the next names of GROUP, which stands at PLACE, are to become.
WalkPiece WalkOrder::next_of(WalkPiece& group, const std::string& place) {
  WalkPiece piece;
  if (!group.folder) {
    piece.names = group.names;
    piece.from = group.from;
    piece.to = group.from = std::min(group.from + names_together, group.to);
    return piece;
  }
  piece.folder = std::make_shared<WalkedFolder>(
      WalkedFolder{join_path(group.folder->path, (*group.names)[group.from]), place});
  piece.lists = true;
  ++group.from;
  return piece;
}

// Takes the next piece out of GROUP, which moves on to the place of the one behind it.
WalkOrder::Pieces::iterator WalkOrder::split(Pieces::iterator group) {
  waiting_.erase(group);
  auto handle = pieces_.extract(group);
  WalkPiece& rest = handle.mapped().piece;
  const std::string base =
      rest.folder ? place_of(rest.folder->place, kBelow, rest.first) : std::string();
  Node node;
  node.state = Node::State::taken;
  const std::string place = base + text_of(rest.from);
  node.piece = next_of(rest, place);
  if (rest.from < rest.to) {
    handle.key() = base + text_of(rest.from);
    waiting_.insert(pieces_.insert(std::move(handle)).position);
  }
  return add(node.piece.folder ? place_of(place, kNames, 0) : place, std::move(node));
}

void WalkOrder::add_unseen(const WalkPiece& piece, const WalkFinds& finds) {
  const std::size_t count = finds.names ? finds.names->size() : 0;
  const auto add_piece = [&](WalkPiece next) {
    Node node;
    node.piece = std::move(next);
    add(place_of(piece.folder->place, kNames, node.piece.first + node.piece.from), std::move(node));
  };
  for (std::size_t from = finds.looked_at; from < count; from += names_together) {
    add_piece({.folder = piece.folder,
               .directory = finds.directory,
               .names = finds.names,
               .from = from,
               .to = std::min(from + names_together, count),
               .first = piece.first});
  }
  if (finds.has_more) {
    add_piece({.folder = piece.folder,
               .directory = finds.directory,
               .first = piece.first + count,
               .lists = true});
  }
}

void WalkOrder::put(const Taken& taken, WalkFinds finds) {
  Node& node = taken.at_->second;
  if (node.piece.lists) {
    add_unseen(node.piece, finds);
  }
  if (!finds.entered.empty() && node.piece.folder) {
    Node group;
    group.is_group = true;
    group.piece.folder = node.piece.folder;
    group.piece.to = finds.entered.size();
    group.piece.names = std::make_shared<const std::vector<std::string>>(std::move(finds.entered));
    group.piece.first = node.piece.first + node.piece.from;
    const auto place = place_of(node.piece.folder->place, kBelow, group.piece.first);
    add(place + text_of(0), std::move(group));
  }
  held_ -= node.weight();
  node.piece = {};
  node.sights = std::move(finds.sights);
  node.state = Node::State::done;
  held_ += node.weight();
}

std::vector<Sight> WalkOrder::pop() {
  const auto first = pieces_.begin();
  held_ -= first->second.weight();
  auto sights = std::move(first->second.sights);
  pieces_.erase(first);
  return sights;
}

}  // namespace cp::transfer
