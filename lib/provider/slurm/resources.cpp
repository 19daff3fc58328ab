// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "model/accelerators.hpp"
#include "model/json.hpp"
#include "provider/slurm/catalog.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace cp::provider::slurm {
namespace {

using model::Json;

constexpr std::int64_t kMiB = 1 << 20;
constexpr int kValidForSeconds = 120;

bool is_in(const Node& node, const std::string& partition) {
  return std::ranges::find(node.partitions, partition) != node.partitions.end();
}

struct Kind {
  const NodeType* type;
  std::int64_t nodes = 0;
};

// The kinds of nodes in PARTITION, in the order of their first node.
std::vector<Kind> kinds_in(const Cluster& cluster, const std::string& partition) {
  std::vector<Kind> kinds;
  for (const Node& node : cluster.nodes) {
    if (!is_in(node, partition)) {
      continue;
    }
    const auto same =
        std::ranges::find_if(kinds, [&](const Kind& kind) { return *kind.type == node.type; });
    if (same == kinds.end()) {
      kinds.push_back({&node.type, 1});
    } else {
      ++same->nodes;
    }
  }
  return kinds;
}

std::int64_t cards_of(const NodeType& type) {
  std::int64_t cards = 0;
  for (const Gres& gres : type.gpus) {
    cards += gres.count;
  }
  return cards;
}

// "x86_64" where Slurm says that; nothing where it is not known.
Json cpu_of(const NodeType& type) {
  Json cpu = Json::object();
  if (!type.arch.empty()) {
    cpu["arch"] = model::text_value(type.arch);
  }
  if (type.sockets > 0) {
    cpu["sockets"] = type.sockets;
  }
  if (type.cores > 0) {
    cpu["cores"] = type.cores;
    cpu["threads"] = type.threads;
  }
  return cpu;
}

// What the name of the site's choice means, if the table of accelerators knows it. Memory stands
// there by the vendor's figure.
Json accelerator_of(const Gres& gres) {
  Json accelerator = Json::object();
  if (!gres.type.empty()) {
    const auto name = model::AcceleratorName::recognise(gres.type);
    if (!name.vendor().empty()) {
      accelerator["vendor"] = name.vendor();
    }
    if (name.is_in_table()) {
      accelerator["model"] = name.text();
    }
    accelerator["native_name"] = model::text_value(gres.type);
    accelerator["count"] = gres.count;
    if (const auto bytes = name.memory_bytes()) {
      accelerator["memory_bytes"] = *bytes;
    }
    return accelerator;
  }
  accelerator["count"] = gres.count;
  return accelerator;
}

Json node_document(const NodeType& type) {
  Json node{{"cpu", cpu_of(type)}};
  if (type.memory_mib > 1) {  // 1 is Slurm's default, where nobody has said
    node["memory_bytes"] = type.memory_mib * kMiB;
  }
  if (type.disk_mib > 0) {
    node["disk_bytes"] = type.disk_mib * kMiB;
  }
  node["accelerators"] = Json::array();
  for (const Gres& gres : type.gpus) {
    node["accelerators"].push_back(accelerator_of(gres));
  }
  return node;
}

Json native_of(const Partition& partition, const NodeType& type) {
  Json native{{"partition", model::text_value(partition.name)}};
  if (!type.gpus.empty()) {
    const Gres& gres = type.gpus.front();
    native["gres"] = model::text_value(gres.type.empty() ? gres.name : gres.name + ":" + gres.type);
    native["cards"] = cards_of(type);
  }
  native["cpus"] = type.cpus;
  native["memory_mib"] = type.memory_mib;
  if (!type.features.empty()) {
    native["features"] = model::text_value(type.features);
  }
  return native;
}

Json limits_of(const Partition& partition) {
  Json limits = Json::object();
  if (partition.longest) {
    limits["walltime_s"] = partition.longest->count();
  }
  if (partition.most_nodes && *partition.most_nodes > 0) {
    limits["nodes_per_job"] = *partition.most_nodes;
  }
  return limits;
}

// "alpha/gpu"; of several kinds in it "alpha/gpu/8xh100", and numbers where that is not enough.
std::string name_of(const Cluster& cluster, const Partition& partition,
                    const std::vector<Kind>& kinds, std::size_t index) {
  const auto mark = [&](std::size_t at) {
    const NodeType& type = *kinds[at].type;
    return type.gpus.empty()
               ? std::to_string(type.cores) + "cores"
               : std::to_string(cards_of(type)) + "x" +
                     (type.gpus.front().type.empty() ? "gpu" : type.gpus.front().type);
  };
  std::string name = cluster.name.empty() ? partition.name : cluster.name + "/" + partition.name;
  if (kinds.size() == 1) {
    return name;
  }
  name += "/" + mark(index);
  std::size_t before = 1;
  for (std::size_t other = 0; other < index; ++other) {
    before += mark(other) == mark(index) ? 1U : 0U;
  }
  return before == 1 ? name : name + "-" + std::to_string(before);
}

Json access_to(const std::string& url, const std::string& workdir, Json native) {
  Json access{{"role", "launch"}, {"url", url}};
  if (!workdir.empty()) {
    access["workdir"] = model::text_value(workdir);
  }
  access["native"] = std::move(native);
  return Json::array({std::move(access)});
}

// NATIVE of the launch access by URL; null when RECORD has none.
const Json* native_in(const Json& record, const std::string& url) {
  const Json* const access = model::find(record, "access");
  for (std::size_t i = 0; access != nullptr && access->is_array() && i < access->size(); ++i) {
    const Json& entry = (*access)[i];
    if (model::text_at(entry, "role") == "launch" && model::text_at(entry, "url") == url) {
      return model::find(entry, "native");
    }
  }
  return nullptr;
}

// Whether NODE is of the kind that NATIVE asks for; what it leaves out does not matter.
bool fits(const Node& node, const Json& native) {
  const NodeType& type = node.type;
  const std::string gres = model::bytes_at(native, "gres");
  const auto has_gres = [&](const Gres& one) {
    return gres == one.name || gres == one.name + ":" + one.type;
  };
  return is_in(node, model::bytes_at(native, "partition")) &&
         (gres.empty() || std::ranges::any_of(type.gpus, has_gres)) &&
         model::int_at(native, "cards").value_or(cards_of(type)) == cards_of(type) &&
         model::int_at(native, "cpus").value_or(type.cpus) == type.cpus &&
         model::int_at(native, "memory_mib").value_or(type.memory_mib) == type.memory_mib &&
         (native.contains("features") ? model::bytes_at(native, "features") == type.features
                                      : true);
}

// What is free on one node.
struct Room {
  std::int64_t cores = 0;
  std::int64_t memory_mib = 0;
  std::optional<std::int64_t> cards;
  friend bool operator==(const Room&, const Room&) = default;
};

Room room_on(const Node& node) {
  const NodeType& type = node.type;
  const std::int64_t idle = std::max<std::int64_t>(type.cpus - node.cpus_used, 0);
  Room room{type.cpus == 0 ? 0 : idle * type.cores / type.cpus,
            std::max<std::int64_t>(type.memory_mib - node.memory_used_mib, 0), std::nullopt};
  const std::int64_t cards = cards_of(type);
  if (cards == 0 || node.gpus_used) {
    room.cards = std::max<std::int64_t>(cards - node.gpus_used.value_or(0), 0);
  } else if (node.cpus_used == 0) {
    room.cards = cards;
  }
  return room;
}

bool is_empty(const Node& node) {
  return node.cpus_used == 0 && node.memory_used_mib == 0 && node.gpus_used.value_or(0) == 0;
}

// The sum of what the nodes of one resource have and what is free.
class Count {
 public:
  explicit Count(bool is_open) : is_open_(is_open) {}

