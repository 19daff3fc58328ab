// SPDX-License-Identifier: Apache-2.0
#include "transfer/verify.hpp"

#include "cli/context.hpp"
#include "cpxfer.hpp"
#include "named_places.hpp"
#include "reach.hpp"
#include "screen.hpp"
#include "selection.hpp"

#include <nlohmann/json.hpp>

#include <array>

namespace cpxfer {
namespace {

using cp::cli::Column;
using cp::cli::Show;

constexpr std::array kVerifyColumns{
    Column{"DIFFERENT", "different", Show::count}, Column{"FILES", "files", Show::count},
    Column{"BYTES", "bytes", Show::bytes}, Column{"DIGEST", "value", Show::id}};

}  // namespace

cp::Result<int> verify(cp::cli::Context& context) {
  cp::transfer::Request request;
  request.sources = context.arguments().operands();
  request.destination = request.sources.back();
  request.sources.pop_back();
  if (context.arguments().has("no-target-directory")) {
    request.placement = cp::transfer::Placement::exact;
  }
  CP_TRY_ASSIGN(request.selection, selection_of(context.arguments(), context.clock()));
  CP_TRY(read_far(context.arguments(), request));
  CP_TRY(resolve_named_places(context, request));
  auto& output = context.output(kVerifyColumns);
  const auto stop = context.stop_on_signals();
  const auto record = [&] {
    Screen screen(context, "comparing", "differs:");
    return cp::transfer::verify(request, screen, stop);
  }();
  if (context.stop_signal() != 0) {
    return 128 + context.stop_signal();
  }
  if (!record) {
    return tl::unexpected<cp::Error>(record.error());
  }
  output.record(*record);
  return context.failed_status();
}

}  // namespace cpxfer
