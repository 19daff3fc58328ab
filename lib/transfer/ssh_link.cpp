// SPDX-License-Identifier: Apache-2.0
#include "transfer/ssh_link.hpp"

#include "base/random.hpp"
#include "base/text.hpp"
#include "base/thread.hpp"
#include "transfer/bytes_of.hpp"
#include "transfer/limits.hpp"
#include "transfer/preface.hpp"
#include "transfer/rail_desk.hpp"
#include "transfer/rail_door.hpp"
#include "transfer/rail_host.hpp"
#include "transfer/retry.hpp"

#include <algorithm>
#include <array>
#include <future>

namespace cp::transfer {
namespace {

// Reads which cpxfer is wanted and which one may be brought, says what there is, and becomes it; or
// whatever script comes in its place.
std::string script() {
  return fmt::format("{}{}{}", R"(
cd || exit
IFS= read -r wanted
IFS= read -r system
IFS= read -r sum
IFS= read -r bytes
)",
                     install_script, R"(
case $wanted in
"") set -- cpxfer "$HOME/.local/bin/cpxfer" ;;
"~/"*) set -- "$HOME/${wanted#??}" ;;
*) set -- "$wanted" ;;
esac
for program do
  if command -v "$program" >/dev/null 2>&1; then
    printf 'cpxfer\n'
    exec "$program" serve --stdio
  fi
done
printf 'none\n'
IFS= read -r bytes && script=$(dd bs=1 count="$bytes" 2>/dev/null) && eval "$script"
)");
}

constexpr std::string_view kInstalled = "~/.local/bin/cpxfer";
// A few megabytes over whatever line there is.
constexpr auto kInstallPatience = std::chrono::minutes(10);

// sshd turns away every third of those that wait for their key exchange beyond ten (MaxStartups).
constexpr std::size_t kAtOnce = 3;
constexpr int kStartTries = 5;
constexpr auto kFirstPause = std::chrono::milliseconds(200);

Error explained(const std::shared_ptr<net::SshProcess>& process, Error error) {
  if (error.code != Errc::unavailable && error.code != Errc::protocol) {
    return error;
  }
  const auto words = process->last_words();
  return words ? *words : error;
}

}  // namespace

Result<SshLink::Started> SshLink::start(net::SshSharing sharing,
                                        const std::stop_token& stop) const {
  // A person may take long to find a password.
  const auto patience = settings_.ssh.may_prompt && sharing == net::SshSharing::master
                            ? std::chrono::nanoseconds(0)
                            : settings_.silence;
  CP_TRY_ASSIGN(auto program, net::run_by_ssh(settings_.ssh, settings_.host, sharing, control_path_,
                                              script(), patience, stop));
  // It outlives the callback, which may still run while it is being returned.
  net::Stream& stream = *program.stream;
  const std::stop_callback interrupt(stop, [&stream] { stream.shutdown(); });
  // It came with the first connection, if at all.
  const bool brings = settings_.installs && sharing == net::SshSharing::master;
  CP_TRY_ASSIGN(const FarProgram ours, brings ? this_program() : Result<FarProgram>());
  const std::string_view wanted =
      settings_.installs ? kInstalled : std::string_view(settings_.far_program);
  CP_TRY(stream.send(
      bytes_of(fmt::format("{}\n{}\n{}\n{}\n", wanted, ours.system, ours.sum, ours.bytes))));
  const auto answer = hear_answer(stream, brings ? &ours : nullptr);
  if (!answer) {
    return tl::unexpected<Error>(explained(program.process, answer.error()));
  }
  if (*answer != "cpxfer" && *answer != "none") {
    return fail(Errc::protocol, "the far shell answers what was not asked");
  }
  return Started{std::move(program), *answer == "cpxfer"};
}

tl::unexpected<Error> SshLink::no_cpxfer() const {
  return settings_.far_program.empty()
             ? with_hint(fail(Errc::unavailable, "there is no cpxfer in the PATH there"),
                         "--remote-cpxfer PATH says where it is, --install-remote brings this one")
             : fail(Errc::unavailable, "there is no {} there", settings_.far_program);
}

