// SPDX-License-Identifier: Apache-2.0
#include "transfer/walk.hpp"

#include "base/directory.hpp"
#include "base/thread.hpp"
#include "transfer/path.hpp"
#include "transfer/scout.hpp"
#include "transfer/walk_effort.hpp"
#include "transfer/walk_order.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <fcntl.h>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unistd.h>
#include <vector>

namespace cp::transfer {
namespace {

// Names that are sorted together; a directory with millions of them costs no more memory than this.
constexpr std::size_t kSortedNames = 4096;
// What helpers may have found before it is wanted; about 8 MB.
constexpr std::size_t kMostHeld = 16'384;

bool is_dots(std::string_view name) { return name == "." || name == ".."; }

// Up to kSortedNames more names; empty at the end.
Result<std::vector<std::string>> next_names(DIR* directory) {
  std::vector<std::string> names;
  errno = 0;
  while (names.size() < kSortedNames) {
    const dirent* entry = ::readdir(directory);
    if (entry == nullptr) {
      break;
    }
    if (!is_dots(entry->d_name)) {
      names.emplace_back(entry->d_name);
    }
  }
  if (errno != 0) {
    return fail_errno(errno, "cannot read the directory");
  }
  std::ranges::sort(names);
  return names;
}

// As find(1) and people write it.
std::string normal(std::string_view name) {
  while (name.starts_with("./") || name.starts_with('/')) {
    name.remove_prefix(name.starts_with('/') ? 1 : 2);
  }
  while (name.ends_with('/') || name == ".") {
    name.remove_suffix(1);
  }
  return std::string(name);
}

/// What the names of a selection mean, with the directories above each before it, and each once.
class NamedPaths {
 public:
  NamedPaths(const Source& source, const Selection& selection)
      : source_(source), selection_(selection) {
    for (const std::string& name : *selection.names) {
      add_with_those_above(join_path(source.name, normal(name)));
    }
  }
  std::vector<std::string> take() { return std::move(paths_); }

 private:
  void add_with_those_above(const std::string& path) {
    if (!check_path(path)) {
      paths_.push_back(path);  // whoever looks there says why not
      return;
    }
    for (auto slash = path.find('/', source_.name.size() + 1); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
      const std::string above = path.substr(0, slash);
      if (selection_.filter.excludes(above, true)) {
        return;
      }
      add(above);
    }
    add(path);
  }
  void add(const std::string& path) {
    if (path != source_.name && added_.insert(path).second) {
      paths_.push_back(path);
    }
  }

  const Source& source_;
  const Selection& selection_;
  std::set<std::string, std::less<>> added_;
  std::vector<std::string> paths_;
};

/// Looks at everything, on the thread that asks for it and on helpers that come and look ahead
/// where that pays; the sink is told of it by the one thread, in one order.
class Walk {
 public:
  Walk(const Source& source, const WalkOptions& options, WalkSink& sink, std::stop_token stop)
      : source_(source),
        options_(options),
        sink_(sink),
        stop_(std::move(stop)),
        scout_(source, options) {}
  ~Walk() { end_helpers(); }
  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;

  Result<void> run() {
    CP_TRY(begin());
    while (auto sights = next()) {
      for (Sight& sight : *sights) {
        CP_TRY(tell(std::move(sight)));
      }
    }
    return interrupted();
  }

 private:
  // Looks at the source itself.
  Result<void> begin() {
    struct stat status {};
    const int flags = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH;
    if (::fstatat(source_.root.fd(), source_.name.c_str(), &status, flags) == 0 &&
        S_ISDIR(status.st_mode)) {
      scout_.stay_on(status.st_dev);
    }
    auto sight = scout_.look(source_.root.fd(), source_.name, source_.name);
    if (options_.selection.names) {
      order_ = WalkOrder::of_paths(NamedPaths(source_, options_.selection).take());
    } else if (sight.is_entered) {
      order_ = WalkOrder::of_folder(source_.name);
    }
    return tell(std::move(sight));
  }

  Result<void> interrupted() const {
    return stop_.stop_requested() ? fail(Errc::timed_out, "interrupted") : Result<void>();
  }

  Result<void> tell(Sight&& sight) {
    CP_TRY(interrupted());
    switch (sight.kind) {
      case Sight::Kind::not_movable:
        return sink_.cannot_move(sight.entry.path, *sight.why);
      case Sight::Kind::too_old:
        return sink_.passed_over(sight.entry.path);
      case Sight::Kind::left_out:
        return {};
      case Sight::Kind::found:
        break;
    }
    return sink_.found(std::move(sight.entry));
  }

  // What comes next; nullopt at the end, or when STOP is asked.
  std::optional<std::vector<Sight>> next() {
    std::unique_lock lock(mutex_);
    if (order_.is_empty() || is_over()) {
      return std::nullopt;
    }
    if (order_.first_waits()) {
      do_one(lock);
      add_helpers();
    }
    done_.wait(lock, [this] { return order_.first_is_done(); });
    auto sights = order_.pop();
    if (is_far_ahead_ && order_.held() < kMostHeld / 2) {
      is_far_ahead_ = false;
      wanted_.notify_all();
    }
    return sights;
  }

