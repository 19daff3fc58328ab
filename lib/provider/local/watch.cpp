// SPDX-License-Identifier: Apache-2.0
#include "provider/local/watch.hpp"

#include "base/fd.hpp"
#include "base/file.hpp"

#include <array>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

namespace cp::provider::local {
namespace {

class FileWatch final : public Watch {
 public:
  static std::unique_ptr<Watch> create(const Layout& layout, Launcher::Scope scope) {
    auto watch = std::make_unique<FileWatch>();
    watch->all_.reset(::epoll_create1(EPOLL_CLOEXEC));
    if (!watch->all_) {
      return nullptr;
    }
    const bool has_end = watch->look_at_supervisor(layout);
    // Closing an inotify instance waits for a grace period of the kernel, 15 ms as measured: not
    // for a job that may end at once.
    const bool is_good = scope == Launcher::Scope::end ? has_end : watch->look_at_files(layout);
    return is_good ? std::move(watch) : nullptr;
  }

  int fd() const override { return all_.get(); }

  void clear() override {
    std::array<char, 4096> events{};
    while (files_ && ::read(files_.get(), events.data(), events.size()) > 0) {
    }
    epoll_event event{};
    // A process ends once; its descriptor would stay readable.
    if (supervisor_ && ::epoll_wait(all_.get(), &event, 1, 0) == 1 &&
        event.data.fd == supervisor_.get()) {
      supervisor_.reset();
    }
  }

 private:
  bool look_at(const std::string& path) {
    return ::inotify_add_watch(files_.get(), path.c_str(), IN_CREATE | IN_MOVED_TO | IN_MODIFY) >=
           0;
  }

  bool add(const UniqueFd& fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd.get();
    return ::epoll_ctl(all_.get(), EPOLL_CTL_ADD, fd.get(), &event) == 0;
  }

  bool look_at_files(const Layout& layout) {
    files_.reset(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!files_ || !look_at(layout.directory()) || !add(files_)) {
      return false;
    }
    if (const auto holder = read_holder(layout.fence())) {
      for (const auto& path : {holder->standard_output, holder->standard_error}) {
        if (parent_of(path) != layout.directory()) {
          (void)look_at(path);
        }
      }
    }
    return true;
  }

  bool look_at_supervisor(const Layout& layout) {
    const auto holder = read_holder(layout.fence());
    auto end = holder ? watch_end(holder->process) : tl::unexpected(holder.error());
    if (!end || !add(*end)) {
      return false;
    }
    supervisor_ = *std::move(end);
    return true;
  }

  UniqueFd all_;
  UniqueFd files_;
  UniqueFd supervisor_;
};

}  // namespace

std::unique_ptr<Watch> make_watch(const Layout& layout, Launcher::Scope scope) {
  return FileWatch::create(layout, scope);
}

}  // namespace cp::provider::local
