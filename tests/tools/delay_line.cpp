// SPDX-License-Identifier: Apache-2.0
// delay_line A B [--delay MS] [--loss SHARE] [--rate MBIT] [--queue BYTES]: a long line between two
// network namespaces, where the kernel has none of its own (netem). A and B are files of
// namespaces, such as /proc/PID/ns/net. It makes the device "wan" in each, says "ready", and
// carries IP packets from one to the other until it is ended: each is DELAY milliseconds on its
// way, one of SHARE is lost, RATE megabits a second leave, and what waits for that beyond QUEUE
// bytes is dropped. Packets keep their order. On a fast line without loss what the kernel would cut
// into segments is carried whole, and counted as those.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <random>
#include <sched.h>
#include <string_view>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::nanoseconds;

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

// What stands before each packet where whole segments pass (virtio 1.1, 5.1.6); the kernel's header
// for it is no C++.
struct SegmentHeader {
  std::uint8_t flags;
  std::uint8_t kind;  // 0: one packet
  std::uint16_t header_bytes;
  std::uint16_t segment_bytes;
  std::uint16_t sum_start;
  std::uint16_t sum_offset;
};

struct Settings {
  nanoseconds delay{};
  double loss = 0;
  double bytes_per_ns = 0;  // 0: any
  double queue_bytes = 64e6;

  // Whether whole segments pass. A few thousand packets a second are no burden.
  bool carries_segments() const {
    constexpr double kSlow = 300 / 8e3;
    return loss == 0 && (bytes_per_ns == 0 || bytes_per_ns > kSlow);
  }
};

// The device "wan" in the namespace whose file is PATH, which this process then leaves again.
int make_device(const char* path, bool carries_segments) {
  const int home = ::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  const int there = ::open(path, O_RDONLY | O_CLOEXEC);
  if (home < 0 || there < 0 || ::setns(there, CLONE_NEWNET) != 0) {
    die(path);
  }
  const int device = ::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  ifreq request{};
  std::strcpy(request.ifr_name, "wan");
  request.ifr_flags =
      static_cast<short>(IFF_TUN | IFF_NO_PI | (carries_segments ? IFF_VNET_HDR : 0));
  if (device < 0 || ::ioctl(device, TUNSETIFF, &request) != 0) {
    die("/dev/net/tun");
  }
  if (carries_segments &&
      ::ioctl(device, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6) != 0) {
    die("TUNSETOFFLOAD");
  }
  if (::setns(home, CLONE_NEWNET) != 0) {
    die("setns");
  }
  ::close(there);
  ::close(home);
  return device;
}

struct Packet {
  Clock::time_point due;
  std::vector<std::byte> bytes;
};

// One direction.
class Way {
 public:
  Way(const Settings& settings, int from, int to, unsigned seed)
      : settings_(settings), from_(from), to_(to), random_(seed) {}

  // Takes in what waits; at most so much at a time that the other direction is not forgotten.
  void take_in() {
    for (int i = 0; i < 64; ++i) {
      const ssize_t count = ::read(from_, room_.data(), room_.size());
      if (count <= 0) {
        return;
      }
      add(static_cast<std::size_t>(count));
    }
  }

  void let_out(Clock::time_point now) {
    while (!packets_.empty() && packets_.front().due <= now) {
      Packet& packet = packets_.front();
      // What the device does not take is lost, as on any line.
      static_cast<void>(!::write(to_, packet.bytes.data(), packet.bytes.size()));
      waiting_ -= packet.bytes.size();
      if (spare_.size() < 4096) {
        spare_.push_back(std::move(packet.bytes));
      }
      packets_.pop_front();
    }
  }

  Clock::time_point next_due() const {
    return packets_.empty() ? Clock::time_point::max() : packets_.front().due;
  }

