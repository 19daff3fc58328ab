// SPDX-License-Identifier: Apache-2.0
#include "fabric/completion_queue.hpp"

#include <algorithm>
#include <thread>

namespace cp::fabric {
namespace {

constexpr std::size_t kQueueSize = 512;
// Where completions cannot be waited for, how long to rest between looks.
constexpr auto kRest = std::chrono::microseconds(50);

}  // namespace

tl::unexpected<Error> cut() { return fail(Errc::timed_out, "the fabric connection is cut"); }

Result<CompletionQueue> CompletionQueue::open(const Library& library, fid_domain& domain,
                                              bool wants_wait) {
  fi_cq_attr attributes{};
  attributes.size = kQueueSize;
  attributes.format = FI_CQ_FORMAT_DATA;
  attributes.wait_obj = FI_WAIT_UNSPEC;
  fid_cq* queue = nullptr;
  const bool waits = wants_wait && fi_cq_open(&domain, &attributes, &queue, nullptr) == 0;
  if (!waits) {
    attributes.wait_obj = FI_WAIT_NONE;
    CP_TRY(check(library, fi_cq_open(&domain, &attributes, &queue, nullptr), "fi_cq_open"));
  }
  return CompletionQueue(Handle<fid_cq>(queue), waits);
}

// COUNT is what reading ENTRY gave.
Result<std::optional<Completion>> CompletionQueue::take(long count,
                                                        const fi_cq_data_entry& entry) const {
  if (count == -FI_EAGAIN || count == -FI_EINTR || count == -FI_ETIMEDOUT) {
    return std::nullopt;
  }
  if (count != 1) {
    return cut();
  }
  if (expects_writes_ && (entry.flags & FI_REMOTE_WRITE) != 0) {
    return Completion{.is_remote_write = true, .immediate = entry.data};
  }
  if (entry.op_context == nullptr || (entry.flags & FI_REMOTE_WRITE) != 0) {
    return cut();
  }
  const auto* const context = static_cast<const fi_context2*>(entry.op_context);
  return Completion{.operation = static_cast<std::size_t>(context - contexts_.data()),
                    .bytes = entry.len,
                    .is_receive = (entry.flags & FI_RECV) != 0};
}

Result<std::optional<Completion>> CompletionQueue::read() {
  fi_cq_data_entry entry{};
  return take(fi_cq_read(queue_.get(), &entry, 1), entry);
}

Result<std::optional<Completion>> CompletionQueue::wait(std::chrono::milliseconds patience) {
  if (!waits_) {
    std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(kRest, patience));
    return read();
  }
  fi_cq_data_entry entry{};
  return take(fi_cq_sread(queue_.get(), &entry, 1, nullptr, static_cast<int>(patience.count())),
              entry);
}

bool CompletionQueue::progress() { return fi_cq_read(queue_.get(), nullptr, 0) != -FI_EAVAIL; }

}  // namespace cp::fabric
