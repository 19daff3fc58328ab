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

std::string shown_in(const std::string& root, const std::string& place) {
  return place.empty() ? root : root == "." ? place : path_join(root, place);
}

WouldSend::Item item_of(const Source& source, const Entry& entry, bool moves) {
  return {.from = source.show(entry.path),
          .path = entry.path,
          .size = entry.size,
          .is_directory = entry.type == EntryType::directory,
          .is_source = entry.path == source.name,
          .stays = !moves};
}

const std::string& place_of(const std::string& path, const Plan& plan) {
  return plan.renamed_to.empty() ? path : plan.renamed_to;
}

}  // namespace

void show_item(const WouldSend::Item& item, const Plan& plan, const std::string& server,
               const std::string& from, Report& report) {
  Tally& tally = report.tally();
  if (!item.is_directory) {
    ++tally.files_found;
    tally.bytes_found += item.size;
  }
  if (!item.is_directory && item.stays) {
    ++tally.files_skipped;
    tally.bytes_skipped += item.size;
  }
  const std::string& place = place_of(item.path, plan);
  const std::string to = server + shown_in(plan.root, place);
  if (item.is_source) {
    report.account().plan.emplace_back(from + item.from, to);
  }
  if (!item.stays) {
    report.observer().would_land(from + item.from, to);
  }
}

namespace {

class PlanSink final : public WalkSink {
 public:
  PlanSink(const Source& source, const Plan& plan, const std::string& server, const AskThere& ask,
           Inventory& inventory, Report& report, const std::stop_token& stop)
      : source_(source),
        plan_(plan),
        server_(server),
        inventory_(inventory),
        report_(report),
        sifter_(
            source, ask,
            [this](const Entry& entry, bool moves) {
              show_item(item_of(source_, entry, moves), plan_, server_, "", report_);
              return Result<void>();
            },
            stop) {}

  Result<void> found(Entry entry) override {
    inventory_.add(place_of(entry.path, plan_), entry.type == EntryType::directory);
    if (entry.extras && entry.extras->is_closed) {
      inventory_.add(Present{{{entry.path, true}}});
    }
    return sifter_.add(std::move(entry));
  }
  Result<void> flush() { return sifter_.flush(); }
  Result<void> passed_over(std::string_view path) override {
    inventory_.add(Present{{{std::string(path), false}}});
    return {};
  }
  Result<void> cannot_move(std::string_view path, const Error& error) override {
    report_.tally().failed({.path = source_.show(path), .error = error});
    report_.tick();
    inventory_.failed();
    inventory_.add(Present{{{std::string(path), true}}});
    return {};
  }

 private:
  const Source& source_;
  const Plan& plan_;
  const std::string& server_;
  Inventory& inventory_;
  Report& report_;
  Sifter sifter_;
};

/// Tells the other end of what is found, by the batch.
class TellingSink final : public WalkSink {
 public:
  TellingSink(const Source& source, bool deletes, const AskThere& ask, Control& control,
              const std::stop_token& stop)
      : source_(source),
        deletes_(deletes),
        control_(control),
        sifter_(
            source, ask, [this](const Entry& entry, bool moves) { return tell(entry, moves); },
            stop) {}

  Result<void> found(Entry entry) override {
    if (!deletes_ || !entry.extras || !entry.extras->is_closed) {
      return sifter_.add(std::move(entry));
    }
    const Present closed{{{entry.path, true}}};
    CP_TRY(sifter_.add(std::move(entry)));
    CP_TRY(flush());
    return control_.send(closed);
  }
  Result<void> cannot_move(std::string_view path, const Error& error) override {
    if (deletes_) {
      CP_TRY(control_.send(Present{{{std::string(path), true}}}));
    }
    return control_.send(ItemFailed{.path = source_.show(path), .error = error});
  }
  Result<void> passed_over(std::string_view path) override {
    return deletes_ ? control_.send(Present{{{std::string(path), false}}}) : Result<void>();
  }
  Result<void> flush() {
    CP_TRY(sifter_.flush());
    return send_batch();
  }

 private:
  Result<void> tell(const Entry& entry, bool moves) {
    batch_.items.push_back(item_of(source_, entry, moves));
    bytes_ += batch_.items.back().from.size() + batch_.items.back().path.size();
    const bool is_full =
        batch_.items.size() == limits::batch_entries || bytes_ > limits::message_bytes / 4;
    return is_full ? send_batch() : Result<void>();
  }
  Result<void> send_batch() {
    bytes_ = 0;
    return control_.send(std::exchange(batch_, {}));
  }

