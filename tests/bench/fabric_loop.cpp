// SPDX-License-Identifier: Apache-2.0
// A bare libfabric loop, the peer of cpxfer's fabric rails: memory of one process to that of
// another, as fast as the provider goes, with nothing read, hashed, written or confirmed.
//
//   fabric_loop PROVIDER SIZE DEPTH SECONDS [spin]
//
// PROVIDER is tcp (messages between connected endpoints), shm (messages between reliable ones) or
// tcp;ofi_rxm (remote writes with immediate data). DEPTH operations of SIZE bytes are always on
// their way, and so many receives or slots wait for them. Both ends wait on their completion queue
// where the provider can, and else nap for 20 us, or spin. Prints "bit/s CPU-seconds-per-GB" of
// both ends together.
#include "fabric/library.hpp"

#include <rdma/fabric.h>
#include <rdma/fi_cm.h>
#include <rdma/fi_domain.h>
#include <rdma/fi_endpoint.h>
#include <rdma/fi_eq.h>
#include <rdma/fi_errno.h>
#include <rdma/fi_rma.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kWaitMilliseconds = 50;
constexpr auto kNap = std::chrono::microseconds(20);

struct Settings {
  std::string provider;
  std::size_t size = 0;
  std::size_t depth = 0;
  double seconds = 0;
  bool spins = false;
  bool connects() const { return provider == "tcp"; }
  bool writes() const { return provider == "tcp;ofi_rxm"; }
  bool is_shared() const { return provider == "shm"; }
};

[[noreturn]] void give_up(const char* call, long rc) {
  std::fprintf(stderr, "fabric_loop: %s: %ld\n", call, rc);
  std::_Exit(1);
}

void must(long rc, const char* call) {
  if (rc < 0) {
    give_up(call, rc);
  }
}

/// The two processes' own talk.
class Talk {
 public:
  explicit Talk(int fd) : fd_(fd) {}
  template <class T>
  void say(const T& value) const {
    must(::send(fd_, &value, sizeof value, MSG_NOSIGNAL) == sizeof value ? 0 : -1, "send");
  }
  template <class T>
  T hear() const {
    T value;
    must(::recv(fd_, &value, sizeof value, MSG_WAITALL) == sizeof value ? 0 : -1, "recv");
    return value;
  }
  template <class T>
  bool hear_now(T& value) const {
    return ::recv(fd_, &value, sizeof value, MSG_DONTWAIT) == sizeof value;
  }

 private:
  int fd_;
};

using Name = std::array<char, 256>;
struct Ring {
  std::uint64_t base = 0;
  std::uint64_t key = 0;
};

/// One end: an endpoint with a queue of completions and DEPTH buffers.
class End {
 public:
  End(const Settings& settings, bool sends)
      : settings_(settings), memory_(settings.size * settings.depth), contexts_(settings.depth) {
    auto library = cp::fabric::Library::load();
    must(library ? 0 : -1, "dlopen");
    library_ = *library;
    if (sends) {
      std::mt19937_64 random(1);  // NOLINT: memory that is not all zero, and nothing more
      for (std::size_t i = 0; i + 8 <= memory_.size(); i += 8) {
        const std::uint64_t word = random();
        std::memcpy(&memory_[i], &word, 8);
      }
    } else {
      std::memset(memory_.data(), 1, memory_.size());
    }
  }

  void find(const std::string& node, const std::string& service, std::uint64_t flags) {
    fi_info* hints = library_->dupinfo(nullptr);
    hints->ep_attr->type = settings_.connects() ? FI_EP_MSG : FI_EP_RDM;
    hints->caps = settings_.writes() ? FI_MSG | FI_RMA : FI_MSG;
    hints->mode = FI_CONTEXT | FI_CONTEXT2;
    hints->addr_format = settings_.is_shared() ? FI_FORMAT_UNSPEC : FI_SOCKADDR_IN;
    hints->domain_attr->mr_mode = FI_MR_LOCAL | FI_MR_VIRT_ADDR | FI_MR_ALLOCATED | FI_MR_PROV_KEY;
    hints->domain_attr->threading = FI_THREAD_DOMAIN;
    hints->domain_attr->data_progress = FI_PROGRESS_MANUAL;
    hints->domain_attr->resource_mgmt = FI_RM_ENABLED;
    hints->fabric_attr->prov_name = ::strdup(settings_.provider.c_str());
    must(library_->getinfo(FI_VERSION(1, 17), node.c_str(),
                           service.empty() ? nullptr : service.c_str(), flags, hints, &info_),
         "fi_getinfo");
    library_->freeinfo(hints);
    must(library_->fabric(info_->fabric_attr, &fabric_, nullptr), "fi_fabric");
  }

