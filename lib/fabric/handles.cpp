// SPDX-License-Identifier: Apache-2.0
#include "fabric/handles.hpp"

#include "fabric/provider.hpp"

#include <array>
#include <cstring>

namespace cp::fabric {
namespace {

constexpr int kPollMilliseconds = 20;
constexpr std::size_t kMaxData = 256;

std::uint32_t format_of(const std::string& host) {
  return host.find(':') == std::string::npos ? FI_SOCKADDR_IN : FI_SOCKADDR_IN6;
}

// What all endpoints have. mr_mode names all that we can do; the provider clears what it does not
// need. Manual progress: one thread of ours drives each endpoint.
void fill(fi_info& hints, const std::string& provider) {
  hints.mode = FI_CONTEXT | FI_CONTEXT2;
  hints.domain_attr->mr_mode = FI_MR_LOCAL | FI_MR_VIRT_ADDR | FI_MR_ALLOCATED | FI_MR_PROV_KEY;
  hints.domain_attr->threading = FI_THREAD_DOMAIN;
  hints.domain_attr->data_progress = FI_PROGRESS_MANUAL;
  hints.domain_attr->resource_mgmt = FI_RM_ENABLED;
  // Freed by fi_freeinfo, with free(3).
  hints.fabric_attr->prov_name = ::strdup(provider.c_str());
}

Result<Info> make_hints(const std::shared_ptr<const Library>& library,
                        const std::string& provider) {
  Info hints(library->dupinfo(nullptr), {library});
  if (!hints) {
    return fail(Errc::unavailable, "libfabric has no memory");
  }
  fill(*hints, provider);
  return hints;
}

tl::unexpected<Error> event_error(const Library& library, fid_eq& queue) {
  fi_eq_err_entry entry{};
  if (fi_eq_readerr(&queue, &entry, 0) < 0) {
    return fail(Errc::unavailable, "the fabric's events cannot be read");
  }
  const Errc code = entry.err == FI_ECONNREFUSED ? Errc::denied : Errc::unavailable;
  return fail(code, "the fabric connection failed: {}", library.text_of(entry.err));
}

}  // namespace

Result<void> check(const Library& library, long rc, const char* call) {
  if (rc < 0) {
    return fail(Errc::unavailable, "{}: {}", call, library.text_of(rc));
  }
  return {};
}

Result<Info> find_info(const std::shared_ptr<const Library>& library, const std::string& provider,
                       const std::string& host, const std::string& port, std::uint64_t flags) {
  CP_TRY_ASSIGN(const Info hints, make_hints(library, provider));
  hints->ep_attr->type = FI_EP_MSG;
  hints->caps = FI_MSG;
  hints->addr_format = format_of(host);
  hints->domain_attr->mr_mode |= FI_MR_ENDPOINT;
  fi_info* found = nullptr;
  const int rc = library->getinfo(api_version, host.c_str(), port.empty() ? nullptr : port.c_str(),
                                  flags, hints.get(), &found);
  if (rc != 0) {
    return fail(Errc::unavailable, "libfabric has no provider '{}' with connected endpoints for {}",
                provider, host);
  }
  return Info(found, {library});
}

Result<Info> find_rdm_info(const std::shared_ptr<const Library>& library,
                           const std::string& provider, const std::string& node) {
  CP_TRY_ASSIGN(const Info hints, make_hints(library, provider));
  hints->ep_attr->type = FI_EP_RDM;
  if (manner_of(provider) == Manner::writes) {
    hints->caps = FI_MSG | FI_RMA;
    hints->addr_format = format_of(node);
  } else {
    hints->caps = FI_MSG;
  }
  fi_info* found = nullptr;
  if (library->getinfo(api_version, node.c_str(), nullptr, FI_SOURCE, hints.get(), &found) != 0) {
    return fail(Errc::unavailable, "libfabric has no provider '{}' with reliable endpoints here",
                provider);
  }
  return Info(found, {library});
}

Result<SharedFabric> open_fabric(std::shared_ptr<const Library> library, const fi_info& info) {
  fid_fabric* fabric = nullptr;
  CP_TRY(check(*library, library->fabric(info.fabric_attr, &fabric, nullptr), "fi_fabric"));
  return SharedFabric{library, std::shared_ptr<fid_fabric>(
                                   fabric, [library](fid_fabric* own) { fi_close(&own->fid); })};
}

Result<Handle<fid_eq>> open_event_queue(const Library& library, fid_fabric& fabric) {
  fi_eq_attr attributes{};
  attributes.wait_obj = FI_WAIT_UNSPEC;
  fid_eq* queue = nullptr;
  CP_TRY(check(library, fi_eq_open(&fabric, &attributes, &queue, nullptr), "fi_eq_open"));
  return Handle<fid_eq>(queue);
}

Result<CmEvent> next_event(const Library& library, fid_eq& queue,
                           std::chrono::steady_clock::time_point deadline,
                           const std::stop_token& stop) {
  alignas(fi_eq_cm_entry) std::array<char, sizeof(fi_eq_cm_entry) + kMaxData> buffer{};
  while (!stop.stop_requested() && std::chrono::steady_clock::now() < deadline) {
    CmEvent event;
    const ssize_t size =
        fi_eq_sread(&queue, &event.kind, buffer.data(), buffer.size(), kPollMilliseconds, 0);
    if (size == -FI_EAVAIL) {
      return event_error(library, queue);
    }
    if (size >= static_cast<ssize_t>(sizeof(fi_eq_cm_entry))) {
      const auto* entry = reinterpret_cast<const fi_eq_cm_entry*>(buffer.data());
      event.info = event.kind == FI_CONNREQ ? entry->info : nullptr;
      event.data.assign(buffer.data() + sizeof(fi_eq_cm_entry),
                        static_cast<std::size_t>(size) - sizeof(fi_eq_cm_entry));
      return event;
    }
    if (size < 0 && size != -FI_EAGAIN && size != -FI_ETIMEDOUT && size != -FI_EINTR) {
      return check(library, size, "fi_eq_sread").map([] { return CmEvent{}; });
    }
  }
  return fail(Errc::timed_out, "the fabric connection was not made in time");
}

}  // namespace cp::fabric