  const Source& source_;
  const bool deletes_;
  Control& control_;
  Sifter sifter_;
  WouldSend batch_;
  std::size_t bytes_ = 0;
};

Result<void> show_batch(const Message& message, const Plan& plan, const std::string& server,
                        Inventory& inventory, Report& report) {
  CP_TRY_ASSIGN(const auto batch, decode<WouldSend>(message.body));
  for (const WouldSend::Item& item : batch.items) {
    if (!item.path.empty()) {
      CP_TRY(check_path(item.path));
    }
    show_item(item, plan, "", server, report);
    inventory.add(place_of(item.path, plan), item.is_directory);
  }
  return {};
}

void show_deletion(const std::string& server, const std::string& root, const std::string& path,
                   Report& report) {
  const std::string shown = server + shown_in(root, path);
  ++report.account().would_delete_count;
  if (report.account().would_delete.size() < limits::failures_listed) {
    report.account().would_delete.push_back(shown);
  }
  report.observer().would_delete(shown);
}

// Calls TAKE with each message up to the Finish.
template <class Take>
Result<void> hear_all(Control& control, std::chrono::nanoseconds silence,
                      const std::stop_token& stop, Take take) {
  CP_TRY_ASSIGN(const Wake wake, Wake::make());
  std::optional<Conversation> conversation(std::in_place, control, wake, silence);
  const std::stop_callback interrupt(stop, [&] { control.shutdown(); });
  while (true) {
    CP_TRY_ASSIGN(const auto message, conversation->next());
    if (!message) {
      CP_TRY(conversation->wait());
    } else if (message->type == MessageType::finish) {
      return {};
    } else {
      CP_TRY(take(*message));
      // Whoever waits for an answer has nothing to say meanwhile.
      conversation.emplace(control, wake, silence);
    }
  }
}

Result<void> take_present(const Message& message, Inventory& inventory) {
  CP_TRY_ASSIGN(const auto present, decode<Present>(message.body));
  inventory.add(present);
  return {};
}

tl::unexpected<Error> none_of_a_dry_run() {
  return fail(Errc::protocol, "a message that is none of a dry run");
}

/// Tells a client of what would be deleted, by the batch.
class Deletions {
 public:
  explicit Deletions(Control& control) : control_(control) {}
  void add(const std::string& path) {
    bytes_ += path.size() + 2;
    batch_.paths.push_back(path);
    if (batch_.paths.size() == limits::batch_entries || bytes_ > limits::message_bytes / 4) {
      flush();
    }
  }
  // What cannot be sent will not be heard either.
  void flush() {
    bytes_ = 0;
    sent_ = sent_ ? control_.send(std::exchange(batch_, {})) : sent_;
  }
  Result<void> sent() const { return sent_; }

 private:
  Control& control_;
  WouldDelete batch_;
  std::size_t bytes_ = 0;
  Result<void> sent_;
};

WalkOptions walk_for(const Selection& selection, bool deletes) {
  return {.selection = selection, .tells_closed = deletes};
}

}  // namespace

Result<void> show_plan(const std::vector<Source>& sources, const Plan& plan,
                       const Selection& selection, const std::string& server, const AskThere& ask,
                       Inventory& inventory, Report& report, std::stop_token stop) {
  report.account().is_planned = true;
  for (const Source& source : sources) {
    PlanSink sink(source, plan, server, ask, inventory, report, stop);
    if (source.is_stream()) {
      CP_TRY(sink.found({.path = source.name}));
      continue;
    }
    CP_TRY(walk(source, walk_for(selection, inventory.is_wanted()), sink, stop));
    CP_TRY(sink.flush());
  }
  report.tally().walk_ended = true;
  return {};
}

Result<void> tell_plan(const std::vector<Source>& sources, const Selection& selection, bool deletes,
                       const AskThere& ask, Control& control, std::stop_token stop) {
  const std::stop_callback interrupt(stop, [&] { control.shutdown(); });
  for (const Source& source : sources) {
    TellingSink sink(source, deletes, ask, control, stop);
    CP_TRY(walk(source, walk_for(selection, deletes), sink, stop));
    CP_TRY(sink.flush());
  }
  return control.send(Finish{});
}

