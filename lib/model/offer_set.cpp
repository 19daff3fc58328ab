// SPDX-License-Identifier: Apache-2.0
#include "model/offer_set.hpp"

#include "model/document.hpp"

namespace cp::model {
namespace {

std::string place(const Origin& origin) { return fmt::format("{}:{}", origin.name, origin.line); }

}  // namespace

Result<OfferSet> read_offers(JsonReader& reader, bool allow_partial) {
  OfferSet set;
  while (true) {
    CP_TRY_ASSIGN(auto document, reader.next());
    if (!document) {
      break;
    }
    if (!document->is_object()) {
      return fail(Errc::bad_data, "{}: a document is an object", place(reader.origin()));
    }
    if (is_a(*document, "cp.offer")) {
      if (set.answer) {
        return fail(Errc::bad_data, "{}: an offer follows the closing cp.answer",
                    place(reader.origin()));
      }
      if (const auto fits = require(*document, "cp.offer"); !fits) {
        return fail(Errc::bad_data, "{}: {}", place(reader.origin()), fits.error().message);
      }
      set.offers.push_back(std::move(*document));
    } else if (is_a(*document, "cp.answer")) {
      CP_TRY(require(*document, "cp.answer"));
      set.answer = std::move(*document);
    } else {
      set.others.push_back(std::move(*document));
    }
  }
  if (!set.answer && !allow_partial) {
    return with_hint(fail(Errc::bad_data, "the offers end without their closing cp.answer"),
                     "whoever wrote them died on the way; --allow-partial takes what came");
  }
  return set;
}

}  // namespace cp::model
