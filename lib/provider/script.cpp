// SPDX-License-Identifier: Apache-2.0
#include "provider/script.hpp"

#include "base/limits.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "base/thread.hpp"
#include "base/time.hpp"
#include "identity/sha256.hpp"
#include "net/ssh_process.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace cp::provider {
namespace {

Result<std::string> run_here(std::string_view script, std::string_view input,
                             std::chrono::nanoseconds patience, const std::stop_token& stop) {
  // Standard error is kept apart: it is part of no protocol.
  auto captured = capture({.argv = {"sh", "-c", "LC_ALL=C; export LC_ALL; " + std::string(script)},
                           .environment = std::nullopt,
                           .own_group = true},
                          input, patience, stop);
  if (!captured && captured.error().code == Errc::timed_out && !stop.stop_requested()) {
    return fail(Errc::timed_out, "its commands do not end within {:g} s",
                std::chrono::duration<double>(patience).count());
  }
  CP_TRY(captured);
  return std::move(captured->output);
}

Result<std::string> read_all(net::Stream& stream, SteadyTime deadline) {
  std::string text;
  std::array<std::byte, 16384> buffer{};
  while (true) {
    CP_TRY(stream.wait(deadline));
    CP_TRY_ASSIGN(const std::size_t count, stream.receive(buffer));
    if (count == 0) {
      return text;
    }
    if (text.size() + count > limits::captured_bytes) {
      return fail(Errc::bad_data, "the far end prints more than {} bytes", limits::captured_bytes);
    }
    text.append(reinterpret_cast<const char*>(buffer.data()), count);
  }
}

// Whoever is asked for a password may take long to find it.
constexpr auto kPromptPatience = std::chrono::minutes(2);
constexpr auto kStopPatience = std::chrono::seconds(5);

// One socket for each way of calling ssh and each host, under a name that nobody can make
// another's.
std::string control_path(const Place& place) {
  std::string whom = place.host->to_string();
  for (const std::string& word : place.ssh.command) {
    whom += '\0' + word;
  }
  constexpr std::size_t bytes = 12;
  const std::string digest = identity::sha256({whom}).substr(0, bytes);
  return net::ssh_control_path(place.ssh, text::to_hex(digest));
}

// A connection that does not answer would let the next call wait, too.
void leave_connection(const Place& place, const std::string& socket) {
  if (!socket.empty()) {
    (void)capture({.argv = net::ssh_stop_line(place.ssh, *place.host, socket),
                   .environment = std::nullopt,
                   .own_group = true},
                  {}, kStopPatience);
  }
}

// A script may say much before it has read all.
Result<std::string> talk(net::Stream& stream, std::string_view input, SteadyTime deadline) {
  CP_TRY_ASSIGN(const auto sender, start_thread([&stream, input] {
                  (void)stream.send(std::as_bytes(std::span(input)));
                  stream.end();
                }));
  auto text = read_all(stream, deadline);
  if (!text) {
    stream.shutdown();
  }
  return text;
}

Result<std::string> run_there(const Place& place, std::string_view script, std::string_view input,
                              const std::stop_token& stop) {
  const std::string socket = control_path(place);
  const bool is_kept = !socket.empty();
  const auto patience = place.ssh.may_prompt
                            ? std::max<std::chrono::nanoseconds>(place.patience, kPromptPatience)
                            : place.patience;
  // A group is read to its end before anything of it is run.
  auto program = net::run_by_ssh(place.ssh, *place.host,
                                 is_kept ? net::SshSharing::kept : net::SshSharing::master, socket,
                                 "{\n" + std::string(script) + "\n}", patience, stop);
  auto text = Result<std::string>();
  if (program) {
    const std::stop_callback interrupt(stop, [&] { program->stream->shutdown(); });
    text = talk(*program->stream, input, SystemClock().steady() + place.patience);
  } else {
    text = tl::unexpected<Error>(std::move(program.error()));
  }
  if (stop.stop_requested()) {
    return fail(Errc::timed_out, "interrupted");
  }
  if (!text && text.error().code == Errc::timed_out && text.error().hint.empty()) {
    leave_connection(place, socket);
    return with_hint(fail(Errc::timed_out, "no answer within {:g} s",
                          std::chrono::duration<double>(place.patience).count()),
                     net::ssh_advice(*place.host, ""));
  }
  return text;
}

}  // namespace

Result<std::optional<net::SshHost>> host_of_url(std::string_view rest) {
  if (rest.empty()) {
    return std::nullopt;
  }
  auto host = rest.starts_with("//") ? net::parse_ssh_host_port(rest.substr(2))
                                     : fail(Errc::usage, "'{}' is no host", rest);
  if (!host) {
    return with_hint(tl::unexpected<Error>(host.error()),
                     "//[user@]host[:port], as ssh takes them");
  }
  return *std::move(host);
}

Result<std::string> run_script(const Place& place, std::string_view script,
                               const std::stop_token& stop, std::string_view input) {
  auto text = place.host ? run_there(place, script, input, stop)
                         : run_here(script, input, place.patience, stop);
  if (!text && place.host) {
    Error error = std::move(text.error());
    error.message = place.host->to_string() + ": " + error.message;
    return tl::unexpected<Error>(std::move(error));
  }
  return text;
}

}  // namespace cp::provider
