// SPDX-License-Identifier: Apache-2.0
#include "transfer/dry_run.hpp"

#include "base/file.hpp"
#include "transfer/conversation.hpp"
#include "transfer/limits.hpp"
#include "transfer/path.hpp"
#include "transfer/run_local.hpp"
#include "transfer/walk.hpp"

#include <utility>

namespace cp::transfer {
namespace {

WouldSend::Item item_of(const Source& source, const Entry& entry) {
  return {.from = source.show(entry.path),
          .path = entry.path,
          .size = entry.size,
          .is_directory = entry.type == EntryType::directory,
          .is_source = entry.path == source.name};
}

// Counts ITEM, which would go to PLAN below SERVER, and tells of it; its own place is below FROM.
void show_item(const WouldSend::Item& item, const Plan& plan, const std::string& server,
               const std::string& from, Report& report) {
  if (!item.is_directory) {
    ++report.tally().files_found;
    report.tally().bytes_found += item.size;
  }
  const std::string& place = plan.renamed_to.empty() ? item.path : plan.renamed_to;
  const std::string to = server + (place.empty()      ? plan.root
                                   : plan.root == "." ? place
                                                      : path_join(plan.root, place));
  if (item.is_source) {
    report.account().plan.emplace_back(from + item.from, to);
  }
  report.observer().would_land(from + item.from, to);
}

class PlanSink final : public WalkSink {
 public:
  PlanSink(const Source& source, const Plan& plan, const std::string& server, Report& report)
      : source_(source), plan_(plan), server_(server), report_(report) {}

  Result<void> found(Entry entry) override {
    show_item(item_of(source_, entry), plan_, server_, "", report_);
    return {};
  }
  Result<void> cannot_move(std::string_view path, const Error& error) override {
    report_.tally().failed({.path = source_.show(path), .error = error});
    report_.tick();
    return {};
  }

 private:
  const Source& source_;
  const Plan& plan_;
  const std::string& server_;
  Report& report_;
};

/// Tells a client of what is found, by the batch.
class TellingSink final : public WalkSink {
 public:
  TellingSink(const Source& source, Control& control) : source_(source), control_(control) {}

  Result<void> found(Entry entry) override {
    batch_.items.push_back(item_of(source_, entry));
    bytes_ += batch_.items.back().from.size() + batch_.items.back().path.size();
    const bool is_full =
        batch_.items.size() == limits::batch_entries || bytes_ > limits::message_bytes / 4;
    return is_full ? flush() : Result<void>();
  }
  Result<void> cannot_move(std::string_view path, const Error& error) override {
    return control_.send(ItemFailed{.path = source_.show(path), .error = error});
  }
  Result<void> flush() {
    bytes_ = 0;
    return control_.send(std::exchange(batch_, {}));
  }

 private:
  const Source& source_;
  Control& control_;
  WouldSend batch_;
  std::size_t bytes_ = 0;
};

Result<void> show_batch(const Message& message, const Plan& plan, const std::string& server,
                        Report& report) {
  CP_TRY_ASSIGN(const auto batch, decode<WouldSend>(message.body));
  for (const WouldSend::Item& item : batch.items) {
    if (!item.path.empty()) {
      CP_TRY(check_path(item.path));
    }
    show_item(item, plan, "", server, report);
  }
  return {};
}

}  // namespace

Result<void> show_plan(const std::vector<Source>& sources, const Plan& plan,
                       const Selection& selection, const std::string& server, Report& report,
                       std::stop_token stop) {
  report.account().is_planned = true;
  for (const Source& source : sources) {
    PlanSink sink(source, plan, server, report);
    if (source.is_stream()) {
      CP_TRY(sink.found({.path = source.name}));
      continue;
    }
    CP_TRY(walk(source, {.selection = selection}, sink, stop));
  }
  report.tally().walk_ended = true;
  return {};
}

Result<void> tell_plan(const std::vector<Source>& sources, const Selection& selection,
                       Control& control, std::stop_token stop) {
  const std::stop_callback interrupt(stop, [&] { control.shutdown(); });
  for (const Source& source : sources) {
    TellingSink sink(source, control);
    CP_TRY(walk(source, {.selection = selection}, sink, stop));
    CP_TRY(sink.flush());
  }
  return control.send(Finish{});
}

Result<void> show_told(Control& control, const Plan& plan, const std::string& server,
                       std::chrono::nanoseconds silence, Report& report, std::stop_token stop) {
  report.account().is_planned = true;
  CP_TRY_ASSIGN(const Wake wake, Wake::make());
  Conversation conversation(control, wake, silence);
  const std::stop_callback interrupt(stop, [&] { control.shutdown(); });
  while (true) {
    CP_TRY_ASSIGN(const auto message, conversation.next());
    if (!message) {
      CP_TRY(conversation.wait());
    } else if (message->type == MessageType::would_send) {
      CP_TRY(show_batch(*message, plan, server, report));
    } else if (message->type == MessageType::item_failed) {
      CP_TRY_ASSIGN(auto failed, decode<ItemFailed>(message->body));
      failed.path = server + failed.path;
      report.tally().failed(std::move(failed));
    } else if (message->type == MessageType::finish) {
      report.tally().walk_ended = true;
      return {};
    } else {
      return fail(Errc::protocol, "a message that is none of a dry run");
    }
    report.tick();
  }
}

Result<Plan> plan_here(const Request& request, const Incoming& incoming) {
  if (request.is_to_stream()) {
    CP_TRY(check_fits_stream(incoming));
    return Plan{.root = ".", .renamed_to = request.destination};
  }
  return plan_landing(OpenGround(), request.destination, incoming);
}

Result<void> show_local(const Request& request, const std::vector<Source>& sources, Report& report,
                        std::stop_token stop) {
  CP_TRY_ASSIGN(const Plan plan, plan_here(request, incoming_of(request, sources)));
  return show_plan(sources, plan, request.selection, "", report, stop);
}

}  // namespace cp::transfer