  void add(const Node& node) {
    ++nodes_;
    cards_ += cards_of(node.type);
    cores_ += node.type.cores;
    down_ += node.is_down() ? 1 : 0;
    if (!is_open_ || !node.is_usable()) {
      return;
    }
    ++usable_;
    const Room room = room_on(node);
    free_nodes_ += is_empty(node) ? 1 : 0;
    free_cores_ += room.cores;
    knows_cards_ = knows_cards_ && room.cards;
    free_cards_ += room.cards.value_or(0);
    if (room.cores > 0) {
      add_shape(room);
    }
  }

  std::int64_t nodes() const { return nodes_; }

  Json document() const {
    Json cards{{"total", cards_}};
    if (knows_cards_) {
      cards["free"] = free_cards_;
    }
    Json state{{"health", health()},
               {"nodes", {{"total", nodes_}, {"free", free_nodes_}, {"down", down_}}},
               {"cards", std::move(cards)},
               {"cores", {{"total", cores_}, {"free", free_cores_}}}};
    state["shapes"] = Json::array();
    for (const auto& [room, nodes] : shapes_) {
      Json shape{{"nodes", nodes}};
      if (room.cards) {
        shape["cards"] = *room.cards;
      }
      shape["cores"] = room.cores;
      if (room.memory_mib > 1) {
        shape["memory_bytes"] = room.memory_mib * kMiB;
      }
      state["shapes"].push_back(std::move(shape));
    }
    return state;
  }

