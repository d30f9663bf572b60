// SPDX-License-Identifier: GPL-2.0-or-later
#include <catch2/catch_test_macros.hpp>
#include <vector>

#include "rmm/abi/v1_0/function_ids.h"
#include "sim/firmware/costs.h"
#include "sim/firmware/el3.h"
#include "sim/mem/ns_view.h"
#include "sim/sched/scheduler.h"

namespace {

namespace ids = abi::v1_0;

constexpr std::uint64_t kBase = 0x80000000;

struct Platform {
  sim::Dram dram{{{{kBase}, 0x100000}, {{0x8'80000000}, 0x100000}}};
  sim::GptState gpt_state;
  sim::Gpt gpt{gpt_state, dram};
  sim::SchedulerState state;
  sim::RoundRobin round_robin;
  sim::Scheduler sched{state, round_robin};
  sim::El3 el3{dram, gpt, sched, [this]() -> rmm::port::Pe& { return sched.current_pe_object(); }};

  Platform() {
    sched.spawn("cpu0", [] {});
  }
  abi::SmcRegs call(std::uint32_t fid, std::uint64_t x1 = 0) {
    abi::SmcRegs in;
    for (std::size_t i = 0; i < in.x.size(); ++i) in.x[i] = 0x100 + i;
    in.x[0] = fid;
    in.x[1] = x1;
    return el3.smc(in);
  }
  abi::GranulePa granule(std::uint64_t offset) const { return abi::GranulePa::containing({kBase + offset}); }
};

}  // namespace

TEST_CASE("An RMI call reaches the monitor with the caller's PE and costs a world switch") {
  Platform p;
  std::vector<std::uint16_t> pes;
  p.el3.set_monitor([&](rmm::port::Pe& pe, const abi::SmcRegs& in) {
    pes.push_back(pe.id().value);
    abi::SmcRegs out = in;
    out.x[0] = 0x42;
    return out;
  });
  p.sched.spawn("cpu1", [&] {
    const auto before = p.sched.now_ns();
    const auto out = p.call(ids::kRmiGranuleDelegate, kBase);
    CHECK(out.x[0] == 0x42);
    CHECK(out.x[5] == 0x105);
    CHECK(p.sched.now_ns() - before == sim::costs::kSmcNs + sim::costs::kWorldSwitchNs + sim::costs::kGranuleNs);
  });
  p.sched.run();
  CHECK(pes == std::vector<std::uint16_t>{1});
}

TEST_CASE("Firmware answers SMCCC and PSCI of the host itself") {
  Platform p;
  CHECK(p.call(ids::kSmcccVersion).x[0] == 0x10002);
  CHECK(p.call(ids::kPsciVersion).x[0] == 0x10001);
  CHECK(p.call(ids::kPsciFeatures, ids::kSmcccVersion).x[0] == 0);
  CHECK(p.call(ids::kPsciFeatures, ids::kPsciSystemOff).x[0] == abi::kSmcNotSupported);
  CHECK(p.call(ids::kPsciVersion).x[7] == 0x107);
}

TEST_CASE("Unknown functions answer NOT_SUPPORTED, RSI calls of the normal world and RMI without a monitor too") {
  Platform p;
  CHECK(p.call(0xC4000150).x[0] == abi::kSmcNotSupported);
  CHECK(p.call(ids::kRsiVersion).x[0] == abi::kSmcNotSupported);
  CHECK(p.call(0x86001234).x[0] == abi::kSmcNotSupported);
  CHECK(p.call(ids::kPsciCpuOn).x[0] == abi::kSmcNotSupported);
}

TEST_CASE("An injected SMC failure replaces the call") {
  Platform p;
  int reached = 0;
  p.el3.set_monitor([&](rmm::port::Pe&, const abi::SmcRegs& in) {
    ++reached;
    return in;
  });
  p.el3.set_smc_fault([](const abi::SmcRegs& in) -> std::optional<abi::SmcRegs> {
    if (in.fid() != ids::kRmiDataCreate) return std::nullopt;
    abi::SmcRegs out = in;
    out.x[0] = 7;
    return out;
  });
  CHECK(p.call(ids::kRmiDataCreate).x[0] == 7);
  CHECK(reached == 0);
  p.call(ids::kRmiVersion);
  CHECK(reached == 1);
}

TEST_CASE("The monitor moves DRAM granules between Non-secure and Realm, and the views follow at once") {
  Platform p;
  sim::NsView ns(p.dram, p.gpt);
  std::array<std::byte, 4> bytes{};
  CHECK(p.el3.banks().size() == 2);
  CHECK(p.el3.pas(p.granule(0)) == abi::Pas::kNonSecure);
  REQUIRE(p.el3.set_pas(p.granule(0), abi::Pas::kRealm));
  CHECK(p.el3.pas(p.granule(0)) == abi::Pas::kRealm);
  CHECK_FALSE(ns.read({kBase}, bytes));
  REQUIRE(p.el3.set_pas(p.granule(0), abi::Pas::kNonSecure));
  CHECK(ns.read({kBase}, bytes));
}

TEST_CASE("Firmware refuses Root and Secure granules, foreign addresses and what a hook refuses, and changes nothing") {
  Platform p;
  CHECK_FALSE(p.el3.set_pas(abi::GranulePa::containing({0x1000}), abi::Pas::kRealm));
  CHECK_FALSE(p.el3.set_pas(p.granule(0), abi::Pas::kRoot));
  CHECK_FALSE(p.el3.set_pas(p.granule(0), abi::Pas::kSecure));
  p.gpt.set(p.granule(0x1000), abi::Pas::kRoot);
  CHECK_FALSE(p.el3.set_pas(p.granule(0x1000), abi::Pas::kRealm));
  CHECK(p.el3.pas(p.granule(0x1000)) == abi::Pas::kRoot);
  p.el3.set_pas_refusal([&](abi::GranulePa g, abi::Pas) { return g == p.granule(0x2000); });
  CHECK_FALSE(p.el3.set_pas(p.granule(0x2000), abi::Pas::kRealm));
  CHECK(p.el3.pas(p.granule(0x2000)) == abi::Pas::kNonSecure);
  CHECK(p.el3.set_pas(p.granule(0x3000), abi::Pas::kRealm));
}

TEST_CASE("PE state holds the virtual CPU interface, and MISR is computed from it") {
  Platform p;
  auto& pe = p.sched.current_pe_object();
  pe.ich().hcr = abi::gic::kHcrEn | abi::gic::kHcrNpie;
  CHECK(pe.ich_misr() == abi::gic::kMisrNp);
  CHECK(p.state.actors[0].pe.ich.hcr == pe.ich().hcr);
  CHECK_FALSE(pe.irq_pending());
  p.sched.kick({0});
  CHECK(pe.irq_pending());
  CHECK_FALSE(pe.fiq_pending());
}
