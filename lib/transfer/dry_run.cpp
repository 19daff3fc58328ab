// SPDX-License-Identifier: Apache-2.0
#include "transfer/dry_run.hpp"

#include "base/file.hpp"
#include "transfer/run_local.hpp"
#include "transfer/walk.hpp"

namespace cp::transfer {
namespace {

class PlanSink final : public WalkSink {
 public:
  PlanSink(const Source& source, const std::string& server, std::string root,
           std::string renamed_to, Report& report)
      : source_(source),
        server_(server),
        root_(std::move(root)),
        renamed_to_(std::move(renamed_to)),
        report_(report) {}

  Result<void> found(Entry entry) override {
    if (entry.type != EntryType::directory) {
      ++report_.tally().files_found;
      report_.tally().bytes_found += entry.size;
    }
    const std::string_view place = renamed_to_.empty() ? std::string_view(entry.path) : renamed_to_;
    const std::string to = server_ + (place.empty()  ? root_
                                      : root_ == "." ? std::string(place)
                                                     : path_join(root_, place));
    const std::string from = source_.show(entry.path);
    if (entry.path == source_.name) {
      report_.account().plan.emplace_back(from, to);
    }
    report_.observer().would_land(from, to);
    return {};
  }

  Result<void> cannot_move(std::string_view path, const Error& error) override {
    report_.tally().failed({.path = source_.show(path), .error = error});
    report_.tick();
    return {};
  }

 private:
  const Source& source_;
  const std::string& server_;
  std::string root_;
  std::string renamed_to_;
  Report& report_;
};

}  // namespace

Result<void> show_plan(const std::vector<Source>& sources, const Plan& plan,
                       const Selection& selection, const std::string& server, Report& report,
                       std::stop_token stop) {
  report.account().is_planned = true;
  for (const Source& source : sources) {
    PlanSink sink(source, server, plan.root, plan.renamed_to, report);
    CP_TRY(walk(source, {.selection = selection}, sink, stop));
  }
  report.tally().walk_ended = true;
  return {};
}

Result<void> show_local(const Request& request, const std::vector<Source>& sources, Report& report,
                        std::stop_token stop) {
  CP_TRY_ASSIGN(const Plan plan,
                plan_landing(OpenGround(), request.destination, incoming_of(request, sources)));
  return show_plan(sources, plan, request.selection, "", report, stop);
}

}  // namespace cp::transfer
