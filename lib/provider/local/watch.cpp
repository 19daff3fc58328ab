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
  static std::unique_ptr<Watch> create(const Layout& layout) {
    auto watch = std::make_unique<FileWatch>();
    watch->all_.reset(::epoll_create1(EPOLL_CLOEXEC));
    watch->files_.reset(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!watch->all_ || !watch->files_ || !watch->look_at(layout.directory()) ||
        !watch->add(watch->files_)) {
      return nullptr;
    }
    watch->look_at_holder(layout);
    return watch;
  }

  int fd() const override { return all_.get(); }

  void clear() override {
    std::array<char, 4096> events{};
    while (::read(files_.get(), events.data(), events.size()) > 0) {
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

  void look_at_holder(const Layout& layout) {
    const auto holder = read_holder(layout.fence());
    if (!holder) {
      return;
    }
    for (const auto& path : {holder->standard_output, holder->standard_error}) {
      if (parent_of(path) != layout.directory()) {
        (void)look_at(path);
      }
    }
    auto end = watch_end(holder->process);
    if (end && add(*end)) {
      supervisor_ = *std::move(end);
    }
  }

  UniqueFd all_;
  UniqueFd files_;
  UniqueFd supervisor_;
};

}  // namespace

std::unique_ptr<Watch> make_watch(const Layout& layout) { return FileWatch::create(layout); }

}  // namespace cp::provider::local
