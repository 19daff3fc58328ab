// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "provider/slurm/cluster.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace cp::provider::slurm {
namespace {

// More than any machine or cluster has: a number past it is damage.
constexpr std::int64_t kMostOfAnything = std::int64_t{1} << 40;

// Words that a person wrote: nothing behind them is Slurm's own.
constexpr std::array<std::string_view, 4> kFreeText{"Comment", "Extra", "Reason", "InstanceId"};

using Fields = std::map<std::string, std::string, std::less<>>;

bool is_key(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == ':';
  });
}

// "Key=value Key=value …" of one line. Blanks in a value ("OS=Linux 6.1 #1 SMP") belong to it.
Result<Fields> fields_of(std::string_view line) {
  Fields fields;
  std::string* value = nullptr;
  for (const std::string_view word : text::split(line, ' ')) {
    const auto cut = text::cut(word, '=');
    if (!cut || !is_key(cut->before)) {
      if (value != nullptr && !word.empty()) {
        value->append(value->empty() ? "" : " ").append(word);
      }
      continue;
    }
    if (std::ranges::find(kFreeText, cut->before) != kFreeText.end()) {
      break;
    }
    const auto [place, is_new] = fields.emplace(cut->before, cut->after);
    if (!is_new) {
      return fail(Errc::protocol, "Slurm says {} twice of one thing", cut->before);
    }
    value = &place->second;
  }
  return fields;
}

std::string_view value_of(const Fields& fields, std::string_view key) {
  const auto field = fields.find(key);
  return field == fields.end() || field->second == "(null)" || field->second == "N/A"
             ? std::string_view{}
             : std::string_view(field->second);
}

Result<std::int64_t> count_of(const Fields& fields, std::string_view key, bool is_needed) {
  const std::string_view text = value_of(fields, key);
  if (text.empty() && !is_needed) {
    return 0;
  }
  const auto count = text::to_int(text);
  if (!count || *count < 0 || *count > kMostOfAnything) {
    return fail(Errc::protocol, "Slurm says {}={}, and a count is wanted", key, text);
  }
  return *count;
}

// Cut at commas that do not stand in parentheses: "gpu:h100:2(IDX:0,3),gpu:a100:1(S:0)".
std::vector<std::string> outer_list(std::string_view text) {
  std::vector<std::string> list(1);
  int depth = 0;
  for (const char c : text) {
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (c == ',' && depth == 0) {
      list.emplace_back();
    } else {
      list.back() += c;
    }
  }
  return list;
}

// "gpu:h100:8(S:0-1)", "gpu:8", "gpu:(null):2(IDX:0-1)", "gpu" (one of it)
Result<Gres> gres_of(std::string text) {
  const std::string shown = text;
  text = text::replace_all(text, ":(null)", "");
  text.resize(std::min(text.find('('), text.size()));
  const auto parts = text::split(text, ':');
  Gres gres{std::string(parts.front()), "", 1};
  const auto count = parts.size() > 1 ? text::to_int(parts.back()) : std::optional<std::int64_t>(1);
  if (parts.size() > 3 || (parts.size() == 3 && !count) ||
      (count && (*count < 0 || *count > 65536))) {
    return fail(Errc::protocol, "Slurm names the generic resource '{}'", shown);
  }
  gres.count = count.value_or(1);
  if (parts.size() == 3 || (parts.size() == 2 && !count)) {
    gres.type = parts[1];
  }
  return gres;
}

Result<std::vector<Gres>> gpus_of(std::string_view text) {
  std::vector<Gres> gpus;
  for (std::string& one : outer_list(text)) {
    // Sites have other kinds, written in other ways.
    if (one != "gpu" && !one.starts_with("gpu:")) {
      continue;
    }
    CP_TRY_ASSIGN(Gres gres, gres_of(std::move(one)));
    if (gres.count > 0) {
      gpus.push_back(std::move(gres));
    }
  }
  return gpus;
}

Result<NodeType> node_type_of(const Fields& fields) {
  NodeType type;
  type.arch = value_of(fields, "Arch");
  CP_TRY_ASSIGN(type.sockets, count_of(fields, "Sockets", false));
  CP_TRY_ASSIGN(const std::int64_t in_socket, count_of(fields, "CoresPerSocket", false));
  CP_TRY_ASSIGN(const std::int64_t in_core, count_of(fields, "ThreadsPerCore", false));
  CP_TRY_ASSIGN(const std::int64_t cpus, count_of(fields, "CPUTot", true));
  CP_TRY_ASSIGN(const std::int64_t effective, count_of(fields, "CPUEfctv", false));
  CP_TRY_ASSIGN(type.memory_mib, count_of(fields, "RealMemory", false));
  CP_TRY_ASSIGN(type.disk_mib, count_of(fields, "TmpDisk", false));
  if (type.sockets > 65536 || in_socket > 65536 || in_core > 1024) {
    return fail(Errc::protocol, "Slurm says {} sockets of {} cores of {} threads", type.sockets,
                in_socket, in_core);
  }
  // A site may give jobs less than there is: fewer CPUs, or all but those of the system.
  const std::int64_t there = type.sockets * in_socket;
  const std::int64_t cores = there == 0 ? cpus : std::min(there, cpus);
  const std::int64_t threads = there == 0 || cpus < there ? cpus : std::max(there * in_core, cpus);
  type.cpus = effective == 0 ? cpus : std::min(effective, cpus);
  type.cores = cpus == 0 ? 0 : cores * type.cpus / cpus;
  type.threads = cpus == 0 ? 0 : threads * type.cpus / cpus;
  type.features = value_of(fields, "AvailableFeatures");
  if (type.features.empty()) {
    type.features = value_of(fields, "Features");  // before 17.02
  }
  CP_TRY_ASSIGN(type.gpus, gpus_of(value_of(fields, "Gres")));
  return type;
}

