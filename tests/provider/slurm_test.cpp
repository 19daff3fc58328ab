// SPDX-License-Identifier: Apache-2.0
#include "base/file.hpp"
#include "base/text.hpp"
#include "model/json.hpp"
#include "provider/script.hpp"
#include "provider/slurm/catalog.hpp"
#include "provider/slurm/cluster.hpp"
#include "source_tree.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"

using cp::Errc;
using cp::model::Json;
using cp::provider::slurm::Cluster;
using cp::provider::slurm::read_answer;
using cp::provider::slurm::resources_of;
using cp::provider::slurm::state_of;

namespace {

constexpr const char* kUrl = "slurm:";

// The recorded answer NAME, in which the marker is MARK.
std::string recorded(const std::string& name) {
  return cp::read_file(in_source_tree("tests/data/" + name), 1 << 20).value();
}

Cluster cluster_of(const std::string& answer) {
  auto cluster = read_answer(answer, "MARK");
  INFO((cluster ? "" : cluster.error().message));
  REQUIRE(cluster);
  return *std::move(cluster);
}

std::string part(const std::string& name, const std::string& text, int status = 0) {
  return "\nMARK " + name + "\n" + text + "\nMARK status " + std::to_string(status) + "\n";
}

// An answer whose one node is NODE in the partition p, of which PARTITION says more.
std::string answer_with(const std::string& node, const std::string& partition = "") {
  return part("config", "ClusterName = c\nSLURM_VERSION = 22.05.8\n") + part("nodes", node + "\n") +
         part("partitions", "PartitionName=p State=UP " + partition + "\n") + part("jobs", "") +
         "\nMARK whole\n";
}

const std::string kNode =
    "NodeName=n1 Arch=x86_64 CoresPerSocket=8 CPUAlloc=4 CPUTot=32 AvailableFeatures=ib "
    "Gres=gpu:h100:8 GresUsed=gpu:h100:2(IDX:0-1) OS=Linux 6.1 #1 SMP RealMemory=64000 "
    "AllocMem=1000 Sockets=2 State=MIXED ThreadsPerCore=2 TmpDisk=0 Partitions=p ";

Json state_in(const Cluster& cluster, const Json& record) {
  const auto state =
      state_of(cluster, record, kUrl, cp::parse_time("2026-11-22T08:30:05Z").value());
  INFO((state ? "" : state.error().message));
  REQUIRE(state);
  return *state;
}

}  // namespace

TEST_CASE("an answer of Slurm that is cut, refused or not there is told as what it is") {
  const auto refused = [](const std::string& answer) {
    return read_answer(answer, "MARK").error();
  };
  CHECK(refused("").code == Errc::protocol);
  CHECK(refused("command not found").code == Errc::protocol);
  CHECK(refused("\nMARK none\n\nMARK whole\n").code == Errc::unavailable);
  const std::string whole = answer_with(kNode);
  REQUIRE(read_answer(whole, "MARK"));
  // A prefix of an answer is none.
  for (std::size_t size = 0; size + 1 < whole.size(); ++size) {
    CHECK_FALSE(read_answer(std::string_view(whole).substr(0, size), "MARK"));
  }
  const auto down =
      refused(part("config", "slurm_load_ctl_conf error: Unable to contact slurm controller", 1) +
              "\nMARK whole\n");
  CHECK(down.code == Errc::unavailable);
  CHECK(down.message.find("Unable to contact slurm controller") != std::string::npos);
  // Nobody guesses the marker.
  CHECK_FALSE(read_answer(whole, "OTHER"));
}

TEST_CASE("numbers and times that cannot be are refused, and nothing is taken from them") {
  const auto with = [](const std::string& from, const std::string& to) {
    return answer_with(cp::text::replace_all(kNode, from, to));
  };
  for (const auto& [from, to] : std::initializer_list<std::pair<const char*, const char*>>{
           {"CPUTot=32", "CPUTot=many"},
           {"CPUTot=32", "CPUTot=-1"},
           {"CPUTot=32", "CPUTot=99999999999999999999"},
           {"CPUTot=32", ""},
           {"RealMemory=64000", "RealMemory=64G"},
           {"Sockets=2", "Sockets=9999999"},
           {"gpu:h100:8", "gpu:h100:x:8"},
           {"gpu:h100:8", "gpu:h100:-8"},
           {"gpu:h100:8", "gpu:h100:99999999"},
           {"Arch=x86_64", "Arch=x86_64 CPUTot=1"},
           {"NodeName=n1", "NodeName="},
       }) {
    INFO(to);
    const auto read = read_answer(with(from, to), "MARK");
    REQUIRE_FALSE(read);
    CHECK(read.error().code == Errc::protocol);
  }
  for (const auto* const limit :
       {"MaxTime=soon", "MaxTime=1-", "MaxTime=1:2", "MaxTime=99999999-00:00:00", "MaxNodes=few"}) {
    INFO(limit);
    CHECK(read_answer(answer_with(kNode, limit), "MARK").error().code == Errc::protocol);
  }
}