Result<void> show_told(Control& control, const Plan& plan, const std::string& server,
                       std::chrono::nanoseconds silence, const Looker* looker, Inventory& inventory,
                       Report& report, std::stop_token stop) {
  report.account().is_planned = true;
  const auto heard = hear_all(control, silence, stop, [&](const Message& message) -> Result<void> {
    report.tick();
    if (message.type == MessageType::would_send) {
      return show_batch(message, plan, server, inventory, report);
    }
    if (message.type == MessageType::present && inventory.is_wanted()) {
      return take_present(message, inventory);
    }
    if (message.type == MessageType::ask && looker != nullptr) {
      return answer_to(message, *looker, control);
    }
    if (message.type != MessageType::item_failed) {
      return none_of_a_dry_run();
    }
    CP_TRY_ASSIGN(auto failed, decode<ItemFailed>(message.body));
    failed.path = server + failed.path;
    report.tally().failed(std::move(failed));
    inventory.failed();
    return {};
  });
  CP_TRY(heard);
  report.tally().walk_ended = true;
  return {};
}

Result<void> show_deletions(const Ground& ground, const Plan& plan, const Filter& filter,
                            Inventory& inventory, Report& report) {
  const auto root = ground.look_into(plan.root);
  if (!inventory.is_wanted() || !root) {
    return {};
  }
  inventory.show_rest(
      *root, filter, [&](const std::string& path) { show_deletion("", plan.root, path, report); },
      [&](const std::string& path, const Error& error) {
        report.tally().failed({.path = shown_in(plan.root, path), .error = error});
      });
  return {};
}

Result<void> ask_deletions(Control& control, const Plan& plan, const std::string& server,
                           std::chrono::nanoseconds silence, Report& report, std::stop_token stop) {
  return hear_all(control, silence, stop, [&](const Message& message) -> Result<void> {
    report.tick();
    if (message.type == MessageType::item_failed) {
      CP_TRY_ASSIGN(auto failed, decode<ItemFailed>(message.body));
      failed.path = server + shown_in(plan.root, failed.path);
      report.tally().failed(std::move(failed));
      return {};
    }
    if (message.type != MessageType::would_delete) {
      return none_of_a_dry_run();
    }
    CP_TRY_ASSIGN(const auto batch, decode<WouldDelete>(message.body));
    for (const std::string& path : batch.paths) {
      CP_TRY(check_path(path));
      show_deletion(server, plan.root, path, report);
    }
    return {};
  });
}

Result<void> answer_deletions(Control& control, const Ground& ground, const Plan& plan,
                              const Filter& filter, Inventory& inventory,
                              std::chrono::nanoseconds silence, std::stop_token stop) {
  const auto heard = hear_all(control, silence, stop, [&](const Message& message) -> Result<void> {
    if (message.type == MessageType::present) {
      return take_present(message, inventory);
    }
    if (message.type == MessageType::item_failed) {
      inventory.failed();
      return {};
    }
    if (message.type != MessageType::would_send) {
      return none_of_a_dry_run();
    }
    CP_TRY_ASSIGN(const auto batch, decode<WouldSend>(message.body));
    for (const WouldSend::Item& item : batch.items) {
      CP_TRY(check_path(item.path));
      inventory.add(place_of(item.path, plan), item.is_directory);
    }
    return {};
  });
  CP_TRY(heard);
  Deletions deletions(control);
  Result<void> told;
  if (const auto root = ground.look_into(plan.root)) {
    inventory.show_rest(
        *root, filter, [&](const std::string& path) { deletions.add(path); },
        [&](const std::string& path, const Error& error) {
          told = told ? control.send(ItemFailed{.path = path, .error = error}) : told;
        });
  }
  deletions.flush();
  CP_TRY(told);
  CP_TRY(deletions.sent());
  return control.send(Finish{});
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
  const Incoming incoming = incoming_of(request, sources);
  CP_TRY_ASSIGN(const Plan plan, plan_here(request, incoming));
  Inventory inventory(request.deletion);
  AskThere ask;
  std::optional<Looker> looker;
  if (request.sync.any()) {
    looker.emplace(landing_if_there(OpenGround(), plan, incoming), request.sync, stop);
    ask.ask = [&looker](const Ask& batch) { return looker->answer(batch); };
  }
  CP_TRY(show_plan(sources, plan, request.selection, "", ask, inventory, report, stop));
  return show_deletions(OpenGround(), plan, request.selection.filter, inventory, report);
}

}  // namespace cp::transfer