// "IDLE", "MIXED+DRAIN", "DOWN*"
std::vector<std::string> state_words(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty() &&
         std::string_view("*~#!%$@^-").find(text.back()) != std::string_view::npos) {
    if (text.back() == '*') {
      words.emplace_back("NOT_RESPONDING");
    }
    text.remove_suffix(1);
  }
  std::size_t at = 0;
  for (const std::string_view word : text::split(text, '+')) {
    if (!word.empty()) {
      words.insert(words.begin() + static_cast<std::ptrdiff_t>(at++), std::string(word));
    }
  }
  return words;
}

Result<Node> node_of(std::string_view line) {
  CP_TRY_ASSIGN(const Fields fields, fields_of(line));
  Node node;
  node.name = value_of(fields, "NodeName");
  CP_TRY_ASSIGN(node.type, node_type_of(fields));
  for (const std::string_view partition : text::split(value_of(fields, "Partitions"), ',')) {
    if (!partition.empty()) {
      node.partitions.emplace_back(partition);
    }
  }
  node.state = state_words(value_of(fields, "State"));
  CP_TRY_ASSIGN(node.cpus_used, count_of(fields, "CPUAlloc", false));
  CP_TRY_ASSIGN(node.memory_used_mib, count_of(fields, "AllocMem", false));
  if (const auto used = fields.find("GresUsed"); used != fields.end()) {
    CP_TRY_ASSIGN(const auto gpus, gpus_of(used->second));
    node.gpus_used = 0;
    for (const Gres& gres : gpus) {
      *node.gpus_used += gres.count;
    }
  }
  return node;
}

// "7-00:00:00", "00:30:00", "UNLIMITED"; nullopt in the inner one: no limit
Result<std::optional<std::chrono::seconds>> limit_of(std::string_view text) {
  if (text.empty() || text == "UNLIMITED" || text == "INFINITE" || text == "NONE") {
    return std::nullopt;
  }
  const auto days = text::cut(text, '-');
  std::int64_t seconds = 0;
  const auto parts = text::split(days ? days->after : text, ':');
  bool is_sound = parts.size() == 3;
  for (const std::string_view part : parts) {
    const auto number = text::to_uint(part);
    is_sound = is_sound && number && *number < 100;
    seconds = seconds * 60 + (is_sound ? static_cast<std::int64_t>(*number) : 0);
  }
  const auto whole_days = text::to_uint(days ? days->before : "0");
  if (!is_sound || !whole_days || *whole_days > 36500) {
    return fail(Errc::protocol, "Slurm says MaxTime={}, and a time is wanted", text);
  }
  return std::chrono::seconds(static_cast<std::int64_t>(*whole_days) * 86400 + seconds);
}

Result<Partition> partition_of(std::string_view line) {
  CP_TRY_ASSIGN(const Fields fields, fields_of(line));
  Partition partition;
  partition.name = value_of(fields, "PartitionName");
  partition.is_up = value_of(fields, "State") == "UP";
  CP_TRY_ASSIGN(partition.longest, limit_of(value_of(fields, "MaxTime")));
  const std::string_view most = value_of(fields, "MaxNodes");
  if (!most.empty() && most != "UNLIMITED") {
    CP_TRY_ASSIGN(const std::int64_t nodes, count_of(fields, "MaxNodes", true));
    partition.most_nodes = nodes;
  }
  return partition;
}

// "     12 gpu,debug PENDING"
Result<std::map<std::string, Queue>> queues_of(std::string_view lines) {
  std::map<std::string, Queue> queues;
  for (const std::string_view line : text::split(lines, '\n')) {
    std::vector<std::string_view> words;
    for (const std::string_view word : text::split(line, ' ')) {
      if (!word.empty()) {
        words.push_back(word);
      }
    }
    const auto count = words.size() == 3 ? text::to_uint(words[0]) : std::nullopt;
    // Anything else is no line of the queue: an empty queue, or a warning.
    if (!count || *count > static_cast<std::uint64_t>(kMostOfAnything)) {
      continue;
    }
    for (const std::string_view partition : text::split(words[1], ',')) {
      Queue& queue = queues[std::string(partition)];
      (words[2] == "PENDING" ? queue.pending : queue.running) +=
          words[2] == "COMPLETING" ? 0 : static_cast<std::int64_t>(*count);
    }
  }
  return queues;
}

