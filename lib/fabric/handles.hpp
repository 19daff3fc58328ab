// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fabric/library.hpp"

#include <rdma/fabric.h>
#include <rdma/fi_cm.h>
#include <rdma/fi_domain.h>
#include <rdma/fi_endpoint.h>
#include <rdma/fi_eq.h>
#include <rdma/fi_errno.h>

#include <chrono>
#include <memory>
#include <stop_token>

/// Owners of libfabric's objects; for the files of lib/fabric alone. What is left open at exit
/// leaves files behind (shm), so each is closed.
namespace cp::fabric {

/// The interface that our headers are of.
inline constexpr std::uint32_t api_version = FI_VERSION(1, 17);

template <class T>
struct CloseFid {
  void operator()(T* object) const { fi_close(&object->fid); }
};
template <class T>
using Handle = std::unique_ptr<T, CloseFid<T>>;

struct FreeInfo {
  std::shared_ptr<const Library> library;
  void operator()(fi_info* info) const { library->freeinfo(info); }
};
using Info = std::unique_ptr<fi_info, FreeInfo>;

/// A fabric, which lives as long as anything that was made in it.
struct SharedFabric {
  std::shared_ptr<const Library> library;
  std::shared_ptr<fid_fabric> fabric;
};

/// unavailable "CALL: what libfabric says" when RC is negative.
Result<void> check(const Library& library, long rc, const char* call);

/// What PROVIDER offers for connected endpoints to HOST and PORT ("" none), or, with FI_SOURCE in
/// FLAGS, on it. unavailable when that is nothing.
Result<Info> find_info(const std::shared_ptr<const Library>& library, const std::string& provider,
                       const std::string& host, const std::string& port, std::uint64_t flags);

/// What PROVIDER offers for reliable endpoints without connections at NODE, of this machine: an
/// address, or the name that stands for it in shared memory. unavailable when that is nothing.
Result<Info> find_rdm_info(const std::shared_ptr<const Library>& library,
                           const std::string& provider, const std::string& node);

Result<SharedFabric> open_fabric(std::shared_ptr<const Library> library, const fi_info& info);
Result<Handle<fid_eq>> open_event_queue(const Library& library, fid_fabric& fabric);

/// A connection-management event with the data that came along.
struct CmEvent {
  std::uint32_t kind = 0;
  fi_info* info = nullptr;  ///< of a request; to be owned
  std::string data;
};
/// The next event of QUEUE; timed_out at DEADLINE or on STOP, denied when the peer refused.
Result<CmEvent> next_event(const Library& library, fid_eq& queue,
                           std::chrono::steady_clock::time_point deadline,
                           const std::stop_token& stop);

}  // namespace cp::fabric
