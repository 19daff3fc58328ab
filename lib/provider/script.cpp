// SPDX-License-Identifier: Apache-2.0
#include "provider/script.hpp"

#include "base/limits.hpp"
#include "base/process.hpp"
#include "base/time.hpp"
#include "net/ssh_process.hpp"

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

Result<std::string> run_there(const Place& place, std::string_view script, std::string_view input,
                              const std::stop_token& stop) {
  const SteadyTime deadline = SystemClock().steady() + place.patience;
  // Nothing is shared, but a first connection may ask for a password where there is a terminal.
  CP_TRY_ASSIGN(const net::SshProgram program,
                net::run_by_ssh(place.ssh, *place.host, net::SshSharing::master, "", script,
                                place.patience, stop));
  const std::stop_callback interrupt(stop, [&] { program.stream->shutdown(); });
  CP_TRY(program.stream->send(std::as_bytes(std::span(input))));
  program.stream->end();
  auto text = read_all(*program.stream, deadline);
  if (stop.stop_requested()) {
    return fail(Errc::timed_out, "interrupted");
  }
  if (!text) {
    program.stream->shutdown();
  }
  return text;
}

}  // namespace

Result<std::optional<net::SshHost>> host_of_url(std::string_view rest) {
  if (rest.empty()) {
    return std::nullopt;
  }
  auto host = rest.starts_with("//") ? net::parse_ssh_host(rest.substr(2))
                                     : fail(Errc::usage, "'{}' is no host", rest);
  if (!host) {
    return with_hint(tl::unexpected<Error>(host.error()),
                     "//[user@]host; a port stands in ssh's own configuration");
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
