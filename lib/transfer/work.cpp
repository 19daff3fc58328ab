// SPDX-License-Identifier: Apache-2.0
#include "transfer/work.hpp"

#include "transfer/limits.hpp"

namespace cp::transfer {

bool WorkQueue::push(Work work, std::stop_token stop) {
  std::unique_lock lock(mutex_);
  const bool has_room =
      changed_.wait(lock, stop, [this] { return queue_.size() < capacity_ || abandoned_; });
  if (!has_room || abandoned_) {
    return false;
  }
  queue_.push_back(std::move(work));
  changed_.notify_all();
  return true;
}

void WorkQueue::close() {
  const std::scoped_lock lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

void WorkQueue::abandon() {
  const std::scoped_lock lock(mutex_);
  abandoned_ = true;
  queue_.clear();
  changed_.notify_all();
}

// The next leaf of the file in front that the far end has not, and the file goes when it was its
// last one.
std::optional<ChunkWork> WorkQueue::next_leaf() {
  auto* const chunk = std::get_if<ChunkWork>(&queue_.front());
  if (chunk == nullptr || !chunk->means_rest) {
    return std::nullopt;
  }
  ChunkWork leaf{.file = chunk->file, .offset = chunk->offset};
  const std::uint64_t size = leaf.file->entry().size;
  chunk->offset = leaf.file->next_wanted(chunk->offset + limits::leaf_bytes);
  if (chunk->offset >= size || leaf.file->is_given_up()) {
    queue_.pop_front();
  }
  return leaf;
}

std::optional<Work> WorkQueue::take_whole() {
  std::optional<Work> work(std::move(queue_.front()));
  queue_.pop_front();
  return work;
}

std::optional<Work> WorkQueue::take_front() {
  ++unfinished_;
  changed_.notify_all();
  auto leaf = next_leaf();
  return leaf ? std::optional<Work>(*std::move(leaf)) : take_whole();
}

// A file that is given up counts as if it were not: that is no matter for so long.
std::size_t WorkQueue::left() const {
  std::size_t chunks = 0;
  for (const Work& work : queue_) {
    const auto* const chunk = std::get_if<ChunkWork>(&work);
    chunks += chunk != nullptr && chunk->means_rest
                  ? (chunk->file->entry().size - chunk->offset) / limits::leaf_bytes + 1
                  : 1;
  }
  return chunks;
}

std::optional<Work> WorkQueue::try_take(const Appetite& appetite) {
  const std::scoped_lock lock(mutex_);
  return abandoned_ || !has_work(appetite) ? std::nullopt : take_front();
}

std::optional<Work> WorkQueue::take(std::stop_token stop, const Appetite& appetite) {
  std::unique_lock lock(mutex_);
  // Who leaves work to others may have been who they left it to.
  if (!has_work(appetite)) {
    changed_.notify_all();
  }
  bool can_take = false;
  changed_.wait(lock, stop, [&] {
    can_take = !abandoned_ && has_work(appetite);
    return can_take || is_over();
  });
  return can_take && !stop.stop_requested() ? take_front() : std::nullopt;
}

bool WorkQueue::is_held_back(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, patience, [this] {
    return abandoned_ || queue_.empty() || unfinished_ < limits::chunks_on_their_way;
  });
}

void WorkQueue::done(std::size_t count) {
  const std::scoped_lock lock(mutex_);
  const bool was_full = unfinished_ >= limits::chunks_on_their_way;
  unfinished_ -= count;
  if (was_full || is_over()) {
    changed_.notify_all();
  }
}

void WorkQueue::put_back(std::vector<Work> work) {
  const std::scoped_lock lock(mutex_);
  unfinished_ -= work.size();
  for (Work& one : work) {
    queue_.push_front(std::move(one));
  }
  changed_.notify_all();
}

}  // namespace cp::transfer
