// SPDX-License-Identifier: GPL-2.0-or-later
// EL3's PSCI for physical PEs (DEN0022F).
#include <catch2/catch_test_macros.hpp>

#include <array>

#include "rmm/abi/v1_0/function_ids.h"
#include "sim/firmware/psci.h"

using namespace abi::v1_0;
using sim::PePower;

namespace {

constexpr std::uint64_t kEntry = 0x8800'0000;
constexpr std::array<abi::Mpidr, 3> kPes = {{{0}, {0x100}, {0x1'0000}}};

struct Bench {
  sim::PsciState state;
  sim::Psci psci{state, kPes, [](abi::Pa entry) { return entry.value >= 0x8000'0000; }};
  Bench() {
    psci.cold_boot({kEntry});
    state.pes[0].power = PePower::kOn;
  }
  std::int64_t call(std::uint64_t fid, std::uint64_t x1 = 0, std::uint64_t x2 = 0, std::uint64_t x3 = 0,
                    unsigned pe = 0) {
    const auto out = psci.call(pe, {.x = {fid, x1, x2, x3, 0x77}});
    REQUIRE(out);
    CHECK(out->x[4] == 0x77);
    return static_cast<std::int64_t>(out->x[0]);
  }
};

}  // namespace

TEST_CASE("Power-on leaves PE 0 at the entry point and all others off") {
  sim::PsciState state;
  sim::Psci psci(state, kPes, [](abi::Pa) { return true; });
  CHECK(state.pes[0].power == PePower::kOff);
  psci.cold_boot({kEntry});
  CHECK(state.pes[0].power == PePower::kOnPending);
  CHECK(state.pes[0].entry == abi::Pa{kEntry});
  CHECK(state.pes[1].power == PePower::kOff);
}

TEST_CASE("CPU_ON starts a PE that is off, at a valid entry point, with its context") {
  Bench b;
  CHECK(b.call(kPsciCpuOn, 0x200, kEntry) == -2);
  CHECK(b.call(kPsciCpuOn, 0x100, 0x1000) == -9);
  CHECK(b.call(kPsciCpuOn, 0x100, kEntry + 2) == -9);
  CHECK(b.state.pes[1].power == PePower::kOff);
  CHECK(b.call(kPsciCpuOn, 0x100, kEntry + 8, 0x1'0000'0042) == 0);
  CHECK(b.state.pes[1].power == PePower::kOnPending);
  CHECK(b.state.pes[1].entry == abi::Pa{kEntry + 8});
  CHECK(b.state.pes[1].context == 0x1'0000'0042);
  CHECK(b.call(kPsciCpuOn, 0x100, kEntry) == -5);
  b.state.pes[1].power = PePower::kOn;
  CHECK(b.call(kPsciCpuOn, 0x100, kEntry) == -4);
  CHECK(b.call(kPsciCpuOn, 0, kEntry) == -4);
  // SMC32: upper halves are ignored.
  CHECK(b.call(kPsciCpuOn32, 0xdead'0001'0000, kEntry, 0x9'0000'0001) == 0);
  CHECK(b.state.pes[2].context == 1);
}

TEST_CASE("AFFINITY_INFO tells ON, OFF and ON_PENDING of a PE") {
  Bench b;
  CHECK(b.call(kPsciAffinityInfo, 0) == 0);
  CHECK(b.call(kPsciAffinityInfo, 0x100) == 1);
  b.call(kPsciCpuOn, 0x100, kEntry);
  CHECK(b.call(kPsciAffinityInfo32, 0x100) == 2);
  b.state.pes[1].power = PePower::kStandby;
  CHECK(b.call(kPsciAffinityInfo, 0x100) == 0);
  CHECK(b.call(kPsciAffinityInfo, 0x300) == -2);
  CHECK(b.call(kPsciAffinityInfo, 0, 1) == -2);
}

TEST_CASE("CPU_OFF, CPU_SUSPEND, SYSTEM_OFF and SYSTEM_RESET change who is on") {
  Bench b;
  b.state.pes[1].power = PePower::kOn;
  b.call(kPsciCpuOff, 0, 0, 0, 1);
  CHECK(b.state.pes[1].power == PePower::kOff);
  CHECK(b.call(kPsciCpuSuspend, 1U << 20) == -2);
  CHECK(b.call(kPsciCpuSuspend, 1U << 16, 0x10) == -9);
  CHECK(b.state.pes[0].power == PePower::kOn);
  b.call(kPsciCpuSuspend, 0);
  CHECK(b.state.pes[0].power == PePower::kStandby);
  b.call(kPsciCpuSuspend32, 1U << 16, kEntry + 4, 5);
  CHECK(b.state.pes[0].power == PePower::kPowerDown);
  CHECK(b.state.pes[0].entry == abi::Pa{kEntry + 4});
  CHECK(b.state.pes[0].context == 5);
  CHECK(b.state.system == sim::SystemPower::kOn);
  b.call(kPsciSystemReset);
  CHECK(b.state.system == sim::SystemPower::kReset);
  b.call(kPsciSystemOff);
  CHECK(b.state.system == sim::SystemPower::kOff);
}

TEST_CASE("PSCI says its version and features; what it doesn't have is somebody else's") {
  Bench b;
  CHECK(b.call(kPsciVersion) == 0x10001);
  CHECK(b.call(kPsciMigrateInfoType) == 2);
  CHECK(b.call(kPsciFeatures, kPsciCpuOn) == 0);
  CHECK(b.call(kPsciFeatures, kPsciSystemReset) == 0);
  CHECK(b.call(kPsciFeatures, kSmcccVersion) == 0);
  CHECK(b.call(kPsciFeatures, 0x8400'0005) == -1);
  CHECK_FALSE(b.psci.call(0, {.x = {0x8400'0005}}));
  CHECK_FALSE(b.psci.call(0, {.x = {kRmiVersion}}));
}
