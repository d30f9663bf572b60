// SPDX-License-Identifier: GPL-2.0-or-later
// The walks of RMI_RTT_INIT_RIPAS (D5) and RMI_RTT_SET_RIPAS (D6), and the realm's view of it.
#include <algorithm>

#include "tests/spec/scene.h"

namespace rmm::spec {
namespace {
using namespace abi::v1_0;

std::vector<std::uint64_t> tops(const std::vector<Outcome>& outcomes) {
  std::vector<std::uint64_t> out;
  for (const Outcome& outcome : outcomes) {
    CHECK(outcome.condition.empty());
    out.push_back(outcome.regs.x[1]);
  }
  std::sort(out.begin(), out.end());
  return out;
}

TEST_CASE("D5: INIT_RIPAS ends at top, at the table's end and at what is not UNASSIGNED") {
  Scene scene;
  const std::uint64_t rd = scene.made.value;
  CHECK(scene.done(kRmiRttInitRipas, {rd, 0, 0x8000}).regs.x[1] == 0x2000);  // DATA at 0x2000
  CHECK(scene.done(kRmiRttInitRipas, {rd, 0x3000, 0x5000}).regs.x[1] == 0x5000);
  CHECK(scene.done(kRmiRttInitRipas, {rd, 0x3000, 0x300000}).regs.x[1] == 0x200000);
  CHECK(scene.done(kRmiRttInitRipas, {rd, 0x200000, 0x800000}).regs.x[1] == 0x400000);  // a table at 0x400000
  CHECK(scene.entry(scene.made, 0x200000).ripas == Ripas::kRam);
  CHECK(scene.entry(scene.made, 0x400000).ripas == Ripas::kEmpty);
  // Level 2 entries: top is aligned down.
  CHECK(scene.done(kRmiRttInitRipas, {rd, 0x600000, 0x900000}).regs.x[1] == 0x800000);
  CHECK(scene.entry(scene.made, 0x800000).ripas == Ripas::kEmpty);
}

TEST_CASE("D5: INIT_RIPAS changes DESTROYED entries too") {
  Scene scene;
  scene.done(kRmiRttDestroy, {scene.made.value, 0x400000, 3});
  scene.done(kRmiRttInitRipas, {scene.made.value, 0x400000, 0x600000});
  CHECK(scene.entry(scene.made, 0x400000).ripas == Ripas::kRam);
}

TEST_CASE("SET_RIPAS changes whole entries up to top and moves the window") {
  Scene scene;
  const std::uint64_t rd = scene.active.value;
  scene.ripas_request(0, 0x10000, Ripas::kEmpty);
  const Outcome done = scene.done(kRmiRttSetRipas, {rd, scene.third.value, 0, 0x4000});
  CHECK(done.regs.x[1] == 0x4000);
  CHECK(scene.rec_of(scene.third).ripas_addr == Ipa{0x4000});
  CHECK(scene.rec_of(scene.third).ripas_top == Ipa{0x10000});
  CHECK(scene.entry(scene.active, 0x1000).state == EntryState::kAssigned);  // HIPAS stays
  CHECK(scene.entry(scene.active, 0x1000).ripas == Ripas::kEmpty);
  CHECK(scene.entry(scene.active, 0x4000).ripas == Ripas::kRam);
}

TEST_CASE("SET_RIPAS stops at a table, at the table's end, and at DESTROYED unless the realm allows the change") {
  for (const bool change_destroyed : {false, true}) {
    Scene scene;
    const std::uint64_t rd = scene.active.value;
    scene.done(kRmiDataDestroy, {rd, 0x2000});
    scene.ripas_request(0, 0x400000, Ripas::kEmpty, change_destroyed);
    const Outcome done = scene.done(kRmiRttSetRipas, {rd, scene.third.value, 0, 0x400000});
    CHECK(done.regs.x[1] == (change_destroyed ? 0x200000 : 0x2000));
    CHECK(scene.entry(scene.active, 0x2000).ripas == (change_destroyed ? Ripas::kEmpty : Ripas::kDestroyed));
    if (change_destroyed) continue;
    const auto stuck = scene.allowed(Bench::host(kRmiRttSetRipas, {rd, scene.third.value, 0x2000, 0x400000}));
    REQUIRE(stuck.size() == 1);
    CHECK(stuck[0].condition == "no_progress");
    CHECK(stuck[0].regs.x[0] == 0x304);
  }
}

TEST_CASE(
    "D6: where nothing needs to change at base, top and base may be unaligned, and progress is never below base") {
  Scene scene;
  const std::uint64_t rd = scene.active.value;
  auto set = [&](std::uint64_t base, std::uint64_t top) {
    scene.ripas_request(base, 0x800000, Ripas::kEmpty);
    return tops(scene.allowed(Bench::host(kRmiRttSetRipas, {rd, scene.third.value, base, top})));
  };
  // 0x200000 is one EMPTY entry of level 2; so are the next ones.
  CHECK(set(0x200000, 0x201000) == std::vector<std::uint64_t>{0x201000});
  CHECK(set(0x201000, 0x203000) == std::vector<std::uint64_t>{0x203000});
  CHECK(set(0x201000, 0x300000) == std::vector<std::uint64_t>{0x300000});
  // Beyond the first entry the page's own result is progress as well.
  CHECK(set(0x201000, 0x500000) == std::vector<std::uint64_t>{0x400000});
  CHECK(set(0x200000, 0x600000) == std::vector<std::uint64_t>{0x400000, 0x600000});
}

TEST_CASE("D6: SET_RIPAS does not test the realm's state") {
  Scene scene;
  Call call = scene.good(kRmiRttSetRipas);
  scene.realm_of(scene.active).state = RealmState::kSystemOff;
  CHECK(reported(scene.allowed(call), "") != nullptr);
}

TEST_CASE("I14: without a request no window is open") {
  Scene scene;
  const auto outcomes = scene.allowed(Bench::host(kRmiRttSetRipas, {scene.active.value, scene.third.value, 0, 0x1000}));
  REQUIRE(!outcomes.empty());
  for (const Outcome& outcome : outcomes) CHECK(!outcome.condition.empty());
  CHECK(reported(outcomes, "top_bound") != nullptr);
}

TEST_CASE("IPA_STATE_GET: any out_top within the run of one RIPAS") {
  Scene scene;
  const auto outcomes = scene.allowed(Bench::guest(scene.caller, kRsiIpaStateGet, {0xe000, 0x20000}));
  REQUIRE(outcomes.size() == 1);
  abi::SmcRegs regs = outcomes[0].regs;
  CHECK(regs.x[2] == 1);
  for (const auto& [out_top, fits] :
       {std::pair{0xf000ULL, true}, {0x10000ULL, true}, {0xe000ULL, false}, {0x11000ULL, false}, {0xf800ULL, false}}) {
    regs.x[1] = out_top;
    CHECK(outcomes[0].also(regs) == fits);
  }
  const auto beyond = scene.allowed(Bench::guest(scene.caller, kRsiIpaStateGet, {0x10000, 0x40000000}));
  regs.x[1] = 0x40000000;
  CHECK(beyond.at(0).also(regs));
  regs.x[1] = 0x40001000;
  CHECK(!beyond.at(0).also(regs));
}

}  // namespace
}  // namespace rmm::spec
