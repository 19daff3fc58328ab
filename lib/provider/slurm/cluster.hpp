// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "provider/script.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

/// What Slurm's own commands print, read. The text of scontrol(1) has been the same from 20.11 to
/// 25.05, as that of its JSON has not.
namespace cp::provider::slurm {

/// Generic resources of one kind on a node: "gpu:h100:8".
struct Gres {
  std::string name;  ///< "gpu"
  std::string type;  ///< "h100", or "" where the site names none
  std::int64_t count = 0;
  friend bool operator==(const Gres&, const Gres&) = default;
};

/// What tells kinds of nodes apart.
struct NodeType {
  std::string arch;
  std::int64_t sockets = 0;
  std::int64_t cores = 0;  ///< those that jobs may get
  std::int64_t threads = 0;
  std::int64_t cpus = 0;  ///< what this Slurm counts: cores or threads
  std::int64_t memory_mib = 0;
  std::int64_t disk_mib = 0;
  std::string features;  ///< "ib,zone-a"
  std::vector<Gres> gpus;
  friend bool operator==(const NodeType&, const NodeType&) = default;
};

struct Node {
  std::string name;
  NodeType type;
  std::vector<std::string> partitions;
  std::vector<std::string> state;  ///< "MIXED", "DRAIN": the base, and then flags
  std::int64_t cpus_used = 0;
  std::int64_t memory_used_mib = 0;
  std::optional<std::int64_t> gpus_used;

  bool is(std::string_view word) const;
  /// Whether jobs of anybody may start on it when what they want is free.
  bool is_usable() const;
  /// Whether it is broken or taken out, and not just kept for somebody.
  bool is_down() const;
};

struct Partition {
  std::string name;
  bool is_up = false;
  std::optional<std::chrono::seconds> longest;  ///< absent: no limit
  std::optional<std::int64_t> most_nodes;       ///< of one job
};

struct Queue {
  std::int64_t running = 0;
  std::int64_t pending = 0;
};

struct Cluster {
  std::string name;
  std::string version;
  std::vector<Node> nodes;
  std::vector<Partition> partitions;
  /// By partition; a job that would take any of several counts in each. Absent where the queue
  /// could not be read.
  std::optional<std::map<std::string, Queue>> queues;
};

/// The text for POSIX sh that stands before commands of Slurm: what their user's environment would
/// change in them is gone, and they are found where sites put them.
std::string_view command_prelude();

/// The text for POSIX sh that asks for everything; MARKER begins the lines that divide its output.
std::string inquiry(std::string_view marker);

/// What a Slurm answered to `inquiry`. unavailable, with what Slurm said, when there is none or it
/// does not answer; protocol when what it says cannot be read, or is cut.
Result<Cluster> read_answer(std::string_view output, std::string_view marker);

/// The cluster at PLACE; errors as `run_script` and `read_answer`.
Result<Cluster> ask(const Place& place, const std::stop_token& stop);

}  // namespace cp::provider::slurm
