// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/client.hpp"
#include "transfer/conversation.hpp"
#include "transfer/deputy_message.hpp"
#include "transfer/endpoint.hpp"
#include "transfer/relay_talk.hpp"
#include "transfer/report.hpp"
#include "transfer/wake.hpp"

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace cp::transfer {

/// Who does what in a transfer from one far end to another.
struct Roles {
  const Location& deputy;           ///< its host
  const Location* other = nullptr;  ///< the host that the deputy is let talk with; nullptr: none
  Direction direction = Direction::push;  ///< of the deputy
};

/// One order to one deputy, from the connection to the outcome. For one thread, and one call of
/// each.
class Dispatch {
 public:
  /// Borrows all but STOP.
  Dispatch(const Request& request, const std::vector<Location>& sources,
           const Location& destination, const Roles& roles, Report& report, std::stop_token stop)
      : request_(request),
        sources_(sources),
        destination_(destination),
        roles_(roles),
        report_(report),
        stop_(std::move(stop)) {}

  /// Connects with the hosts and gives the order. An error means that there is no deputy who could
  /// begin.
  Result<void> meet();
  /// Puts what the deputy says into the report until it has ended. An error means that the deputy
  /// is lost, or broke the protocol.
  Result<Outcome> follow();
  /// ERROR of the deputy as whoever ordered has to say it.
  Error named(Error error) const;

 private:
  Result<std::unique_ptr<net::Stream>> connect();
  Open wish() const;
  Open ordered() const;
  Open allowed() const;
  std::string operand_there(const Location& location) const;
  std::vector<std::string> paths_of_sources() const;
  Result<Outcome> converse(const Wake& wake);
  Result<std::optional<Outcome>> take_messages(Conversation& conversation);
  Result<void> take(const Message& message);
  void hear(Word word);
  void hear_plan(const Word& word);
  void hear_deletion(const std::string& path);
  std::string shown(std::string_view path) const;

  const Request& request_;
  const std::vector<Location>& sources_;
  const Location& destination_;
  const Roles& roles_;
  Report& report_;
  std::stop_token stop_;
  std::unique_ptr<Link> link_;
  std::unique_ptr<Link> other_link_;
  std::unique_ptr<Client> deputy_;
  std::unique_ptr<RelayTalk> talk_;
};

}  // namespace cp::transfer
