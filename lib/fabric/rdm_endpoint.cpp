// SPDX-License-Identifier: Apache-2.0
#include "fabric/rdm_endpoint.hpp"

#include "base/fd.hpp"
#include "fabric/completion_queue.hpp"
#include "fabric/own_sockets.hpp"
#include "fabric/provider.hpp"
#include "fabric/shared_names.hpp"

#include <rdma/fi_rma.h>

#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

namespace cp::fabric {

struct RdmEndpoint::Parts {
  SharedFabric fabric;
  Info info;
  Handle<fid_domain> domain;
  Handle<fid_av> addresses;
  std::optional<CompletionQueue> completions;
  Handle<fid_mr> region;
  Handle<fid_mr> exposed;
  Handle<fid_ep> endpoint;  ///< closed first: it uses all the others
  fi_addr_t peer = FI_ADDR_UNSPEC;
  sockaddr_storage peer_socket{};
  void* descriptor = nullptr;

  fid_ep* ep() const { return endpoint.get(); }
  bool is_named() const { return info->addr_format == FI_ADDR_STR; }
};

namespace {

constexpr std::string_view kNamePrefix = "fi_shm://";
constexpr std::size_t kMaxAddress = 255;
// Of a name in shared memory: two ends that meet take seconds at most.
constexpr std::chrono::seconds kForgotten{60};
// Of what had arrived when a connection was ended: a look takes all that a socket holds, or an
// event.
constexpr std::chrono::seconds kEndPatience{1};
constexpr int kIdleLooks = 64;

Result<std::unique_ptr<RdmEndpoint::Parts>> make_parts(
    const std::shared_ptr<const Library>& library, Info info) {
  auto parts = std::make_unique<RdmEndpoint::Parts>();
  CP_TRY_ASSIGN(parts->fabric, open_fabric(library, *info));
  fid_domain* domain = nullptr;
  CP_TRY(check(*library, fi_domain(parts->fabric.fabric.get(), info.get(), &domain, nullptr),
               "fi_domain"));
  parts->domain.reset(domain);
  fi_av_attr attributes{};
  attributes.type = FI_AV_TABLE;
  attributes.count = 1;
  fid_av* addresses = nullptr;
  CP_TRY(check(*library, fi_av_open(domain, &attributes, &addresses, nullptr), "fi_av_open"));
  parts->addresses.reset(addresses);
  // Waiting in shared memory does not end in libfabric 1.17.
  const bool wants_wait = info->addr_format != FI_ADDR_STR;
  CP_TRY_ASSIGN(parts->completions, CompletionQueue::open(*library, *domain, wants_wait));
  fid_ep* endpoint = nullptr;
  CP_TRY(check(*library, fi_endpoint(domain, info.get(), &endpoint, nullptr), "fi_endpoint"));
  parts->endpoint.reset(endpoint);
  CP_TRY(check(*library, fi_ep_bind(endpoint, &addresses->fid, 0), "fi_ep_bind"));
  CP_TRY(check(*library,
               fi_ep_bind(endpoint, &parts->completions->get().fid, FI_TRANSMIT | FI_RECV),
               "fi_ep_bind"));
  CP_TRY(check(*library, fi_enable(endpoint), "fi_enable"));
  parts->info = std::move(info);
  return parts;
}

Result<std::uint16_t> port_in(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) {
    return fail(Errc::protocol, "an address of a fabric that is none");
  }
  return port;
}

// The address of HOST with the port that ADDRESS says: nobody makes us connect to a third.
Result<sockaddr_storage> socket_address(std::string_view address, const std::string& host) {
  CP_TRY_ASSIGN(const std::uint16_t port, port_in(address));
  sockaddr_storage out{};
  auto& four = reinterpret_cast<sockaddr_in&>(out);
  auto& six = reinterpret_cast<sockaddr_in6&>(out);
  if (::inet_pton(AF_INET, host.c_str(), &four.sin_addr) == 1) {
    four.sin_family = AF_INET;
    four.sin_port = htons(port);
  } else if (::inet_pton(AF_INET6, host.c_str(), &six.sin6_addr) == 1) {
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(port);
  } else {
    return fail(Errc::unavailable, "a fabric cannot reach {}", host);
  }
  return out;
}

// What libfabric 1.17 makes the name of a file in /dev/shm of: "fi_shm://cpxfer-NAME:UID:NUMBER".
Result<std::string> name_in(std::string_view address) {
  constexpr std::string_view kLetters = "0123456789abcdef:";
  const std::string prefix = std::string(kNamePrefix).append(shared_name_prefix);
  const bool is_good = address.size() <= kMaxAddress && address.starts_with(prefix) &&
                       address.find_first_not_of(kLetters, prefix.size()) == address.npos;
  return is_good ? Result<std::string>(std::string(address))
                 : fail(Errc::protocol, "an address of a fabric that is none");
}

// Takes the pages of the memory that ADDRESS names now: one that is missing later, because
// somebody has filled the file system meanwhile, would end the process (SIGBUS).
Result<void> take_pages(const std::string& address) {
  const std::string name = address.substr(kNamePrefix.size());
  const UniqueFd fd(::shm_open(name.c_str(), O_RDWR | O_CLOEXEC, 0));
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0) {
    return fail_errno(Errc::unavailable, errno, "cannot open shared memory");
  }
  const int error = ::posix_fallocate(fd.get(), 0, status.st_size);
  return error == 0 ? Result<void>()
                    : fail_errno(Errc::unavailable, error, "no shared memory for a fabric");
}

