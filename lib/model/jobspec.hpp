// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/money.hpp"
#include "base/result.hpp"
#include "model/json_fwd.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cp::model {

/// What a job needs, per node (cp.jobspec `resources`).
struct JobResources {
  std::int64_t nodes = 1;
  std::int64_t processes_per_node = 1;
  std::optional<std::int64_t> cores_per_process;
  std::optional<std::int64_t> memory_bytes;
  std::vector<std::string> gpu_models;
  std::string gpu_vendor;
  std::optional<std::int64_t> gpu_memory_bytes;
  std::int64_t gpus = 0;  ///< cards in each node

  std::int64_t cores_per_node() const { return processes_per_node * cores_per_process.value_or(1); }
  std::int64_t total_cores() const { return nodes * cores_per_node(); }
  std::int64_t total_cards() const { return nodes * gpus; }
};

/// What comes to the job's directory before it runs.
struct JobInput {
  std::string url;
  std::string path;
};

/// What is taken from the job's directory when it has ended.
struct JobOutput {
  std::string path;
  std::string url;
  std::string when = "always";  ///< "always", "completed", "failed", "canceled"
};

/// When another attempt is made.
struct JobRetry {
  std::vector<std::string> on;  ///< reasons
  std::int64_t max = 0;         ///< attempts after the first
  std::optional<double> max_wait_s;
};

struct JobLimits {
  std::optional<Money> cost;
  std::optional<Money> price_per_hour;
};

struct JobAfter {
  std::string job;
  std::string when = "completed";  ///< "completed", "failed", "ended"
};

/// The elements FROM, FROM+STEP, … up to TO, at most AT_ONCE of them at a time (0: any number).
struct JobArray {
  std::int64_t from = 0;
  std::int64_t to = 0;
  std::int64_t step = 1;
  std::int64_t at_once = 0;
  std::int64_t size() const { return (to - from) / step + 1; }
};

/// A cp.jobspec/1: what to run. Strings are bytes as the operating system takes them.
struct JobSpec {
  std::string name;
  std::string executable;
  std::vector<std::string> arguments;
  std::string directory;  ///< "" is the job's own
  std::vector<std::pair<std::string, std::string>> environment;
  bool inherit_environment = true;
  std::string image;
  std::string stdin_path;  ///< "" is /dev/null
  std::string stdout_path;
  std::string stderr_path;
  JobResources resources;
  std::string select;
  std::optional<double> duration_s;
  std::string queue;
  std::string account;
  std::map<std::string, std::string> custom;
  std::vector<JobInput> inputs;
  std::vector<JobOutput> outputs;
  JobRetry retry;
  JobLimits limits;
  std::vector<JobAfter> after;
  std::optional<JobArray> array;
  std::map<std::string, std::string> tags;
};

/// The jobspec in DOCUMENT; bad_data that names the field for anything that the schema does not
/// allow, for an unknown field (a mistyped one would silently change what runs), for a path of an
/// input that leads out of the job's directory, and for another major version.
Result<JobSpec> parse_jobspec(const Json& document);

/// SPEC as cp.jobspec/1; what stands at its default is left out.
Json to_json(const JobSpec& spec);

/// PATH as a file: URL, percent-encoded; relative paths stay relative ("file:data/").
std::string file_url(std::string_view path);
/// The path that a file: URL names ("file:data/", "file:/data", "file:///data"); nullopt for other
/// schemes and hosts, and bad encodings.
std::optional<std::string> path_of_file_url(std::string_view url);

}  // namespace cp::model