struct Part {
  std::string_view text;
  std::string_view status;  ///< "" where it is cut
};

// The last line that tells why.
std::string reason_in(std::string_view text) {
  std::string reason = "it says nothing";
  for (const std::string_view line : text::split(text, '\n')) {
    if (!text::trim(line).empty()) {
      reason = text::trim(line);
    }
  }
  return reason.substr(0, 200);
}

class Answer {
 public:
  Answer(std::string_view output, std::string_view marker)
      : output_(output), start_("\n" + std::string(marker) + " ") {}

  bool says(std::string_view word) const {
    return output_.find(start_ + std::string(word) + "\n") != std::string_view::npos;
  }

  Part part(std::string_view name) const {
    const std::string head = start_ + std::string(name) + "\n";
    const auto begin = output_.find(head);
    if (begin == std::string_view::npos) {
      return {};
    }
    const std::string_view rest = output_.substr(begin + head.size());
    const std::string tail = start_ + "status ";
    const auto end = rest.find(tail);
    if (end == std::string_view::npos) {
      return {};
    }
    const std::string_view behind = rest.substr(end + tail.size());
    return {rest.substr(0, end), behind.substr(0, behind.find('\n'))};
  }

  Result<std::string_view> whole_part(std::string_view name) const {
    const Part found = part(name);
    if (found.status != "0") {
      return fail(Errc::unavailable, "Slurm does not answer: {}", reason_in(found.text));
    }
    return found.text;
  }

 private:
  std::string_view output_;
  std::string start_;
};

template <class Thing>
Result<std::vector<Thing>> things_of(std::string_view lines, std::string_view head,
                                     Result<Thing> (*read)(std::string_view)) {
  std::vector<Thing> things;
  std::set<std::string> names;
  for (const std::string_view line : text::split(lines, '\n')) {
    // Warnings may be mixed in.
    if (!line.starts_with(head)) {
      continue;
    }
    CP_TRY_ASSIGN(Thing thing, read(line));
    if (thing.name.empty()) {
      return fail(Errc::protocol, "Slurm names something without a name");
    }
    if (names.insert(thing.name).second) {
      things.push_back(std::move(thing));
    }
  }
  return things;
}

std::string setting_in(std::string_view config, std::string_view key) {
  for (const std::string_view line : text::split(config, '\n')) {
    const auto cut = text::cut(line, '=');
    if (cut && text::trim(cut->before) == key) {
      return std::string(text::trim(cut->after));
    }
  }
  return "";
}

}  // namespace

bool Node::is(std::string_view word) const { return std::ranges::find(state, word) != state.end(); }

bool Node::is_down() const {
  constexpr std::array<std::string_view, 13> kDown{
      "DOWN",           "DRAIN", "DRAINED",     "DRAINING", "FAIL",    "FAILING", "FUTURE",
      "NOT_RESPONDING", "INVAL", "INVALID_REG", "UNKNOWN",  "BLOCKED", "ERROR"};
  return state.empty() ||
         std::ranges::any_of(kDown, [&](std::string_view word) { return is(word); });
}

bool Node::is_usable() const {
  constexpr std::array<std::string_view, 7> kKept{
      "MAINT",         "RESERVED",      "REBOOT",    "REBOOT_REQUESTED",
      "REBOOT_ISSUED", "POWERING_DOWN", "POWER_DOWN"};
  return !is_down() && std::ranges::none_of(kKept, [&](std::string_view word) { return is(word); });
}

Result<Cluster> read_answer(std::string_view output, std::string_view marker) {
  const Answer answer(output, marker);
  if (answer.says("none")) {
    return fail(Errc::unavailable, "there is no scontrol: Slurm is not installed, or not in PATH");
  }
  if (!answer.says("whole")) {
    return fail(Errc::protocol, "the answer of Slurm is cut");
  }
  Cluster cluster;
  CP_TRY_ASSIGN(const std::string_view config, answer.whole_part("config"));
  CP_TRY_ASSIGN(const std::string_view nodes, answer.whole_part("nodes"));
  CP_TRY_ASSIGN(const std::string_view partitions, answer.whole_part("partitions"));
  cluster.name = setting_in(config, "ClusterName");
  cluster.version = setting_in(config, "SLURM_VERSION");
  CP_TRY_ASSIGN(cluster.nodes, things_of(nodes, "NodeName=", node_of));
  CP_TRY_ASSIGN(cluster.partitions, things_of(partitions, "PartitionName=", partition_of));
  if (const Part jobs = answer.part("jobs"); jobs.status == "0") {
    CP_TRY_ASSIGN(cluster.queues, queues_of(jobs.text));
  }
  return cluster;
}

}  // namespace cp::provider::slurm
