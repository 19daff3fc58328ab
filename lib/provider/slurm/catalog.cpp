// SPDX-License-Identifier: Apache-2.0
#include "provider/slurm/catalog.hpp"

#include "base/random.hpp"
#include "base/text.hpp"
#include "model/json.hpp"
#include "provider/script.hpp"

#include <nlohmann/json.hpp>

namespace cp::provider::slurm {
namespace {

using model::Json;

class SlurmCatalog final : public Catalog {
 public:
  SlurmCatalog(std::string url, Place place, std::string workdir, const Clock& clock)
      : url_(std::move(url)),
        place_(std::move(place)),
        workdir_(std::move(workdir)),
        clock_(clock) {}

  Result<std::vector<Json>> describe(std::stop_token stop) override {
    CP_TRY_ASSIGN(const Cluster cluster, ask(stop));
    auto resources = resources_of(cluster, url_, workdir_);
    if (resources.empty()) {
      return fail(Errc::not_found, "{} shows no partition with nodes", url_);
    }
    return resources;
  }

  Result<Json> state(const Json& record, std::stop_token stop) override {
    CP_TRY_ASSIGN(const Cluster cluster, ask(stop));
    return state_of(cluster, record, url_, clock_.now());
  }

  Result<Picture> perceive(std::stop_token stop) override {
    CP_TRY_ASSIGN(const Cluster cluster, ask(stop));
    Picture picture;
    picture.records = resources_of(cluster, url_, workdir_);
    if (picture.records.empty()) {
      return fail(Errc::not_found, "{} shows no partition with nodes", url_);
    }
    for (const Json& record : picture.records) {
      auto state = state_of(cluster, record, url_, clock_.now());
      if (!state) {
        picture.problem = state.error().message;
      }
      picture.states.push_back(state ? *std::move(state) : Json());
    }
    return picture;
  }

 private:
  Result<Cluster> ask(const std::stop_token& stop) const {
    std::string bytes(16, '\0');
    KernelRandom().fill(std::as_writable_bytes(std::span(bytes)));
    const std::string marker = "cp" + text::to_hex(bytes);
    CP_TRY_ASSIGN(const std::string output, run_script(place_, inquiry(marker), stop));
    auto cluster = read_answer(output, marker);
    if (!cluster && place_.host) {
      return fail(cluster.error().code, "{}: {}", place_.host->to_string(),
                  cluster.error().message);
    }
    return cluster;
  }

  std::string url_;
  Place place_;
  std::string workdir_;
  const Clock& clock_;
};

}  // namespace

Result<std::unique_ptr<Catalog>> make_catalog(const ProviderUrl& url,
                                              const CatalogSettings& settings) {
  CP_TRY_ASSIGN(const auto host, host_of_url(url.rest));
  if (host.has_value() != (url.type == "slurm+ssh")) {
    return with_hint(fail(Errc::usage, "{} names no Slurm", url.to_string()),
                     "slurm: is the one of this machine, slurm+ssh://[user@]host that of another");
  }
  return std::make_unique<SlurmCatalog>(url.to_string(),
                                        Place{host, settings.ssh, settings.patience},
                                        settings.workdir, *settings.clock);
}

}  // namespace cp::provider::slurm