Result<std::string> SshLink::hear_answer(net::Stream& stream, const FarProgram* brought) const {
  if (brought != nullptr) {
    CP_TRY(install(stream, *brought, SystemClock().steady() + kInstallPatience));
  }
  return read_line(stream, SystemClock().steady() + settings_.silence);
}

Result<std::unique_ptr<net::Stream>> SshLink::connect(const std::stop_token& stop) {
  KernelRandom random;
  std::string unique(8, '\0');
  random.fill(std::as_writable_bytes(std::span(unique)));
  control_path_ = net::ssh_control_path(settings_.ssh, text::to_hex(unique));
  // At a terminal the first may have to ask, whether the host is the right one, too: what the
  // others lack until then would count against them.
  const bool may_ask = settings_.ssh.may_prompt;
  if (!may_ask) {
    begin_logins();
  }
  CP_TRY_ASSIGN(auto started, start(net::SshSharing::master, stop));
  process_ = started.program.process;
  CP_TRY(started.program.stream->set_patience(settings_.silence));
  if (!started.has_cpxfer) {
    shell_ = std::move(started.program.stream);
    return no_cpxfer();
  }
  if (may_ask) {
    begin_logins();
  }
  return std::move(started.program.stream);
}

std::unique_ptr<net::Stream> SshLink::take_shell() {
  early_stop_.request_stop();
  logins_.clear();
  return std::move(shell_);
}

void SshLink::begin_logins() {
  for (int i = 0; i < settings_.early_logins; ++i) {
    logins_.push_back(std::async(with_a_thread_if_any, [this, stop = early_stop_.get_token()] {
      return start(net::SshSharing::own, stop);
    }));
  }
}

std::optional<std::future<Result<SshLink::Started>>> SshLink::take_login() {
  const std::scoped_lock lock(mutex_);
  if (logins_.empty()) {
    return std::nullopt;
  }
  auto login = std::move(logins_.back());
  logins_.pop_back();
  return login;
}

Error SshLink::explain(Error error) {
  return process_ ? explained(process_, std::move(error)) : error;
}

Result<std::unique_ptr<net::Stream>> SshLink::open_rail(Result<Started> login,
                                                        const std::string& door,
                                                        const RailKeys& keys,
                                                        const std::stop_token& stop) const {
  CP_TRY_ASSIGN(auto started, std::move(login));
  if (!started.has_cpxfer) {
    return no_cpxfer();
  }
  net::SshProgram& program = started.program;
  net::Stream& stream = *program.stream;
  const std::stop_callback interrupt(stop, [&] { stream.shutdown(); });
  CP_TRY(stream.send(encode(Preface{.purpose = Purpose::rail}), bytes_of(door + keys.claim)));
  std::array<std::byte, Preface::encoded_bytes> bytes{};
  const SteadyTime deadline = SystemClock().steady() + settings_.silence;
  const auto have = stream.receive_all(bytes, deadline);
  if (!have || *have != bytes.size()) {
    return tl::unexpected<Error>(
        explained(program.process,
                  have ? Error{Errc::unavailable, "the connection is cut", {}} : have.error()));
  }
  CP_TRY(decode_preface(bytes));
  CP_TRY(hear_rail_answer(stream, keys, deadline));
  return std::move(program.stream);
}

Result<std::unique_ptr<net::Stream>> SshLink::open_early_rail(std::future<Result<Started>> login,
                                                              const std::string& door,
                                                              const RailKeys& keys,
                                                              const std::stop_token& stop) {
  const std::stop_callback interrupt(stop, [this] { early_stop_.request_stop(); });
  return open_rail(login.get(), door, keys, stop);
}

