// SPDX-License-Identifier: Apache-2.0
#include "fabric/connection.hpp"

#include "fabric/endpoint.hpp"

#include <algorithm>
#include <array>
#include <thread>

namespace cp::fabric {
namespace {

// How long a wait goes before it looks whether it was interrupted or the peer is gone.
constexpr std::chrono::milliseconds kWait{50};

}  // namespace

Result<std::unique_ptr<Connection::Parts>> make_endpoint(SharedFabric fabric, Info info) {
  const Library& library = *fabric.library;
  auto parts = std::make_unique<Connection::Parts>();
  fid_domain* domain = nullptr;
  CP_TRY(check(library, fi_domain(fabric.fabric.get(), info.get(), &domain, nullptr), "fi_domain"));
  parts->domain.reset(domain);
  CP_TRY_ASSIGN(parts->events, open_event_queue(library, *fabric.fabric));
  CP_TRY_ASSIGN(parts->completions, CompletionQueue::open(library, *domain));
  fid_ep* endpoint = nullptr;
  CP_TRY(check(library, fi_endpoint(domain, info.get(), &endpoint, nullptr), "fi_endpoint"));
  parts->endpoint.reset(endpoint);
  CP_TRY(check(library, fi_ep_bind(endpoint, &parts->events->fid, 0), "fi_ep_bind"));
  CP_TRY(check(library, fi_ep_bind(endpoint, &parts->completions->get().fid, FI_TRANSMIT | FI_RECV),
               "fi_ep_bind"));
  CP_TRY(check(library, fi_enable(endpoint), "fi_enable"));
  parts->fabric = std::move(fabric);
  parts->info = std::move(info);
  return parts;
}

Result<std::unique_ptr<Connection>> finish_connecting(
    std::unique_ptr<Connection::Parts> parts, std::string_view answer,
    std::chrono::steady_clock::time_point deadline, const std::stop_token& stop) {
  CP_TRY_ASSIGN(const CmEvent event,
                next_event(*parts->fabric.library, *parts->events, deadline, stop));
  if (event.kind != FI_CONNECTED) {
    return fail(Errc::denied, "the fabric connection was refused");
  }
  // Some providers fill the rest of their own size with zeros.
  if (!std::string_view(event.data).starts_with(answer)) {
    return fail(Errc::denied, "the other end of a stream does not have the session's key");
  }
  return std::make_unique<Connection>(std::move(parts));
}

Connection::Connection(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Connection::~Connection() { fi_shutdown(parts_->endpoint.get(), 0); }

Result<std::unique_ptr<Connection>> Connection::connect(
    std::shared_ptr<const Library> library, const std::string& provider, const std::string& host,
    std::uint16_t port, std::string_view claim, std::string_view answer,
    std::chrono::nanoseconds patience, std::stop_token stop) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  CP_TRY_ASSIGN(Info info, find_info(library, provider, host, std::to_string(port), 0));
  CP_TRY_ASSIGN(SharedFabric fabric, open_fabric(library, *info));
  CP_TRY_ASSIGN(auto parts, make_endpoint(std::move(fabric), std::move(info)));
  CP_TRY(
      check(*library,
            fi_connect(parts->endpoint.get(), parts->info->dest_addr, claim.data(), claim.size()),
            "fi_connect"));
  return finish_connecting(std::move(parts), answer, deadline, stop);
}

Result<void> Connection::prepare(std::span<std::byte> region, std::size_t operations) {
  parts_->completions->number(operations);
  if ((parts_->info->domain_attr->mr_mode & FI_MR_LOCAL) == 0) {
    return {};
  }
  fid_mr* handle = nullptr;
  CP_TRY(check(*parts_->fabric.library,
               fi_mr_reg(parts_->domain.get(), region.data(), region.size(), FI_SEND | FI_RECV, 0,
                         0, 0, &handle, nullptr),
               "fi_mr_reg"));
  parts_->region.reset(handle);
  parts_->descriptor = fi_mr_desc(handle);
  return {};
}

// CALL until the provider has room for it: what is on its way has to move first.
template <class Post>
Result<void> Connection::post(Post call) {
  while (true) {
    const ssize_t rc = call();
    if (rc == 0) {
      return {};
    }
    if (rc != -FI_EAGAIN) {
      return cut();
    }
    CP_TRY(check_alive());
    // Reads nothing, and moves what is on its way.
    if (!parts_->completions->progress()) {
      return cut();
    }
    std::this_thread::yield();
  }
}

Result<void> Connection::send(std::size_t operation, std::span<const std::byte> bytes) {
  return post([&] {
    return fi_send(parts_->endpoint.get(), bytes.data(), bytes.size(), parts_->descriptor, 0,
                   parts_->completions->context(operation));
  });
}

Result<void> Connection::receive(std::size_t operation, std::span<std::byte> bytes) {
  return post([&] {
    return fi_recv(parts_->endpoint.get(), bytes.data(), bytes.size(), parts_->descriptor, 0,
                   parts_->completions->context(operation));
  });
}

Result<void> Connection::check_alive() {
  if (parts_->is_interrupted) {
    return fail(Errc::timed_out, "interrupted");
  }
  std::uint32_t kind = 0;
  std::array<char, 256> entry{};
  const ssize_t size = fi_eq_read(parts_->events.get(), &kind, entry.data(), entry.size(), 0);
  return size == -FI_EAGAIN ? Result<void>() : cut();
}

Result<std::optional<Completion>> Connection::poll() { return parts_->completions->read(); }

Result<Completion> Connection::wait() {
  while (true) {
    CP_TRY_ASSIGN(const auto ready, poll());
    if (ready) {
      return *ready;
    }
    CP_TRY(check_alive());
    CP_TRY_ASSIGN(const auto waited, parts_->completions->wait(kWait));
    if (waited) {
      return *waited;
    }
  }
}

void Connection::interrupt() { parts_->is_interrupted = true; }

}  // namespace cp::fabric
