// SPDX-License-Identifier: GPL-2.0-or-later
// Answers of `ccasim inspect`: granules, walks, tables, realms and RECs of a machine that stands still.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <tl/expected.hpp>

#include "rmm/core/monitor_state.h"
#include "rmm/port/platform.h"
#include "sim/trace/granule_history.h"

namespace sim::app {

struct GranuleQuery {
  abi::GranulePa granule;
};
struct WalkQuery {
  std::string realm;
  abi::Ipa ipa;
};
struct RttQuery {
  std::string realm;
};
struct RealmQuery {
  std::string realm;
};
struct RecQuery {
  std::string realm;
  unsigned index;
};
using Query = std::variant<GranuleQuery, WalkQuery, RttQuery, RealmQuery, RecQuery>;

// "walk linux 0x80000000" and so on. Error: what a query looks like.
tl::expected<Query, std::string> parse_query(std::string_view text);

// The VM that a query names; empty for a granule.
std::string_view realm_of(const Query& query);

class Inspector {
 public:
  // Finds the realm of a VM by the VM's name: nullptr if the VM has none (any more).
  using FindRealm = std::function<const rmm::core::Realm*(std::string_view)>;

  Inspector(rmm::port::Platform& platform, rmm::core::MonitorState& state, const trace::GranuleHistory& history,
            FindRealm find_realm)
      : platform_(platform), state_(state), history_(history), find_realm_(std::move(find_realm)) {}

  // Text of one or more lines.
  std::string answer(const Query& query);

 private:
  std::string answer_to(const GranuleQuery& query);
  std::string answer_to(const WalkQuery& query);
  std::string answer_to(const RttQuery& query);
  std::string answer_to(const RealmQuery& query);
  std::string answer_to(const RecQuery& query);
  void table(const rmm::core::Realm& realm, abi::GranulePa table, int level, abi::Ipa base, std::string& out);

  rmm::port::Platform& platform_;
  rmm::core::MonitorState& state_;
  const trace::GranuleHistory& history_;
  FindRealm find_realm_;
};

}  // namespace sim::app