TEST_CASE("what a person wrote at a node is no word of Slurm's") {
  const auto cluster = cluster_of(answer_with(
      kNode + "Comment=State=DOWN CPUTot=1 Reason=Gres=gpu:b200:64 [root@2026-11-22T08:00:00]"));
  REQUIRE(cluster.nodes.size() == 1);
  CHECK(cluster.nodes[0].type.cpus == 32);
  CHECK(cluster.nodes[0].type.gpus[0].type == "h100");
  CHECK(cluster.nodes[0].is_usable());
}

TEST_CASE("warnings between the lines do no harm") {
  const auto cluster =
      cluster_of(answer_with("scontrol: warning: something is old\n" + kNode + "\n\nslurm: again"));
  CHECK(cluster.nodes.size() == 1);
}

TEST_CASE("generic resources are read in each of their spellings") {
  const auto gpus = [](const std::string& gres) {
    const auto cluster =
        cluster_of(answer_with(cp::text::replace_all(kNode, "Gres=gpu:h100:8", "Gres=" + gres)));
    std::string out;
    for (const auto& one : cluster.nodes[0].type.gpus) {
      out += one.name + "/" + one.type + "/" + std::to_string(one.count) + " ";
    }
    return out;
  };
  CHECK(gpus("(null)").empty());
  CHECK(gpus("gpu:0").empty());
  CHECK(gpus("gpu") == "gpu//1 ");
  CHECK(gpus("gpu:8") == "gpu//8 ");
  CHECK(gpus("gpu:h100") == "gpu/h100/1 ");
  CHECK(gpus("gpu:(null):2(IDX:0-1)") == "gpu//2 ");
  CHECK(gpus("gpu:a100:4(S:0-1),craynetwork:4,gpu:a100_1g.10gb:7(S:0,2)") ==
        "gpu/a100/4 gpu/a100_1g.10gb/7 ");
  CHECK(gpus("gpumem:80G").empty());
}

TEST_CASE("what jobs may get is described, whatever else the node has") {
  const auto type = [](const std::string& cpus) {
    return cluster_of(answer_with(cp::text::replace_all(kNode, "CPUTot=32", "CPUTot=" + cpus)))
        .nodes[0]
        .type;
  };
  CHECK(type("32").cores == 16);
  CHECK(type("32").threads == 32);
  CHECK(type("16").cores == 16);
  CHECK(type("16").threads == 32);
  CHECK(type("1").cores == 1);
  CHECK(type("1").threads == 1);
}

TEST_CASE("a partition becomes a resource that says how to ask for it") {
  const auto cluster = cluster_of(answer_with(kNode, "MaxTime=7-00:00:00 MaxNodes=2"));
  const auto resources = resources_of(cluster, kUrl, "/scratch");
  REQUIRE(resources.size() == 1);
  CHECK(resources[0] == Json::parse(R"({"schema":"cp.resource/1","name":"c/p","kind":"partition",
    "nodes":1,"node":{"cpu":{"arch":"x86_64","sockets":2,"cores":16,"threads":32},
    "memory_bytes":67108864000,"accelerators":[{"vendor":"nvidia","model":"H100",
    "native_name":"h100","count":8}]},"limits":{"walltime_s":604800,"nodes_per_job":2},
    "access":[{"role":"launch","url":"slurm:","workdir":"/scratch","native":{"partition":"p",
    "gres":"gpu:h100","cards":8,"cpus":32,"memory_mib":64000,"features":"ib"}}],
    "software":["slurm 22.05.8"]})"));
  const Json state = state_in(cluster, resources[0]);
  CHECK(state["nodes"] == Json{{"total", 1}, {"free", 0}, {"down", 0}});
  CHECK(state["cards"] == Json{{"total", 8}, {"free", 6}});
  CHECK(state["cores"] == Json{{"total", 16}, {"free", 14}});
  CHECK(state["shapes"] == Json::parse(R"([{"nodes":1,"cards":6,"cores":14,
    "memory_bytes":66060288000}])"));
  CHECK(state["queue"] == Json{{"running", 0}, {"pending", 0}});
  CHECK(state["seq"] == 1'795'336'205'000);
}

TEST_CASE("nodes that take no job count, and are not free") {
  const auto health = [](const std::string& state) {
    const auto cluster =
        cluster_of(answer_with(cp::text::replace_all(kNode, "State=MIXED", "State=" + state)));
    const Json now = state_in(cluster, resources_of(cluster, kUrl, "").at(0));
    return now["health"].get<std::string>() + " " + now["nodes"]["down"].dump() + " " +
           now["cores"]["free"].dump();
  };
  CHECK(health("MIXED") == "ok 0 14");
  CHECK(health("IDLE+CLOUD+POWERED_DOWN") == "ok 0 14");
  CHECK(health("MIXED*") == "down 1 0");
  CHECK(health("IDLE+DRAIN") == "down 1 0");
  CHECK(health("DOWN*+DRAIN") == "down 1 0");
  CHECK(health("IDLE+NOT_RESPONDING") == "down 1 0");
  CHECK(health("IDLE+MAINT+RESERVED") == "down 0 0");
  CHECK(health("") == "down 1 0");
  const auto closed =
      cluster_of(cp::text::replace_all(answer_with(kNode), "State=UP", "State=DOWN"));
  CHECK(state_in(closed, resources_of(closed, kUrl, "").at(0))["health"] == "down");
}

