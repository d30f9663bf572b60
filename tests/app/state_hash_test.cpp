// SPDX-License-Identifier: GPL-2.0-or-later
#include <catch2/catch_test_macros.hpp>

#include "rmm/core/monitor_state.h"
#include "sim/app/state_hash.h"

using sim::app::StateHasher;

namespace {

template <class T>
std::string hash(const T& value) {
  StateHasher hasher;
  hasher.add(value);
  return hasher.hex();
}

}  // namespace

TEST_CASE("equal states have equal hashes and each kind of change shows") {
  rmm::core::MonitorState state;
  state.realms[0].ipa_width = 33;
  state.recs[0].mpidr.value = 1;
  const std::string before = hash(state);
  rmm::core::MonitorState copy = state;
  CHECK(hash(copy) == before);

  copy.recs[0].host_call_pending = true;
  CHECK(hash(copy) != before);
  copy = state;
  copy.vmids.set(7);
  CHECK(hash(copy) != before);
  copy = state;
  copy.realms[1];
  CHECK(hash(copy) != before);
}

TEST_CASE("containers of different shape do not collide") {
  CHECK(hash(std::vector<std::vector<std::uint8_t>>{{1}, {}}) != hash(std::vector<std::vector<std::uint8_t>>{{}, {1}}));
  CHECK(hash(std::vector<std::string>{"ab", "c"}) != hash(std::vector<std::string>{"a", "bc"}));
}