 private:
  // The bytes of all the packets that what was read stands for.
  double on_line(std::size_t size) const {
    if (!settings_.carries_segments()) {
      return static_cast<double>(size);
    }
    SegmentHeader header{};
    std::memcpy(&header, room_.data(), sizeof header);
    const double bytes = static_cast<double>(size - sizeof header);
    if (header.kind == 0 || header.segment_bytes == 0) {
      return bytes;
    }
    const double payload = bytes - header.header_bytes;
    return payload + std::ceil(payload / header.segment_bytes) * header.header_bytes;
  }

  void add(std::size_t size) {
    if (settings_.loss > 0 && std::bernoulli_distribution(settings_.loss)(random_)) {
      return;
    }
    const auto now = Clock::now();
    auto leaves = now;
    if (settings_.bytes_per_ns > 0) {
      const auto waits = std::max(free_at_ - now, nanoseconds(0));
      if (static_cast<double>(waits.count()) * settings_.bytes_per_ns > settings_.queue_bytes) {
        return;
      }
      leaves = now + waits +
               nanoseconds(static_cast<std::int64_t>(on_line(size) / settings_.bytes_per_ns));
      free_at_ = leaves;
    } else if (static_cast<double>(waiting_) > settings_.queue_bytes) {
      return;
    }
    std::vector<std::byte> bytes;
    if (!spare_.empty()) {
      bytes = std::move(spare_.back());
      spare_.pop_back();
    }
    bytes.assign(room_.begin(), room_.begin() + static_cast<std::ptrdiff_t>(size));
    waiting_ += size;
    packets_.push_back({leaves + settings_.delay, std::move(bytes)});
  }

  const Settings& settings_;
  int from_;
  int to_;
  std::mt19937_64 random_;
  std::array<std::byte, 70'000> room_{};
  std::deque<Packet> packets_;
  std::vector<std::vector<std::byte>> spare_;
  std::size_t waiting_ = 0;
  Clock::time_point free_at_{};
};

[[noreturn]] void carry(const Settings& settings, int a, int b) {
  std::array<Way, 2> ways{Way(settings, a, b, 1), Way(settings, b, a, 2)};
  std::array<pollfd, 2> polls{pollfd{a, POLLIN, 0}, pollfd{b, POLLIN, 0}};
  while (true) {
    const auto due = std::min(ways[0].next_due(), ways[1].next_due());
    const auto left =
        due == Clock::time_point::max()
            ? nanoseconds(std::chrono::seconds(1))
            : std::clamp<nanoseconds>(due - Clock::now(), nanoseconds(0), std::chrono::seconds(1));
    const timespec wait{left.count() / 1'000'000'000, left.count() % 1'000'000'000};
    ::ppoll(polls.data(), polls.size(), &wait, nullptr);
    for (Way& way : ways) {
      way.take_in();
      way.let_out(Clock::now());
    }
  }
}

Settings parse(int argc, char** argv) {
  Settings settings;
  for (int i = 3; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    const double value = std::atof(argv[i + 1]);
    if (name == "--delay") {
      settings.delay = nanoseconds(static_cast<std::int64_t>(value * 1e6));
    } else if (name == "--loss") {
      settings.loss = value;
    } else if (name == "--rate") {
      settings.bytes_per_ns = value / 8e3;
    } else if (name == "--queue") {
      settings.queue_bytes = value;
    } else {
      std::fprintf(stderr, "delay_line: what is %s?\n", argv[i]);
      std::exit(64);
    }
  }
  return settings;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3 || argc % 2 == 0) {
    std::fprintf(stderr,
                 "usage: delay_line A B [--delay MS] [--loss SHARE] [--rate MBIT] "
                 "[--queue BYTES]\n");
    return 64;
  }
  // It ends with the test that started it, whatever becomes of that.
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  // A line does not wait for whoever computes here. Where that is not allowed, it does.
  const sched_param priority{10};
  ::sched_setscheduler(0, SCHED_FIFO, &priority);
  const Settings settings = parse(argc, argv);
  const int a = make_device(argv[1], settings.carries_segments());
  const int b = make_device(argv[2], settings.carries_segments());
  std::puts("ready");
  std::fflush(stdout);
  carry(settings, a, b);
}
