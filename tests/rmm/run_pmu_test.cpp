// SPDX-License-Identifier: GPL-2.0-or-later
// The realm's PMU as monitor and host see it (DEN0137 A3.1.5, A8.1).
#include <catch2/catch_test_macros.hpp>

#include "rmm/abi/arch/pmu.h"
#include "rmm/run/id_registers.h"
#include "tests/rmm/rmi_bench.h"
#include "tests/rmm/run_bench.h"

using namespace bench;
namespace pmu = abi::pmu;

namespace {

constexpr std::uint8_t kActive = 1;
constexpr std::uint32_t kDfr0 = abi::sysreg_key(3, 0, 0, 5, 0);

struct PmuBench : Bench {
  explicit PmuBench(bool has_pmu = true) {
    realm().pmu = has_pmu;
    realm().pmu_num_ctrs = 4;
  }
  void overflow(std::uint64_t counters) {
    cpu().set_sysreg(pmu::kPmcrEl0, pmu::kPmcrE);
    cpu().set_sysreg(pmu::kPmintensetEl1, 0x3);
    cpu().set_sysreg(pmu::kPmovssetEl0, counters);
  }
};

// What the realm does until the monitor looks: its counters become these, then it asks for the PSCI version.
Cpu::Act overflow_and_call(std::uint64_t counters) {
  return [counters](Cpu& c) {
    c.set_sysreg(pmu::kPmovssetEl0, counters);
    c.set_x(0, v1_0::kPsciVersion);
    return abi::Exception{.esr = esr::make(esr::Ec::kSmc64, 0)};
  };
}

}  // namespace

TEST_CASE("A8.1: an exit tells whether an overflow interrupt is active") {
  struct Row {
    std::uint64_t control, enabled, overflowed;
    std::uint8_t status;
  };
  constexpr std::uint64_t kAll = pmu::kPmcrE;
  for (const Row& row :
       {Row{kAll, 1, 1, 1}, {kAll, 1, 2, 0}, {kAll, 0, 3, 0}, {0, 1, 1, 0}, {kAll, 1ULL << 31, 1ULL << 31, 1}}) {
    PmuBench b;
    b.cpu().set_sysreg(pmu::kPmcrEl0, row.control);
    b.cpu().set_sysreg(pmu::kPmintensetEl1, row.enabled);
    b.cpu().set_sysreg(pmu::kPmovssetEl0, row.overflowed);
    CHECK(b.enter().pmu_ovf_status == row.status);
  }
}

TEST_CASE("A8.1: the realm runs with the counters that it was created with") {
  PmuBench b;
  b.enter();
  CHECK(b.cpu().controls.pmu_counters == std::optional<std::uint8_t>{4});
  CHECK(b.cpu().controls.pmu_irq);
  PmuBench without(false);
  without.overflow(1);
  CHECK(without.enter().pmu_ovf_status == 0);
  CHECK_FALSE(without.cpu().controls.pmu_counters);
}

TEST_CASE("A8.1: an overflow that the host has seen makes no other exit until it has ended") {
  PmuBench b;
  b.overflow(1);
  CHECK(b.enter().pmu_ovf_status == kActive);
  b.then(overflow_and_call(1)).then(overflow_and_call(0)).then([](Cpu& c) {
    CHECK(c.controls.pmu_irq);
    return abi::Exception{.kind = abi::ExceptionKind::kIrq};
  });
  const int before = b.cpu().runs;
  CHECK(b.enter().exit_reason == reason(v1_0::RecExitReason::kIrq));
  CHECK(b.cpu().runs == before + 3);
  CHECK(b.exit.pmu_ovf_status == 0);
  b.overflow(2);
  b.enter();
  b.enter();
  CHECK_FALSE(b.cpu().controls.pmu_irq);
}

TEST_CASE("A3.1.5 PMU: a realm that has one sees its version, another none") {
  PmuBench b;
  b.cpu().ids[kDfr0] = 0x6ULL << 8 | 0x6;
  const auto shown = [&] { return rmm::run::realm_id_register(kDfr0, b.cpu(), b.realm(), b.limits); };
  CHECK(((shown() >> 8) & 0xf) == 6);
  b.realm().pmu = false;
  CHECK(((shown() >> 8) & 0xf) == 0);
  CHECK((shown() & 0xf) == 6);  // DebugVer beside it is the hardware's (A3.1.4)
}

TEST_CASE("A3.1.5 PMU: where it is offered, a realm may ask for as many counters as there are") {
  rmm::core::Limits limits;
  limits.pmu = true;
  limits.pmu_num_ctrs = 6;
  for (const std::uint8_t counters : std::initializer_list<std::uint8_t>{0, 6, 7}) {
    rmi::Bench r(limits);
    const auto features = v1_0::FeatureRegister0::from_raw(r.succeeds(v1_0::kRmiFeatures, 0).x[1]);
    CHECK(features.pmu);
    CHECK(features.pmu_num_ctrs == 6);
    const abi::Pa rd = r.delegated(), rtt = r.delegated(), params = r.ns();
    auto p = rmi::realm_params({}, rtt);
    p.flags = v1_0::kRealmFlagPmu;
    p.pmu_num_ctrs = counters;
    r.put(params, p);
    if (counters > 6) {
      r.fails_input("params_supp", v1_0::kRmiRealmCreate, rd, params);
      continue;
    }
    r.succeeds(v1_0::kRmiRealmCreate, rd, params);
    CHECK(r.realm(rd).pmu);
    CHECK(r.realm(rd).pmu_num_ctrs == counters);
  }
}
