// SPDX-License-Identifier: Apache-2.0
#include "provider/slurm/catalog.hpp"

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
    CP_TRY_ASSIGN(const Cluster cluster, ask(place_, stop));
    auto resources = resources_of(cluster, url_, workdir_);
    if (resources.empty()) {
      return fail(Errc::not_found, "{} shows no partition with nodes", url_);
    }
    return resources;
  }

  Result<Json> state(const Json& record, std::stop_token stop) override {
    CP_TRY_ASSIGN(const Cluster cluster, ask(place_, stop));
    return state_of(cluster, record, url_, clock_.now());
  }

  Result<Picture> perceive(std::stop_token stop) override {
    CP_TRY_ASSIGN(const Cluster cluster, ask(place_, stop));
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
  std::string url_;
  Place place_;
  std::string workdir_;
  const Clock& clock_;
};

}  // namespace

Result<std::optional<net::SshHost>> host_of(const ProviderUrl& url) {
  CP_TRY_ASSIGN(auto host, host_of_url(url.rest));
  if (host.has_value() != (url.type == "slurm+ssh")) {
    return with_hint(fail(Errc::usage, "{} names no Slurm", url.to_string()),
                     "slurm: is the one of this machine, slurm+ssh://[user@]host that of another");
  }
  return host;
}

Result<std::unique_ptr<Catalog>> make_catalog(const ProviderUrl& url,
                                              const CatalogSettings& settings) {
  CP_TRY_ASSIGN(const auto host, host_of(url));
  return std::make_unique<SlurmCatalog>(url.to_string(),
                                        Place{host, settings.ssh, settings.patience},
                                        settings.workdir, *settings.clock);
}

}  // namespace cp::provider::slurm
