// SPDX-License-Identifier: Apache-2.0
#include "probe/survey.hpp"

#include "base/thread.hpp"
#include "probe/target.hpp"

#include <algorithm>
#include <atomic>
#include <set>
#include <utility>

namespace cp::probe {
namespace {

// One reflector, for all resources that name it.
struct Site {
  std::string url;
  bool is_named_by_own = false;
  Finding finding;
  std::optional<net::Endpoint> peer;  ///< set when it is to be measured
};

class Survey {
 public:
  Survey(Surroundings& surroundings, std::size_t jobs) : surroundings_(surroundings), jobs_(jobs) {}

  Findings run(std::span<const std::string> names) {
    for (const std::string& name : names) {
      if (!accesses_.contains(name)) {
        add_resource(name);
      }
    }
    find_addresses();
    measure_this_machine();
    measure_sites();
    Findings findings;
    for (const auto& [name, access] : accesses_) {
      Finding finding = finding_of(access);
      finding.resource = access.resource;
      findings.emplace(name, std::move(finding));
    }
    return findings;
  }

 private:
  void add_resource(const std::string& name) {
    auto access = surroundings_.access_to(name);
    if (!access) {
      accesses_[name].reason = "unresolved";
      return;
    }
    for (const net::HostPort& host : access->reflectors) {
      Site& site = sites_[host.to_string()];
      site.url = to_url(host);
      site.is_named_by_own = site.is_named_by_own || access->is_own;
      hosts_[host.to_string()] = host;
    }
    needs_this_machine_ = needs_this_machine_ || access->is_this_machine;
    accesses_[name] = std::move(*access);
  }

  void find_addresses() {
    std::map<net::IpAddress, std::size_t> reflectors;
    for (auto& [key, site] : sites_) {
      const auto addresses = surroundings_.addresses_of(hosts_[key]);
      if (!addresses) {
        site.finding.reason = "no_such_host";
        continue;
      }
      const net::Endpoint& peer = addresses->front();
      if (!may_probe(peer.address, site.is_named_by_own)) {
        site.finding.reason = "probe_access_refused";
      } else if (reflectors[peer.address]++ >= kReflectorsPerAddress) {
        site.finding.reason = "probe_budget";
      } else {
        site.peer = peer;
      }
    }
  }

  void measure_this_machine() {
    if (needs_this_machine_) {
      take(surroundings_.measure_this_machine(), this_machine_);
    }
  }

  void measure_sites() {
    std::vector<Site*> queue;
    for (auto& [key, site] : sites_) {
      if (site.peer) {
        queue.push_back(&site);
      }
    }
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
      for (std::size_t i = next++; i < queue.size(); i = next++) {
        take(surroundings_.measure(queue[i]->url, *queue[i]->peer), queue[i]->finding);
      }
    };
    const std::size_t at_once = std::min(jobs_, queue.size());
    const auto threads = start_threads(at_once == 0 ? 0 : at_once - 1, work);
    work();
  }

  static void take(Result<Measurement> measured, Finding& finding) {
    if (measured) {
      finding.measurement = std::move(*measured);
    } else {
      finding.reason = "unreachable";
    }
  }

  // A record of another authority that names a reflector on loopback gets no share in what our own
  // has had measured there.
  Finding of_site(const Site& site, bool is_own) const {
    if (site.peer && !may_probe(site.peer->address, is_own)) {
      return {std::nullopt, "probe_access_refused"};
    }
    return site.finding;
  }

  Finding finding_of(const ProbeAccess& access) const {
    Finding best{std::nullopt, access.reason};
    for (const net::HostPort& host : access.reflectors) {
      Finding finding = of_site(sites_.at(host.to_string()), access.is_own);
      if (finding.measurement && finding.measurement->verdict.is_valid) {
        return finding;
      }
      if (!best.measurement) {
        best = std::move(finding);
      }
    }
    return access.is_this_machine ? this_machine_ : best;
  }

  Surroundings& surroundings_;
  std::size_t jobs_;
  std::map<std::string, ProbeAccess, std::less<>> accesses_;
  std::map<std::string, Site> sites_;
  std::map<std::string, net::HostPort> hosts_;
  bool needs_this_machine_ = false;
  Finding this_machine_;
};

}  // namespace

Findings survey(std::span<const std::string> names, Surroundings& surroundings, std::size_t jobs) {
  return Survey(surroundings, std::max<std::size_t>(jobs, 1)).run(names);
}

}  // namespace cp::probe
