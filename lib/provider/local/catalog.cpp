// SPDX-License-Identifier: Apache-2.0
#include "provider/local/catalog.hpp"

#include "base/file.hpp"
#include "model/json.hpp"
#include "provider/local/devices.hpp"
#include "provider/local/load.hpp"
#include "provider/local/processor.hpp"
#include "provider/local/sysfs.hpp"
#include "provider/local/topology.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <sys/statvfs.h>
#include <sys/utsname.h>

namespace cp::provider {
namespace {

using local::Topology;
using model::Json;

constexpr int kValidForSeconds = 30;

template <class Value>
void put(Json& object, const char* name, const std::optional<Value>& value) {
  if (value) {
    object[name] = *value;
  }
}

// A number of the documents is an integer when its value is.
Json number(double value) {
  constexpr double kExact = 9007199254740992.0;
  return value == static_cast<double>(static_cast<std::int64_t>(value)) && value < kExact
             ? Json(static_cast<std::int64_t>(value))
             : Json(value);
}

std::string machine_name() {
  utsname names{};
  return ::uname(&names) == 0 ? names.machine : "";
}

std::string host_name(const std::string& root) {
  return local::read_word(path_join(root, "proc/sys/kernel/hostname")).value_or("localhost");
}

struct Disk {
  std::uint64_t total_bytes = 0;
  std::uint64_t free_bytes = 0;
};
std::optional<Disk> read_disk(const std::string& path) {
  struct statvfs status {};
  if (::statvfs(path.c_str(), &status) != 0 || status.f_blocks == 0) {
    return std::nullopt;
  }
  return Disk{status.f_blocks * status.f_frsize, status.f_bavail * status.f_frsize};
}

Json cpu_document(const local::Processor& processor, const std::optional<Topology>& topology) {
  Json cpu = Json::object();
  put(cpu, "vendor", processor.vendor);
  put(cpu, "model", processor.model);
  if (!processor.arch.empty()) {
    cpu["arch"] = processor.arch;
  }
  if (topology) {
    cpu["sockets"] = topology->sockets;
    cpu["cores"] = topology->cores;
    cpu["threads"] = topology->threads;
  }
  if (processor.clock_hz) {
    cpu["clock_hz"] = number(*processor.clock_hz);
  }
  return cpu;
}

Json accelerator_document(const local::Accelerator& accelerator) {
  Json document{{"vendor", accelerator.vendor},
                {"native_name", model::text_value(accelerator.native_name)},
                {"count", accelerator.count}};
  put(document, "memory_bytes", accelerator.memory_bytes);
  return document;
}

Json port_document(const local::NetworkPort& port) {
  Json document{{"type", port.type}};
  if (port.rate_bps) {
    document["rate_bps"] = number(*port.rate_bps);
  }
  document["rdma"] = port.rdma;
  document["count"] = port.count;
  return document;
}

template <class Item>
Json list_of(const std::vector<Item>& items, Json (*document)(const Item&)) {
  Json list = Json::array();
  for (const Item& item : items) {
    list.push_back(document(item));
  }
  return list;
}

// What the vendor's figures say that the cores could do at best; absent where they are not known.
std::optional<Json> nominal_flops(const local::Processor& processor,
                                  const std::optional<Topology>& topology, UnixTime now) {
  if (!topology || !processor.clock_hz || !processor.flops_per_cycle) {
    return std::nullopt;
  }
  const double value = topology->cores * *processor.clock_hz * *processor.flops_per_cycle;
  return Json{{"what", "flops"},
              {"format", "fp64"},
              {"sparse", false},
              {"basis", "nominal"},
              {"per", "node"},
              {"value", number(value)},
              {"source", fmt::format("{} cores x {:g} GHz x {} FLOP a cycle: {}", topology->cores,
                                     *processor.clock_hz / 1e9, *processor.flops_per_cycle,
                                     processor.flops_source)},
              {"as_of", format_time(std::chrono::floor<std::chrono::seconds>(now))}};
}

class LocalCatalog final : public Catalog {
 public:
  LocalCatalog(LocalOptions options, const Clock& clock)
      : options_(std::move(options)), clock_(clock) {}