// RC of posting.
Result<bool> posted(ssize_t rc) {
  if (rc == -FI_EAGAIN) {
    return false;
  }
  return rc == 0 ? Result<bool>(true) : cut();
}

}  // namespace

RdmEndpoint::RdmEndpoint(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

RdmEndpoint::~RdmEndpoint() {
  if (parts_->exposed) {
    end_writes();
  }
}

// Libfabric 1.17 ends the process when an endpoint is closed while part of a write with immediate
// data has arrived: the write is counted as failed and has no context (rxm_handle_comp_error reads
// one). Where the connection ends first, the write is dropped in silence.
void RdmEndpoint::end_writes() {
  const auto port = address();
  end_connections(port ? port_in(*port).value_or(0) : 0, parts_->peer_socket);
  const auto latest = std::chrono::steady_clock::now() + kEndPatience;
  for (int idle = 0; idle < kIdleLooks && std::chrono::steady_clock::now() < latest;) {
    const auto completion = parts_->completions->read();
    idle += completion && *completion ? 0 : 1;
  }
}

Result<void> RdmEndpoint::look_for(const std::shared_ptr<const Library>& library,
                                   const std::string& provider, const std::string& host) {
  CP_TRY(find_rdm_info(library, provider, manner_of(provider) == Manner::writes ? host : "0"));
  return {};
}

Result<std::unique_ptr<RdmEndpoint>> RdmEndpoint::open(
    const std::shared_ptr<const Library>& library, const std::string& provider,
    const std::string& host, const std::string& name) {
  const bool is_shared = manner_of(provider) == Manner::shared_memory;
  const std::string node = is_shared ? std::string(shared_name_prefix).append(name) : host;
  if (is_shared) {
    sweep_shared_names(kForgotten);
  }
  CP_TRY_ASSIGN(Info info, find_rdm_info(library, provider, node));
  CP_TRY_ASSIGN(auto parts, make_parts(library, std::move(info)));
  auto endpoint = std::make_unique<RdmEndpoint>(std::move(parts));
  if (is_shared) {
    CP_TRY_ASSIGN(const std::string address, endpoint->address());
    CP_TRY(take_pages(address));
  }
  return endpoint;
}

Result<std::string> RdmEndpoint::address() const {
  alignas(sockaddr_storage) std::array<char, kMaxAddress + 1> buffer{};
  std::size_t length = buffer.size();
  CP_TRY(check(*parts_->fabric.library, fi_getname(&parts_->ep()->fid, buffer.data(), &length),
               "fi_getname"));
  if (parts_->is_named()) {
    return std::string(buffer.data());
  }
  const auto* const address = reinterpret_cast<const sockaddr_storage*>(buffer.data());
  const std::uint16_t port = address->ss_family == AF_INET6
                                 ? reinterpret_cast<const sockaddr_in6*>(address)->sin6_port
                                 : reinterpret_cast<const sockaddr_in*>(address)->sin_port;
  return std::to_string(ntohs(port));
}

Result<void> RdmEndpoint::meet(std::string_view address, const std::string& host) {
  sockaddr_storage socket{};
  std::string name;
  const void* bytes = &socket;
  if (parts_->is_named()) {
    CP_TRY_ASSIGN(name, name_in(address));
    bytes = name.c_str();
  } else {
    CP_TRY_ASSIGN(socket, socket_address(address, host));
    parts_->peer_socket = socket;
  }
  const int count = fi_av_insert(parts_->addresses.get(), bytes, 1, &parts_->peer, 0, nullptr);
  return count == 1 ? Result<void>()
                    : fail(Errc::unavailable, "the other end of the fabric cannot be reached");
}

void RdmEndpoint::hide() const {
  if (const auto own = address(); own && parts_->is_named()) {
    ::shm_unlink(own->substr(kNamePrefix.size()).c_str());
  }
}

Result<void> RdmEndpoint::prepare(std::span<std::byte> region, std::size_t operations) {
  parts_->completions->number(operations);
  if ((parts_->info->domain_attr->mr_mode & FI_MR_LOCAL) == 0) {
    return {};
  }
  fid_mr* handle = nullptr;
  CP_TRY(check(*parts_->fabric.library,
               fi_mr_reg(parts_->domain.get(), region.data(), region.size(),
                         FI_SEND | FI_RECV | FI_WRITE, 0, 0, 0, &handle, nullptr),
               "fi_mr_reg"));
  parts_->region.reset(handle);
  parts_->descriptor = fi_mr_desc(handle);
  return {};
}

Result<RemoteMemory> RdmEndpoint::expose(std::span<std::byte> ring, std::uint64_t key) {
  fid_mr* handle = nullptr;
  CP_TRY(check(*parts_->fabric.library,
               fi_mr_reg(parts_->domain.get(), ring.data(), ring.size(), FI_REMOTE_WRITE, 0, key, 0,
                         &handle, nullptr),
               "fi_mr_reg"));
  parts_->exposed.reset(handle);
  parts_->completions->expect_writes();
  const bool by_address = (parts_->info->domain_attr->mr_mode & FI_MR_VIRT_ADDR) != 0;
  return RemoteMemory{by_address ? reinterpret_cast<std::uintptr_t>(ring.data()) : 0,
                      fi_mr_key(handle)};
}

Result<bool> RdmEndpoint::send(std::size_t operation, std::span<const std::byte> bytes) {
  return posted(fi_send(parts_->ep(), bytes.data(), bytes.size(), parts_->descriptor, parts_->peer,
                        parts_->completions->context(operation)));
}

Result<bool> RdmEndpoint::receive(std::size_t operation, std::span<std::byte> bytes) {
  return posted(fi_recv(parts_->ep(), bytes.data(), bytes.size(), parts_->descriptor,
                        FI_ADDR_UNSPEC, parts_->completions->context(operation)));
}

Result<bool> RdmEndpoint::write(std::size_t operation, std::span<const std::byte> bytes,
                                const RemoteMemory& to, std::uint64_t offset,
                                std::uint32_t immediate) {
  return posted(fi_writedata(parts_->ep(), bytes.data(), bytes.size(), parts_->descriptor,
                             immediate, parts_->peer, to.base + offset, to.key,
                             parts_->completions->context(operation)));
}

Result<std::optional<Completion>> RdmEndpoint::poll() { return parts_->completions->read(); }

Result<std::optional<Completion>> RdmEndpoint::wait(std::chrono::milliseconds patience) {
  return parts_->completions->wait(patience);
}

}  // namespace cp::fabric