 private:
  struct Shape {
    Room room;
    std::int64_t nodes = 1;
  };

  void add_shape(const Room& room) {
    const auto same = std::ranges::find(shapes_, room, &Shape::room);
    if (same != shapes_.end()) {
      ++same->nodes;
    } else if (shapes_.size() < kMostShapes) {
      shapes_.push_back({room});
    }
  }

  std::string health() const {
    if (usable_ == 0) {
      return "down";
    }
    return usable_ * 2 < nodes_ ? "degraded" : "ok";
  }

  // A state is one document of bounded size; what is left out is in the sums.
  static constexpr std::size_t kMostShapes = 1000;
  bool is_open_;
  std::int64_t nodes_ = 0;
  std::int64_t usable_ = 0;
  std::int64_t down_ = 0;
  std::int64_t cards_ = 0;
  std::int64_t cores_ = 0;
  std::int64_t free_nodes_ = 0;
  std::int64_t free_cores_ = 0;
  std::int64_t free_cards_ = 0;
  bool knows_cards_ = true;
  std::vector<Shape> shapes_;
};

}  // namespace

std::vector<Json> resources_of(const Cluster& cluster, const std::string& url,
                               const std::string& workdir) {
  std::vector<Json> resources;
  for (const Partition& partition : cluster.partitions) {
    const auto kinds = kinds_in(cluster, partition.name);
    for (std::size_t index = 0; index < kinds.size(); ++index) {
      const NodeType& type = *kinds[index].type;
      Json record{{"schema", "cp.resource/1"},
                  {"name", model::text_value(name_of(cluster, partition, kinds, index))},
                  {"kind", "partition"},
                  {"nodes", kinds[index].nodes},
                  {"node", node_document(type)}};
      if (Json limits = limits_of(partition); !limits.empty()) {
        record["limits"] = std::move(limits);
      }
      record["access"] = access_to(url, workdir, native_of(partition, type));
      if (!cluster.version.empty()) {
        record["software"] = Json::array({model::text_value("slurm " + cluster.version)});
      }
      resources.push_back(std::move(record));
    }
  }
  return resources;
}

Result<Json> state_of(const Cluster& cluster, const Json& record, const std::string& url,
                      UnixTime now) {
  const Json* const native = native_in(record, url);
  const std::string name = native == nullptr ? "" : model::bytes_at(*native, "partition");
  if (name.empty()) {
    return fail(Errc::bad_data, "the record does not say which partition of {} it is", url);
  }
  const auto partition = std::ranges::find(cluster.partitions, name, &Partition::name);
  if (partition == cluster.partitions.end()) {
    return fail(Errc::not_found, "{} has no partition {}", url, name);
  }
  Count count(partition->is_up);
  for (const Node& node : cluster.nodes) {
    if (fits(node, *native)) {
      count.add(node);
    }
  }
  if (count.nodes() == 0) {
    return fail(Errc::not_found, "the partition {} of {} has no node of that kind any more", name,
                url);
  }
  Json state{{"schema", "cp.state/1"},
             {"seq", unix_milliseconds(now)},
             {"observed_at", format_time(now)},
             {"valid_for_s", kValidForSeconds}};
  state.update(count.document());
  if (cluster.queues) {
    const auto queue = cluster.queues->find(name);
    const Queue found = queue == cluster.queues->end() ? Queue{} : queue->second;
    state["queue"] = {{"running", found.running}, {"pending", found.pending}};
  }
  return state;
}

}  // namespace cp::provider::slurm