  void make_endpoint(fi_info* info) {
    must(fi_domain(fabric_, info, &domain_, nullptr), "fi_domain");
    fi_cq_attr queue{};
    queue.size = 512;
    queue.format = FI_CQ_FORMAT_DATA;
    queue.wait_obj = settings_.is_shared() || settings_.spins ? FI_WAIT_NONE : FI_WAIT_UNSPEC;
    must(fi_cq_open(domain_, &queue, &queue_, nullptr), "fi_cq_open");
    must(fi_endpoint(domain_, info, &endpoint_, nullptr), "fi_endpoint");
    must(fi_ep_bind(endpoint_, &queue_->fid, FI_TRANSMIT | FI_RECV), "fi_ep_bind");
    if (settings_.connects()) {
      open_events();
      must(fi_ep_bind(endpoint_, &events_->fid, 0), "fi_ep_bind");
    } else {
      fi_av_attr addresses{};
      addresses.type = FI_AV_TABLE;
      must(fi_av_open(domain_, &addresses, &addresses_, nullptr), "fi_av_open");
      must(fi_ep_bind(endpoint_, &addresses_->fid, 0), "fi_ep_bind");
    }
    must(fi_enable(endpoint_), "fi_enable");
    waits_ = queue.wait_obj != FI_WAIT_NONE;
  }

  void open_events() {
    if (events_ == nullptr) {
      fi_eq_attr attributes{};
      attributes.wait_obj = FI_WAIT_UNSPEC;
      must(fi_eq_open(fabric_, &attributes, &events_, nullptr), "fi_eq_open");
    }
  }