Result<std::unique_ptr<net::Stream>> SshLink::open_own_rail(const std::string& door,
                                                            const RailKeys& keys,
                                                            const std::stop_token& stop) {
  bool may_login = true;
  if (auto login = take_login()) {
    auto stream = open_early_rail(*std::move(login), door, keys, stop);
    if (stream || stop.stop_requested()) {
      return stream;
    }
    // One that waited too long for the first to log in has lost nothing.
    may_login = stream.error().code != Errc::denied;
  }
  auto wait = kFirstPause;
  for (int i = 1; may_login; ++i) {
    auto stream = open_rail(start(net::SshSharing::own, stop), door, keys, stop);
    if (stream || stop.stop_requested()) {
      return stream;
    }
    const bool is_busy = stream.error().code == Errc::timed_out;
    if (!is_busy || i == kStartTries) {
      break;
    }
    if (!pause(wait, stop)) {
      return stream;
    }
    wait *= 2;
  }
  // It may not ask for a password, or has come to another host of that name.
  return open_rail(start(net::SshSharing::shared, stop), door, keys, stop);
}

Result<void> SshLink::prepare(Open& open, const Hello& far) {
  // What goes through ssh is encrypted by it.
  open.sealed = open.rail != RailChoice::ssh &&
                (settings_.seals_always || !(settings_.trusts_network || is_here(far.door)));
  if (open.rail == RailChoice::fabric && !open.dry_run) {
    // While the far end loads its own.
    fabrics_.start();
  }
  return {};
}

Result<Carriers> SshLink::open_tcp(const RailPlace& place, const std::vector<RailKeys>& rails,
                                   const std::stop_token& stop) {
  const auto address = net::IpAddress::parse(place.address);
  if (!address) {
    return fail(Errc::protocol, "the other end has no address for streams");
  }
  fabric::Loader none;
  auto carriers =
      connect_rails(place, rails, {*address, place.port}, none, limits::connect_patience, stop);
  return carriers || carriers.error().code == Errc::denied
             ? std::move(carriers)
             : with_hint(tl::unexpected<Error>(carriers.error()), "--rail ssh needs no other port");
}

// Memory is shared with whoever the door leads to; all others have an address.
Result<Carriers> SshLink::open_fabric(const RailPlace& place, const std::vector<RailKeys>& rails,
                                      const std::stop_token& stop) {
  const auto address = net::IpAddress::parse(place.address);
  if (!address && place.door.empty()) {
    return fail(Errc::protocol, "the other end has no address for a fabric");
  }
  const net::Endpoint server{address.value_or(net::IpAddress::loopback(net::Family::ipv4)),
                             place.port};
  return connect_rails(place, rails, server, fabrics_, limits::connect_patience, stop);
}

Result<Carriers> SshLink::open_rails(const RailPlace& place, const std::vector<RailKeys>& rails,
                                     const std::stop_token& stop) {
  if (!place.provider.empty()) {
    return open_fabric(place, rails, stop);
  }
  if (place.port != 0) {
    return open_tcp(place, rails, stop);
  }
  if (place.door.empty()) {
    return fail(Errc::protocol, "the other end takes no streams");
  }
  Carriers carriers;
  Result<void> failed;
  for (std::size_t i = 0; i < rails.size(); i += kAtOnce) {
    std::vector<std::future<Result<std::unique_ptr<net::Stream>>>> opening;
    for (std::size_t j = i; j < std::min(i + kAtOnce, rails.size()); ++j) {
      opening.push_back(std::async(with_a_thread_if_any,
                                   [&, j] { return open_own_rail(place.door, rails[j], stop); }));
    }
    for (auto& one : opening) {
      if (auto stream = one.get()) {
        CP_TRY((*stream)->set_patience(std::chrono::nanoseconds(0)));
        carriers.push_back(make_stream_carrier(*std::move(stream)));
      } else {
        failed = tl::unexpected<Error>(stream.error());
      }
    }
  }
  if (carriers.empty()) {
    return tl::unexpected<Error>(failed ? Error{Errc::protocol, "no stream was granted", {}}
                                        : failed.error());
  }
  return carriers;
}

}  // namespace cp::transfer
