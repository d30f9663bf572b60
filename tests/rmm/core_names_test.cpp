// SPDX-License-Identifier: GPL-2.0-or-later
// Names that traces and messages show: those of DEN0137.
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <string_view>

#include "rmm/core/granule.h"
#include "rmm/core/realm.h"
#include "rmm/core/rtt_entry.h"

namespace {

template <class State, std::size_t kSize>
void check_names(const std::array<std::string_view, kSize>& names) {
  for (std::size_t i = 0; i < kSize; ++i) CHECK(name(static_cast<State>(i)) == names[i]);
}

}  // namespace

TEST_CASE("every state has the specification's name") {
  using namespace rmm::core;
  check_names<GranuleState, 7>({"UNDELEGATED", "DELEGATED", "RD", "REC", "REC_AUX", "DATA", "RTT"});
  check_names<RealmState, 4>({"NEW", "ACTIVE", "SYSTEM_OFF", "ZOMBIE"});
  check_names<RttState, 5>({"UNASSIGNED", "ASSIGNED", "UNASSIGNED_NS", "ASSIGNED_NS", "TABLE"});
  for (const auto& [ripas, text] : {std::pair{abi::v1_0::Ripas::kEmpty, "EMPTY"},
                                    {abi::v1_0::Ripas::kRam, "RAM"},
                                    {abi::v1_0::Ripas::kDestroyed, "DESTROYED"}})
    CHECK(name(ripas) == text);
}
