// SPDX-License-Identifier: Apache-2.0
#include "refreshing.hpp"

#include "base/file.hpp"
#include "base/thread.hpp"
#include "importing.hpp"
#include "market/asking.hpp"
#include "market/download_directory.hpp"
#include "market/downloading.hpp"
#include "market/provider_source.hpp"
#include "source_table.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

namespace cpfind {
namespace {

using cp::Errc;
using cp::Error;
using cp::Result;
using cp::cli::Context;
using cp::market::LiveSource;
using cp::market::Perception;
using cp::market::ProviderSource;
using cp::market::SourceSettings;
using cp::model::Json;

constexpr std::size_t kMostDownloads = 32;

// A catalog on a server, and where it is brought.
struct Download {
  const SourceSettings* source;
  std::string path;
  Result<void> result;
};

class Refresh {
 public:
  Refresh(Context& context, cp::Paths paths, const std::vector<SourceSettings>& sources)
      : context_(context), paths_(std::move(paths)), sources_(sources) {}

  Result<void> run() {
    const std::stop_token stop = context_.stop_on_signals();
    CP_TRY(prepare());
    auto threads =
        cp::start_threads(std::min(downloads_.size(), kMostDownloads), [&] { bring(stop); });
    std::vector<LiveSource*> asked;
    for (const auto& provider : providers_) {
      asked.push_back(provider.get());
    }
    const std::vector<Result<Perception>> answers = ask_all(asked, stop);
    bring(stop);
    threads.clear();
    for (std::size_t i = 0; i < answers.size(); ++i) {
      tell(*providers_[i], answers[i]);
    }
    return import_catalogs();
  }

 private:
  Result<void> prepare() {
    for (const SourceSettings& source : sources_) {
      if (!source.is_catalog()) {
        providers_.push_back(std::make_unique<ProviderSource>(
            source, ProviderSource::Options{paths_.cache, {}, true}, context_.clock()));
      } else if (!source.path()) {
        downloads_.push_back({&source, {}, {}});
      }
    }
    if (downloads_.empty()) {
      return {};
    }
    CP_TRY_ASSIGN(auto directory,
                  cp::market::DownloadDirectory::create(cp::path_join(paths_.cache, "sources")));
    brought_.emplace(std::move(directory));
    for (std::size_t i = 0; i < downloads_.size(); ++i) {
      downloads_[i].path = brought_->file(i);
    }
    return {};
  }

  void bring(const std::stop_token& stop) {
    for (std::size_t i = next_++; i < downloads_.size(); i = next_++) {
      Download& one = downloads_[i];
      one.result = cp::within_means([&] {
        return cp::market::download(one.source->url, one.path, one.source->deadline, stop);
      });
    }
  }

  void failed(const SourceSettings& source, const Error& error) {
    Json record = to_json(source);
    record["status"] = cp::market::status_of_failure(error);
    record["message"] = error.message;
    context_.output(source_columns()).record(record);
    context_.item_failed(error, source.name);
  }

  void tell(const ProviderSource& provider, const Result<Perception>& answer) {
    if (!answer || answer->is_stale) {
      failed(provider.settings(),
             answer ? Error{Errc::unavailable, answer->problem, {}} : answer.error());
      return;
    }
    Json record = to_json(provider.settings());
    record["status"] = answer->problem.empty() ? "answered" : "partial";
    if (!answer->problem.empty()) {
      record["message"] = answer->problem;
    }
    record["offers"] = answer->resources.size();
    record["age_s"] = answer->age.count();
    context_.output(source_columns()).record(record);
  }

  // Only one import runs at a time: those that are here already do not wait for the others.
  Result<void> import_catalogs() {
    std::optional<cp::market::Cache> cache;
    for (const SourceSettings& source : sources_) {
      if (!source.is_catalog()) {
        continue;
      }
      if (!cache) {
        CP_TRY_ASSIGN(cache, open_cache(context_));
      }
      if (const auto record = import(*cache, source)) {
        context_.output(source_columns()).record(*record);
      } else {
        failed(source, record.error());
      }
    }
    return {};
  }

  Result<Json> import(cp::market::Cache& cache, const SourceSettings& source) {
    cp::market::ImportRequest request;
    request.name = source.name;
    request.format = cp::market::format_named(source.format).value();
    request.provider = source.provider;
    request.currency = source.currency;
    CP_TRY_ASSIGN(request.file, file_of(source));
    request.origin = source.path() ? "" : source.url;
    auto read = import_and_tell(context_, cache, request,
                                source.path() ? *source.path() : source.url, nullptr);
    if (!request.origin.empty()) {
      ::unlink(request.file.c_str());
    }
    CP_TRY_ASSIGN(Json record, std::move(read));
    add_settings(record, source);
    record["status"] = "answered";
    return record;
  }

  // A pipe or device might never end, and all others would wait for it.
  Result<std::string> file_of(const SourceSettings& source) const {
    if (const auto path = source.path()) {
      struct stat status {};
      if (::stat(path->c_str(), &status) != 0) {
        return cp::fail_errno(errno, "cannot open " + *path);
      }
      if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) {
        return cp::fail(Errc::bad_data, "{} is neither a file nor a directory", *path);
      }
      return *path;
    }
    for (const Download& one : downloads_) {
      if (one.source == &source) {
        CP_TRY(one.result);
        return one.path;
      }
    }
    return cp::fail(Errc::internal, "{} was not brought here", source.url);
  }

  Context& context_;
  cp::Paths paths_;
  const std::vector<SourceSettings>& sources_;
  std::vector<std::unique_ptr<ProviderSource>> providers_;
  std::optional<cp::market::DownloadDirectory> brought_;
  std::vector<Download> downloads_;
  std::atomic<std::size_t> next_{0};
};

}  // namespace

Result<void> refresh(Context& context, const std::vector<SourceSettings>& sources) {
  CP_TRY_ASSIGN(cp::Paths paths, context.paths());
  return Refresh(context, std::move(paths), sources).run();
}

}  // namespace cpfind