  // Connected endpoints.
  void listen_and_accept(const Talk& talk) {
    find("127.0.0.1", "", FI_SOURCE);
    open_events();
    fid_pep* passive = nullptr;
    must(fi_passive_ep(fabric_, info_, &passive, nullptr), "fi_passive_ep");
    must(fi_pep_bind(passive, &events_->fid, 0), "fi_pep_bind");
    must(fi_listen(passive), "fi_listen");
    Name name{};
    std::size_t length = name.size();
    must(fi_getname(&passive->fid, name.data(), &length), "fi_getname");
    std::uint16_t port = 0;
    std::memcpy(&port, &name[2], 2);  // of a sockaddr_in
    talk.say(static_cast<std::uint16_t>((port >> 8U) | (port << 8U)));
    const fi_eq_cm_entry request = event(FI_CONNREQ);
    make_endpoint(request.info);
    must(fi_accept(endpoint_, nullptr, 0), "fi_accept");
    event(FI_CONNECTED);
  }
  void connect(const Talk& talk) {
    find("127.0.0.1", std::to_string(talk.hear<std::uint16_t>()), 0);
    make_endpoint(info_);
    must(fi_connect(endpoint_, info_->dest_addr, nullptr, 0), "fi_connect");
    event(FI_CONNECTED);
  }
  fi_eq_cm_entry event(std::uint32_t wanted) {
    std::uint32_t kind = 0;
    fi_eq_cm_entry entry{};
    must(fi_eq_sread(events_, &kind, &entry, sizeof entry, 10'000, 0), "fi_eq_sread");
    must(kind == wanted ? 0 : -1, "event");
    return entry;
  }

  // Endpoints without connections.
  void meet(const Talk& talk) {
    const bool is_shared = settings_.is_shared();
    find(is_shared ? "bench" + std::to_string(::getpid()) : "127.0.0.1", "", FI_SOURCE);
    make_endpoint(info_);
    Name own{};
    std::size_t length = own.size();
    must(fi_getname(&endpoint_->fid, own.data(), &length), "fi_getname");
    talk.say(own);
    const Name other = talk.hear<Name>();
    must(fi_av_insert(addresses_, other.data(), 1, &peer_, 0, nullptr) == 1 ? 0 : -1,
         "fi_av_insert");
  }

  Ring expose() {
    fid_mr* region = nullptr;
    must(fi_mr_reg(domain_, memory_.data(), memory_.size(), FI_REMOTE_WRITE, 0, 1, 0, &region,
                   nullptr),
         "fi_mr_reg");
    const bool by_address = (info_->domain_attr->mr_mode & FI_MR_VIRT_ADDR) != 0;
    return {by_address ? reinterpret_cast<std::uintptr_t>(memory_.data()) : 0, fi_mr_key(region)};
  }

  // How many operations are over by now; waits for a while when there is none.
  std::size_t reap(bool may_wait) {
    std::array<fi_cq_data_entry, 16> entries;
    ssize_t count = fi_cq_read(queue_, entries.data(), entries.size());
    if (count == -FI_EAGAIN && may_wait && waits_) {
      count = fi_cq_sread(queue_, entries.data(), entries.size(), nullptr, kWaitMilliseconds);
    } else if (count == -FI_EAGAIN && may_wait && !settings_.spins) {
      std::this_thread::sleep_for(kNap);
    }
    if (count == -FI_EAGAIN || count == -FI_EINTR || count == -FI_ETIMEDOUT) {
      return 0;
    }
    must(count, "fi_cq_read");
    for (const auto& entry : std::span(entries).first(static_cast<std::size_t>(count))) {
      const auto* context = static_cast<const fi_context2*>(entry.op_context);
      over_.push_back(context == nullptr ? 0
                                         : static_cast<std::size_t>(context - contexts_.data()));
    }
    return static_cast<std::size_t>(count);
  }

  bool send(std::size_t slot, const Ring& ring) {
    std::byte* const at = &memory_[slot * settings_.size];
    const ssize_t rc =
        settings_.writes()
            ? fi_writedata(endpoint_, at, settings_.size, nullptr, slot, peer_,
                           ring.base + slot * settings_.size, ring.key, &contexts_[slot])
            : fi_send(endpoint_, at, settings_.size, nullptr, peer_, &contexts_[slot]);
    if (rc == -FI_EAGAIN) {
      return false;
    }
    must(rc, "fi_send");
    return true;
  }
  void receive(std::size_t slot) {
    must(fi_recv(endpoint_, &memory_[slot * settings_.size], settings_.size, nullptr, peer_,
                 &contexts_[slot]),
         "fi_recv");
  }

  /// The slots whose operations are over.
  std::vector<std::size_t> take_over() { return std::exchange(over_, {}); }

  void close() {
    for (fid* object : {endpoint_ ? &endpoint_->fid : nullptr, queue_ ? &queue_->fid : nullptr,
                        addresses_ ? &addresses_->fid : nullptr}) {
      if (object != nullptr) {
        fi_close(object);
      }
    }
  }

 private:
  const Settings& settings_;
  std::shared_ptr<const cp::fabric::Library> library_;
  std::vector<std::byte> memory_;
  std::vector<fi_context2> contexts_;
  std::vector<std::size_t> over_;
  fi_info* info_ = nullptr;
  fid_fabric* fabric_ = nullptr;
  fid_domain* domain_ = nullptr;
  fid_eq* events_ = nullptr;
  fid_cq* queue_ = nullptr;
  fid_av* addresses_ = nullptr;
  fid_ep* endpoint_ = nullptr;
  fi_addr_t peer_ = FI_ADDR_UNSPEC;
  bool waits_ = false;
};

double processor_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

void run_receiver(const Settings& settings, const Talk& talk) {
  End end(settings, false);
  if (settings.connects()) {
    end.listen_and_accept(talk);
  } else {
    end.meet(talk);
  }
  talk.say(settings.writes() ? end.expose() : Ring{});
  for (std::size_t slot = 0; slot < settings.depth && !settings.writes(); ++slot) {
    end.receive(slot);
  }
  talk.say('r');
  const double before = processor_seconds();
  std::uint64_t expected = 0;
  for (std::uint64_t arrived = 0; expected == 0 || arrived < expected;) {
    arrived += end.reap(true);
    for (const std::size_t slot : end.take_over()) {
      if (!settings.writes()) {
        end.receive(slot);
      }
    }
    if (expected == 0) {
      talk.hear_now(expected);
    }
  }
  talk.say(processor_seconds() - before);
  talk.hear<char>();
  end.close();
}

void run_sender(const Settings& settings, const Talk& talk) {
  End end(settings, true);
  if (settings.connects()) {
    end.connect(talk);
  } else {
    end.meet(talk);
  }
  const Ring ring = talk.hear<Ring>();
  talk.hear<char>();
  std::vector<std::size_t> free(settings.depth);
  for (std::size_t slot = 0; slot < settings.depth; ++slot) {
    free[slot] = settings.depth - 1 - slot;
  }
  const double before = processor_seconds();
  const auto begin = Clock::now();
  const auto limit = begin + std::chrono::duration<double>(settings.seconds);
  std::uint64_t sent = 0;
  while (Clock::now() < limit || free.size() < settings.depth) {
    bool is_full = free.empty() || Clock::now() >= limit;
    if (!is_full && end.send(free.back(), ring)) {
      free.pop_back();
      ++sent;
    } else {
      is_full = true;
    }
    end.reap(is_full);
    for (const std::size_t slot : end.take_over()) {
      free.push_back(slot);
    }
  }
  const double mine = processor_seconds() - before;
  talk.say(sent);
  const double theirs = talk.hear<double>();
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  talk.say('e');
  end.close();
  const double bytes = static_cast<double>(sent) * static_cast<double>(settings.size);
  std::printf("%.0f %.4f\n", bytes * 8 / seconds, (mine + theirs) * 1e9 / bytes);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    std::fputs("usage: fabric_loop PROVIDER SIZE DEPTH SECONDS [spin]\n", stderr);
    return 64;
  }
  const Settings settings{.provider = argv[1],
                          .size = std::strtoull(argv[2], nullptr, 10),
                          .depth = std::strtoull(argv[3], nullptr, 10),
                          .seconds = std::strtod(argv[4], nullptr),
                          .spins = argc > 5 && std::string_view(argv[5]) == "spin"};
  std::array<int, 2> ends{};
  must(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), "socketpair");
  const pid_t child = ::fork();
  must(child, "fork");
  ::close(ends[child == 0 ? 0 : 1]);
  if (child == 0) {
    run_receiver(settings, Talk(ends[1]));
    return 0;
  }
  run_sender(settings, Talk(ends[0]));
  int status = 0;
  ::waitpid(child, &status, 0);
  return status == 0 ? 0 : 1;
}