  // Does the first piece that waits. With the lock, which it gives up meanwhile.
  void do_one(std::unique_lock<std::mutex>& lock) {
    const auto taken = order_.take();
    lock.unlock();
    const ThreadMeter meter;
    WalkFinds finds = taken.piece().lists ? list(taken.piece()) : look_at(taken.piece());
    const auto spent = meter.spent();
    lock.lock();
    effort_.add(spent);
    order_.put(taken, std::move(finds));
    is_far_ahead_ = is_far_ahead_ || order_.held() >= kMostHeld;
    done_.notify_all();
    if (order_.has_waiting() && !is_far_ahead_) {
      wanted_.notify_all();
    }
  }

  WalkFinds list(const WalkPiece& piece) {
    WalkFinds finds{.directory = piece.directory};
    if (!finds.directory) {
      auto opened = open(piece.folder->path);
      if (!opened) {
        finds.sights.push_back(not_movable(piece.folder->path, opened.error()));
        return finds;
      }
      finds.directory = *std::move(opened);
    }
    auto names = next_names(finds.directory.get());
    if (!names) {
      finds.sights.push_back(not_movable(piece.folder->path, names.error()));
      return finds;
    }
    finds.has_more = names->size() == kSortedNames;
    finds.names = std::make_shared<const std::vector<std::string>>(*std::move(names));
    finds.looked_at = std::min(finds.names->size(), WalkOrder::names_together);
    look_at(*piece.folder, finds.directory.get(), std::span(*finds.names).first(finds.looked_at),
            finds);
    return finds;
  }

  Result<std::shared_ptr<DIR>> open(const std::string& path) {
    CP_TRY_ASSIGN(UniqueFd fd, source_.root.open_beneath(path, O_RDONLY | O_DIRECTORY));
    Directory directory(::fdopendir(fd.get()));
    if (!directory) {
      return fail(Errc::io, "{}", errno_text(errno));
    }
    static_cast<void>(fd.release());
    return std::shared_ptr<DIR>(std::move(directory));
  }

  WalkFinds look_at(const WalkPiece& piece) {
    WalkFinds finds;
    const auto names = std::span(*piece.names).subspan(piece.from, piece.to - piece.from);
    if (piece.folder) {
      look_at(*piece.folder, piece.directory.get(), names, finds);
      return finds;
    }
    for (const std::string& path : names) {
      if (!is_over()) {
        finds.sights.push_back(scout_.look_beneath(path));
      }
    }
    return finds;
  }

  void look_at(const WalkedFolder& folder, DIR* directory, std::span<const std::string> names,
               WalkFinds& finds) {
    finds.sights.reserve(names.size());
    for (const std::string& name : names) {
      if (is_over()) {
        return;
      }
      finds.sights.push_back(scout_.look(::dirfd(directory), name, join_path(folder.path, name)));
      if (finds.sights.back().is_entered) {
        finds.entered.push_back(name);
      }
    }
  }

  bool is_over() const { return over_ || stop_.stop_requested(); }

  std::size_t most_helpers() const { return options_.helpers.value_or(effort_.helpers()); }

  // Fewer take longer. With the lock.
  void add_helpers() {
    while (!no_more_helpers_ && order_.has_waiting() && helpers_.size() < most_helpers()) {
      auto helper = start_thread([this, number = helpers_.size()] { help(number); });
      no_more_helpers_ = !helper;
      if (helper) {
        helpers_.push_back(*std::move(helper));
      }
    }
  }

  void help(std::size_t number) {
    std::unique_lock lock(mutex_);
    while (true) {
      wanted_.wait(lock, [&] {
        return is_over() || (order_.has_waiting() && !is_far_ahead_ && number < most_helpers());
      });
      if (is_over()) {
        return;
      }
      do_one(lock);
    }
  }

  void end_helpers() {
    {
      const std::scoped_lock lock(mutex_);
      over_ = true;
    }
    wanted_.notify_all();
    helpers_.clear();
  }

  const Source& source_;
  const WalkOptions& options_;
  WalkSink& sink_;
  std::stop_token stop_;
  Scout scout_;
  std::atomic<bool> over_ = false;
  std::mutex mutex_;  ///< guards what follows but the helpers, which are the one thread's
  std::condition_variable done_;
  std::condition_variable wanted_;
  WalkOrder order_;
  WalkEffort effort_;
  bool is_far_ahead_ = false;     ///< helpers found more than is to be kept
  bool no_more_helpers_ = false;  ///< the system has none to spare
  std::vector<std::jthread> helpers_;
};

}  // namespace

Result<void> walk(const Source& source, const WalkOptions& options, WalkSink& sink,
                  std::stop_token stop) {
  return Walk(source, options, sink, std::move(stop)).run();
}

}  // namespace cp::transfer