  Result<std::vector<Json>> describe(std::stop_token stop) override {
    if (stop.stop_requested()) {
      return fail(Errc::timed_out, "describing this machine was stopped");
    }
    const local::Processor processor = local::read_processor(options_.root, machine_name());
    const std::optional<Topology> topology = whole_topology();
    Json node{{"cpu", cpu_document(processor, topology)}};
    put(node, "memory_bytes", local::read_memory(options_.root).total_bytes);
    if (const auto disk = read_disk(workdir())) {
      node["disk_bytes"] = disk->total_bytes;
    }
    node["accelerators"] = list_of(local::read_accelerators(options_.root), accelerator_document);
    node["network"] = list_of(local::read_network(options_.root), port_document);
    Json record{{"schema", "cp.resource/1"},
                {"name", model::text_value(host_name(options_.root))},
                {"kind", "node"},
                {"nodes", 1},
                {"node", std::move(node)}};
    if (const auto flops = nominal_flops(processor, topology, clock_.now())) {
      record["performance"] = Json::array({*flops});
    }
    record["access"] = Json::array({access()});
    return std::vector{std::move(record)};
  }

  Result<Json> state(const Json& /*record*/, std::stop_token stop) override {
    if (stop.stop_requested()) {
      return fail(Errc::timed_out, "looking at this machine was stopped");
    }
    const auto topology = local::topology_by_sysfs(options_.root);
    const auto runnable = local::read_runnable(options_.root);
    if (!topology || !runnable) {
      return fail(Errc::unavailable, "this machine's /proc and /sys do not tell its load");
    }
    // A runnable thread takes a core, as far as there are any.
    const int free = std::max(topology->cores - *runnable, 0);
    const UnixTime now = clock_.now();
    Json state{{"schema", "cp.state/1"},
               {"seq", unix_milliseconds(now)},
               {"observed_at", format_time(now)},
               {"valid_for_s", kValidForSeconds},
               {"health", health()},
               {"nodes", {{"total", 1}, {"free", free == topology->cores ? 1 : 0}, {"down", 0}}},
               {"cards", cards()},
               {"cores", {{"total", topology->cores}, {"free", free}}}};
    Json shape{{"nodes", 1}};
    if (const auto cards = model::int_at(state, "cards.free")) {
      shape["cards"] = *cards;
    }
    shape["cores"] = free;
    put(shape, "memory_bytes", local::read_memory(options_.root).available_bytes);
    state["shapes"] = Json::array({std::move(shape)});
    return state;
  }

 private:
  std::string workdir() const { return options_.workdir.empty() ? "/" : options_.workdir; }

  // hwloc sees this machine only; a recorded one, or one without hwloc, is read from sysfs.
  std::optional<Topology> whole_topology() const {
    const auto topology =
        options_.root == "/" ? local::topology_by_hwloc() : std::optional<Topology>();
    return topology ? topology : local::topology_by_sysfs(options_.root);
  }

  Json access() const {
    Json launch{{"role", "launch"}, {"url", "local:"}};
    if (!options_.workdir.empty()) {
      launch["workdir"] = model::text_value(options_.workdir);
    }
    return launch;
  }

  // Nobody tells in general whether a card is in use, but where there is none, none is free.
  Json cards() const {
    int total = 0;
    for (const local::Accelerator& accelerator : local::read_accelerators(options_.root)) {
      total += accelerator.count;
    }
    Json cards{{"total", total}};
    if (total == 0) {
      cards["free"] = 0;
    }
    return cards;
  }

  std::string health() const {
    const auto disk = read_disk(workdir());
    return disk && disk->free_bytes < disk->total_bytes / 100 ? "degraded" : "ok";
  }

  LocalOptions options_;
  const Clock& clock_;
};

}  // namespace

std::unique_ptr<Catalog> make_local_catalog(const LocalOptions& options, const Clock& clock) {
  return std::make_unique<LocalCatalog>(options, clock);
}

Result<std::unique_ptr<Catalog>> local::make_catalog(const ProviderUrl& url,
                                                     const CatalogSettings& settings) {
  if (!url.rest.empty()) {
    return fail(Errc::usage, "local: is this machine, and {} names more", url.to_string());
  }
  return make_local_catalog({.workdir = settings.workdir}, *settings.clock);
}

}  // namespace cp::provider
