// SPDX-License-Identifier: Apache-2.0
#include "transfer/stdio_server.hpp"

#include "net/fd_stream.hpp"
#include "transfer/deputy.hpp"
#include "transfer/limits.hpp"
#include "transfer/preface.hpp"
#include "transfer/rail_door.hpp"
#include "transfer/server_session.hpp"

#include <array>

namespace cp::transfer {
namespace {

// The client opens its streams meanwhile, one by one, where the host takes few at a time.
constexpr auto kControlPatience = std::chrono::seconds(120);

Result<void> read_all(int fd, std::span<std::byte> out) {
  return read_exact(fd, {reinterpret_cast<char*>(out.data()), out.size()});
}

Result<std::string> join_session(UniqueFd in, UniqueFd out) {
  std::string door(limits::token_bytes, '\0');
  std::string claim(limits::claim_bytes, '\0');
  CP_TRY(read_exact(in.get(), door));
  CP_TRY(read_exact(in.get(), claim));
  CP_TRY(hand_over(door, claim, std::move(in), std::move(out)));
  return std::string("carried a stream");
}

Result<std::string> serve_session(UniqueFd in, UniqueFd out, Random& random,
                                  std::chrono::nanoseconds silence, std::string host,
                                  std::string archive, std::stop_token stop) {
  CP_TRY_ASSIGN(auto stream, net::FdStream::make(std::move(in), std::move(out)));
  CP_TRY(stream->set_patience(silence));
  Control control(std::move(stream), kControlPatience);
  RailDesk desk;
  fabric::Loader fabrics;
  CP_TRY_ASSIGN(const auto door, RailDoor::open(desk, random));
  return run_server_session({.control = control,
                             .root = nullptr,
                             .desk = desk,
                             .host = std::move(host),
                             .door = door->name(),
                             .fabrics = fabrics,
                             .random = random,
                             .silence = silence,
                             .archive = std::move(archive)},
                            std::move(stop));
}

}  // namespace

Result<std::string> serve_stdio(UniqueFd in, UniqueFd out, Random& random,
                                std::chrono::nanoseconds silence, std::string host,
                                std::string archive, std::stop_token stop) {
  std::array<std::byte, Preface::encoded_bytes> bytes{};
  CP_TRY(read_all(in.get(), bytes));
  const auto preface = decode_preface(bytes);
  const auto answer =
      encode(Preface{.purpose = preface && preface->purpose == Purpose::order ? Purpose::order
                                                                              : Purpose::control});
  if (!preface || preface->purpose != Purpose::rail) {
    // Also to a peer of another version, so that it can say so.
    CP_TRY(write_all(out.get(), {reinterpret_cast<const char*>(answer.data()), answer.size()}));
  }
  CP_TRY(preface);
  if (preface->purpose == Purpose::order) {
    CP_TRY_ASSIGN(auto stream, net::FdStream::make(std::move(in), std::move(out)));
    CP_TRY(stream->set_patience(silence));
    Control control(std::move(stream), kControlPatience);
    return serve_order(control, std::move(archive), std::move(stop));
  }
  return preface->purpose == Purpose::rail
             ? join_session(std::move(in), std::move(out))
             : serve_session(std::move(in), std::move(out), random, silence, std::move(host),
                             std::move(archive), std::move(stop));
}

}  // namespace cp::transfer