TEST_CASE("what nobody tells is unknown: cards in use, the queue") {
  const auto silent = cluster_of(cp::text::replace_all(
      cp::text::replace_all(answer_with(kNode), "GresUsed=gpu:h100:2(IDX:0-1) ", ""),
      part("jobs", ""), part("jobs", "slurm_load_jobs error", 1)));
  const Json state = state_in(silent, resources_of(silent, kUrl, "").at(0));
  CHECK(state["cards"] == Json{{"total", 8}});
  CHECK_FALSE(state["shapes"][0].contains("cards"));
  CHECK_FALSE(state.contains("queue"));
}

TEST_CASE("a record whose partition or nodes are gone has no state") {
  const auto cluster = cluster_of(answer_with(kNode));
  const auto now = cp::parse_time("2026-11-22T08:30:05Z").value();
  const auto error = [&](const char* path, const Json& value) {
    Json record = resources_of(cluster, kUrl, "").at(0);
    record[Json::json_pointer(path)] = value;
    return state_of(cluster, record, kUrl, now).error().code;
  };
  CHECK(error("/access/0/native/partition", "other") == Errc::not_found);
  CHECK(error("/access/0/native/gres", "gpu:b200") == Errc::not_found);
  CHECK(error("/access/0/native/memory_mib", 1) == Errc::not_found);
  CHECK(error("/access/0/native", "p") == Errc::bad_data);
  CHECK(error("/access/0/url", "slurm+ssh://elsewhere") == Errc::bad_data);
}

TEST_CASE("clusters of other versions are read as they print themselves") {
  const auto old = cluster_of(recorded("slurm-20.11.txt"));
  CHECK(old.version == "20.11.8");
  const auto resources = resources_of(old, kUrl, "");
  REQUIRE(resources.size() == 3);
  CHECK(resources[0]["name"] == "biocluster/all/40cores");
  CHECK(resources[1]["name"] == "biocluster/all/2xgpu");
  CHECK(resources[2]["name"] == "biocluster/long");
  CHECK(resources[1]["node"]["accelerators"] == Json::parse(R"([{"count":2}])"));
  CHECK_FALSE(resources[0].contains("limits"));
  const Json state = state_in(old, resources[0]);
  CHECK(state["nodes"] == Json{{"total", 3}, {"free", 1}, {"down", 1}});
  CHECK(state["queue"] == Json{{"running", 12}, {"pending", 402}});

  const auto recent = cluster_of(recorded("slurm-24.11.txt"));
  CHECK(recent.version == "24.11.5");
  const auto gpus = resources_of(recent, kUrl, "");
  REQUIRE(gpus.size() == 2);
  CHECK(gpus[0]["node"]["accelerators"][0]["model"] == "A100-SXM-80GB");
  CHECK(gpus[0]["node"]["accelerators"][0]["memory_bytes"] == 85'899'345'920);
  CHECK(gpus[0]["limits"] == Json{{"walltime_s", 172800}, {"nodes_per_job", 8}});
  const Json free = state_in(recent, gpus[0]);
  CHECK(gpus[0]["node"]["cpu"]["cores"] == 63);
  CHECK(free["cores"] == Json{{"total", 189}, {"free", 118}});
  CHECK(free["cards"] == Json{{"total", 12}, {"free", 5}});
  CHECK(free["nodes"] == Json{{"total", 3}, {"free", 1}, {"down", 0}});
}

TEST_CASE("what is no cluster's address is refused") {
  using cp::provider::host_of_url;
  for (const auto* const rest :
       {"/", "//", "///x", "//-oProxyCommand=x", "//a@-b", "//host/path", "//host:0",
        "//host:65536", "//host:x", "//host:", "//-x:22", "login", "//a b", "//[::1"}) {
    INFO(rest);
    CHECK(host_of_url(rest).error().code == Errc::usage);
  }
  CHECK(host_of_url("")->has_value() == false);
  CHECK(host_of_url("//user@login.example")->value().to_string() == "user@login.example");
  CHECK(host_of_url("//user@login.example:2222")->value().port == 2222);
  CHECK(host_of_url("//[::1]:22")->value().to_string() == "[::1]:22");
}

TEST_CASE("a script runs here with the C locale, and ends when its time is over") {
  using cp::provider::Place;
  using cp::provider::run_script;
  CHECK(run_script({}, "echo $LC_ALL; echo noise >&2", {}).value() == "C\n");
  CHECK(
      run_script({.host = {}, .ssh = {}, .patience = std::chrono::milliseconds(50)}, "sleep 60", {})
          .error()
          .message == "its commands do not end within 0.05 s");
  CHECK(run_script({}, "yes", {}).error().code == Errc::bad_data);
}
