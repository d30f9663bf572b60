// SPDX-License-Identifier: GPL-2.0-or-later
// Three monitors that are broken on purpose, each caught under --check with a text that says what happened, where,
// which rule that breaks and what to read next: RIPAS changed by RTT_FOLD, a TLB invalidation forgotten, a wipe
// skipped.
#include <algorithm>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch_test_case_info.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/interfaces/catch_interfaces_registry_hub.hpp>
#include <catch2/interfaces/catch_interfaces_testcase.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "rmm/abi/v1_0/function_ids.h"
#include "sim/app/summary.h"
#include "sim/app/translation_checks.h"
#include "tests/app/broken_monitor.h"
#include "tests/app/machine_bench.h"
#include "tests/rmm/invariants_watched_bench.h"

using namespace broken;
using Catch::Matchers::ContainsSubstring;
using watched::ids;
namespace call = rmm::call;
namespace core = rmm::core;
namespace v1_0 = abi::v1_0;

namespace {

// Fills a block of its memory granule by granule and gives the block back to the host: the host destroys 512 granules,
// folds their table, and makes the block EMPTY.
constexpr std::uint32_t kGivesBlockAway[] = {
    0xd2b04014,  //    mov x20, #0x82000000   IPA of the 2 MiB that it gives away
    0xaa1403f6,  //    mov x22, x20
    0xd2804015,  //    mov x21, #512
    0xf90002d5,  // 1: str x21, [x22]
    0x914006d6,  //    add x22, x22, #0x1000
    0xf10006b5,  //    subs x21, x21, #1
    0x54ffffa1,  //    b.ne 1b
    0xd28032e0,  // 2: mov x0, #0x197
    0xf2b88000,  //    movk x0, #0xc400, lsl #16     RSI_IPA_STATE_SET
    0xaa1403e1,  //    mov x1, x20                   base
    0xaa1603e2,  //    mov x2, x22                   top
    0xd2800003,  //    mov x3, #0                    EMPTY
    0xd2800024,  //    mov x4, #1                    CHANGE_DESTROYED
    0xd4000003,  //    smc #0
    0xb5000080,  //    cbnz x0, 3f
    0xaa0103f4,  //    mov x20, x1
    0xeb16029f,  //    cmp x20, x22
    0x54fffec1,  //    b.ne 2b
    0xd2800100,  // 3: mov x0, #8
    0xf2b08000,  //    movk x0, #0x8400, lsl #16     PSCI_SYSTEM_OFF
    0xd4000003,  //    smc #0
};

sim::app::RunConfig gives_block_away() {
  sim::app::RunConfig config;
  host::vmm::VmConfig vm;
  vm.name = "giver";
  vm.memory = 64 * host::vmm::kMiB;
  vm.boot = host::vmm::Boot::kRaw;
  std::vector<std::byte> bytes(sizeof kGivesBlockAway);
  std::memcpy(bytes.data(), kGivesBlockAway, sizeof kGivesBlockAway);
  vm.binaries.push_back({.path = {}, .bytes = bytes, .ipa = {0x8000'0000}, .measured = true});
  config.vms.push_back(vm);
  config.machine.memory = sim::app::automatic_memory(config.vms);
  return config;
}

// A machine under --check that runs the guest above to its end.
class CheckedMachine {
 public:
  CheckedMachine() : machine_(bench::machine(config_, surroundings())) {}
  sim::app::Machine& machine() { return *machine_; }
  const core::Limits& limits() const { return config_.machine.limits; }
  // What a person is told at the end.
  std::string told() {
    const auto end = bench::run_to_end(*machine_);
    machine_->check_now();
    findings_ = machine_->findings().found();
    fids_ = end.report.checks;
    sim::app::RunReport report = end.report;
    report.findings = findings_;
    return sim::app::findings_text(report);
  }
  const std::vector<std::string>& findings() const { return findings_; }
  const std::map<std::string, std::uint64_t>& checks() const { return fids_; }

 private:
  static sim::app::Surroundings surroundings() {
    sim::app::Surroundings out;
    out.check = true;
    out.limits.max_instructions = 10'000'000;
    return out;
  }
  sim::app::RunConfig config_ = gives_block_away();
  std::unique_ptr<sim::app::Machine> machine_;
  std::vector<std::string> findings_;
  std::map<std::string, std::uint64_t> fids_;
};

bool has(const std::set<std::string>& ids, const char* id) { return ids.contains(id); }

constexpr call::Parameter kFoldIn[] = {{"rd", 1}, {"ipa", 2}, {"level", 3}};
constexpr call::Parameter kFoldOut[] = {{"rtt", 1}};
constexpr call::Command kFold{.interface = rmm::port::Interface::kRmi,
                              .name = "RMI_RTT_FOLD",
                              .fid = v1_0::kRmiRttFold,
                              .in = kFoldIn,
                              .out = kFoldOut};
// As RMI_RTT_FOLD, but the parent's entry comes out as RAM, whatever the table's entries said.
constexpr call::Row kFoldsToRam = call::make_row<kFold, [](call::Call<kFold>& c) {
  const core::GranuleLocks locks(c.core(), {{abi::GranulePa::containing({c.in<"rd">()}), core::GranuleState::kRd}},
                                 "rtt_fold");
  const core::LockedRealm realm(c.core(), locks.as<core::GranuleState::kRd>(0));
  const int parent = static_cast<int>(c.in<"level">()) - 1;
  const core::RttWalk walk = core::walk(c.core(), *realm, {c.in<"ipa">()}, parent);
  const auto refused = [&](int level) {
    return c.done_as(static_cast<std::uint64_t>(v1_0::RmiStatus::kErrorRtt) | static_cast<std::uint64_t>(level) << 8);
  };
  if (walk.level < parent || walk.entry.state != core::RttState::kTable) return refused(walk.level);
  const auto table = abi::GranulePa::containing(walk.entry.address);
  core::FoldResult fold = core::fold_result(c.core(), table, parent + 1);
  if (!fold.homogeneous) return refused(parent + 1);
  if (fold.parent.state == core::RttState::kUnassigned) fold.parent.ripas = v1_0::Ripas::kRam;
  core::rtt_fold(c.core(), realm, walk, fold.parent);
  return c.done(table.pa().value);
}>();

}  // namespace

TEST_CASE("a sound monitor: the guest that gives a block away makes the host destroy, fold and change RIPAS") {
  CheckedMachine run;
  CHECK(run.told().empty());
  CHECK(run.machine().statistics().rmi().at("RMI_DATA_DESTROY").at("RMI_SUCCESS") >= 512);
  CHECK(run.machine().statistics().rmi().at("RMI_RTT_FOLD").at("RMI_SUCCESS") >= 1);
  CHECK(run.checks().at("I13") >= 512);
  CHECK(run.checks().at("I17") >= 1);
}

TEST_CASE("I14: a monitor that changes RIPAS by RTT_FOLD is caught on the whole machine", "[broken]") {
  CheckedMachine run;
  MonitorOfMachine monitor(run.machine(), run.machine().monitor_ports(), run.limits());
  monitor.replace(kFoldsToRam);
  const std::string told = run.told();
  INFO(told);
  const auto found = ids(run.findings());
  CHECK(has(found, "I14"));
  CHECK(has(found, "I12"));
  for (const char* words :
       {"FINDING I14: RMI_RTT_FOLD changed RIPAS of IPA [0x82000000, 0x82200000) from DESTROYED to RAM",
        "in the realm with RD 0x", "which is ACTIVE and has not asked for it", "during RMI_RTT_FOLD(rd 0x",
        "ipa 0x82000000, level 0x3) on PE", "rule I14: After activation the host alone",
        "next: 'ccasim explain I12', or all rules", "docs/invariants.md"})
    CHECK_THAT(told, ContainsSubstring(words));
}

TEST_CASE("I14: a monitor that changes RIPAS by RTT_FOLD is caught on the fake platform", "[broken]") {
  const auto scene = [](watched::Watched& m) {
    rmi::TestRealm r(m.bench);
    r.add_rtts(0);
    r.init_ripas(rmi::kPage, 2 * rmi::kPage);
    r.add_rtts(rmi::kBlock2);
    r.activate();
    m.replace(kFoldsToRam);
    m.bench.succeeds(v1_0::kRmiRttFold, r.rd, rmi::kBlock2, 3);
    CHECK(m.bench.call(v1_0::kRmiRttFold, r.rd, 0, 3).status == v1_0::RmiStatus::kErrorRtt);  // not homogeneous
  };
  watched::Watched sound(false), monitor(true);
  scene(sound);
  CHECK(sound.findings.found().empty());
  scene(monitor);
  const auto found = ids(monitor.findings.found());
  CHECK(has(found, "I14"));
  CHECK(has(found, "I12"));
}

TEST_CASE("I13: a monitor that forgets the invalidation in DATA_DESTROY is caught on the whole machine", "[broken]") {
  CheckedMachine run;
  const rmm::port::Platform ports = run.machine().monitor_ports();
  ForgetfulTlb tlb(ports.tlb);
  MonitorOfMachine monitor(run.machine(),
                           {ports.memory, ports.gpt, tlb, ports.cpus, ports.sync, ports.clock, ports.entropy,
                            ports.observer, ports.attestation},
                           run.limits());
  tlb.forgets = [&](abi::Vmid, abi::IpaRange) { return monitor.last_called() == v1_0::kRmiDataDestroy; };
  const std::string told = run.told();
  INFO(told);
  CHECK(has(ids(run.findings()), "I13"));
  for (const char* words :
       {"FINDING I13: the level 3 entry of IPA 0x82000000 in the realm with RD 0x",
        "went from ASSIGNED with RIPAS RAM to UNASSIGNED with RIPAS DESTROYED",
        "still takes IPA 0x82000000 to granule 0x", "the monitor did not invalidate it",
        "during RMI_DATA_DESTROY(rd 0x", "ipa 0x82000000) on PE",
        "rule I13: After a destruction, unmapping, fold or RIPAS change no TLB holds an entry of before.",
        "next: 'ccasim explain I13'"})
    CHECK_THAT(told, ContainsSubstring(words));
}

TEST_CASE("I3: a monitor that skips the wipe in DATA_DESTROY is caught on the whole machine", "[broken]") {
  CheckedMachine run;
  const rmm::port::Platform ports = run.machine().monitor_ports();
  ForgetfulMemory memory(ports.memory);
  MonitorOfMachine monitor(run.machine(),
                           {memory, ports.gpt, ports.tlb, ports.cpus, ports.sync, ports.clock, ports.entropy,
                            ports.observer, ports.attestation},
                           run.limits());
  memory.forgets = [&](abi::GranulePa) { return monitor.last_called() == v1_0::kRmiDataDestroy; };
  const std::string told = run.told();
  INFO(told);
  CHECK(has(ids(run.findings()), "I3"));
  // The guest has written the number of granules that were left into each.
  for (const char* words :
       {"FINDING I3: granule 0x", "was not wiped: 1 bytes of its last use as DATA by the realm with RD 0x",
        "the first is 0x2 at offset 0x1", "during RMI_DATA_DESTROY(rd 0x", "ipa 0x82000000) on PE",
        "rule I3: What a realm or the monitor wrote can be read neither by the host", "next: 'ccasim explain I3'"})
    CHECK_THAT(told, ContainsSubstring(words));
}

TEST_CASE("I17: a monitor that never invalidates leaves translations of a VMID that the next realm may get",
          "[broken]") {
  CheckedMachine run;
  const rmm::port::Platform ports = run.machine().monitor_ports();
  ForgetfulTlb tlb(ports.tlb);
  tlb.forgets = [](abi::Vmid, abi::IpaRange) { return true; };
  const MonitorOfMachine monitor(run.machine(),
                                 {ports.memory, ports.gpt, tlb, ports.cpus, ports.sync, ports.clock, ports.entropy,
                                  ports.observer, ports.attestation},
                                 run.limits());
  const std::string told = run.told();
  INFO(told);
  CHECK(has(ids(run.findings()), "I17"));
  CHECK_THAT(told, ContainsSubstring(" more findings, left out here"));
  CHECK_THAT(told, ContainsSubstring("rule I17: Live realms have different VMIDs"));
}

namespace {

// The fake platform with TLBs: a walk of a PE is remembered, and forgotten by what the monitor invalidates alone.
struct Translations : rmm::port::Tlb {
  void invalidate(abi::Vmid vmid, abi::IpaRange range) override { tlb.invalidate(vmid, true, range); }
  void invalidate_all(abi::Vmid vmid) override { tlb.invalidate_all(vmid, true); }
  sim::ShadowTlb tlb;
};

struct Walked {
  explicit Walked(bool is_broken) {
    forgetful_.forgets = [is_broken](abi::Vmid, abi::IpaRange) { return is_broken; };
    bench.firmware = [this](const abi::SmcRegs& regs) { return monitor_.rmi(bench.platform.pe, regs); };
    both_.second = &checks_;
  }
  // PE 1 uses `ipa`.
  void walk(const rmi::TestRealm& realm, std::uint64_t ipa) {
    const auto at = bench.walk(realm.rd, ipa);
    std::optional<sim::Stage2Leaf> leaf;
    if (at.entry.is_valid()) leaf = sim::Stage2Leaf{.pa = at.entry.address + (ipa - at.ipa.value)};
    if (const auto stale = translations.tlb.filled({1}, bench.realm(realm.rd).stage2(), {ipa}, leaf))
      checks_.walked(*stale);
  }
  Translations translations;
  rmi::Bench bench;
  rmm::check::Findings findings;

 private:
  ForgetfulTlb forgetful_{translations};
  sim::app::TranslationChecks checks_{translations.tlb, bench.state, findings};
  watched::Both both_{bench.recorder};
  rmm::Monitor monitor_{
      {bench.platform.memory, bench.platform.gpt, forgetful_, bench.platform.cpus, bench.platform.sync,
       bench.platform.clock, bench.platform.entropy, &both_, &bench.platform.attestation},
      bench.monitor.limits(),
      bench.state};
};

}  // namespace

TEST_CASE("I13: an invalidation forgotten by DATA_DESTROY, RIPAS change, fold, split or unmapping is caught",
          "[broken]") {
  const auto check = [](const char* command, const std::function<void(Walked&)>& scene) {
    INFO(command);
    Walked sound(false), monitor(true);
    scene(sound);
    for (const std::string& finding : sound.findings.found()) FAIL_CHECK("the sound monitor: " << finding);
    CHECK(sound.findings.evaluations().contains("I13"));
    scene(monitor);
    REQUIRE_FALSE(monitor.findings.found().empty());
    CHECK_THAT(monitor.findings.found().front(), ContainsSubstring("the TLB of PE 1 still takes IPA"));
    CHECK(ids(monitor.findings.found()) == std::set<std::string>{"I13"});
  };
  const auto mapped = [](Walked& m, rmi::TestRealm& r, std::uint64_t pages) {
    r.add_rtts(0);
    r.init_ripas(0, pages * rmi::kPage);
    const abi::Pa data = m.bench.delegated_run(pages);
    for (std::uint64_t i = 0; i < pages; ++i)
      m.bench.succeeds(v1_0::kRmiDataCreateUnknown, r.rd, data + i * rmi::kPage, i * rmi::kPage);
  };
  check("RMI_DATA_DESTROY", [&](Walked& m) {
    rmi::TestRealm r(m.bench);
    mapped(m, r, 1);
    m.walk(r, 0);
    m.bench.succeeds(v1_0::kRmiDataDestroy, r.rd, 0);
    m.walk(r, 0);
  });
  check("RMI_RTT_SET_RIPAS", [&](Walked& m) {
    rmi::TestRealm r(m.bench);
    const abi::Pa rec = r.add_rec();
    mapped(m, r, 1);
    r.activate();
    m.walk(r, 0);
    r.open_window(rec, 0, rmi::kPage, v1_0::Ripas::kEmpty, false);
    m.bench.succeeds(v1_0::kRmiRttSetRipas, r.rd, rec, 0, rmi::kPage);
    m.walk(r, 0);
  });
  check("RMI_RTT_FOLD", [&](Walked& m) {
    rmi::TestRealm r(m.bench);
    mapped(m, r, 512);
    m.walk(r, 5 * rmi::kPage);
    m.bench.succeeds(v1_0::kRmiRttFold, r.rd, 0, 3);
  });
  check("RMI_RTT_CREATE", [&](Walked& m) {
    rmi::TestRealm r(m.bench);
    mapped(m, r, 512);
    m.bench.succeeds(v1_0::kRmiRttFold, r.rd, 0, 3);
    m.walk(r, 5 * rmi::kPage);
    r.add_rtt(0, 3);
  });
  check("RMI_RTT_UNMAP_UNPROTECTED", [&](Walked& m) {
    rmi::TestRealm r(m.bench);
    r.add_rtts(r.unprotected);
    m.bench.succeeds(v1_0::kRmiRttMapUnprotected, r.rd, r.unprotected, 3, m.bench.ns());
    m.walk(r, r.unprotected);
    m.bench.succeeds(v1_0::kRmiRttUnmapUnprotected, r.rd, r.unprotected, 3);
    m.walk(r, r.unprotected);
  });
}

TEST_CASE("I13: a walk that finds something else than a TLB holds is caught also where no write was seen", "[broken]") {
  Walked m(false);
  rmi::TestRealm r(m.bench);
  r.add_rtts(0);
  r.init_ripas(0, rmi::kPage);
  r.add_data_unknown(0);
  m.walk(r, 0);
  CHECK(m.findings.found().empty());
  const std::uint64_t none = 0;
  std::memcpy(m.bench.platform.memory.bytes(m.bench.walk(r.rd, 0).descriptor_pa()), &none, sizeof none);
  m.walk(r, 0);
  REQUIRE(m.findings.found().size() == 1);
  CHECK_THAT(
      m.findings.found().front(),
      ContainsSubstring("I13: IPA 0x0 of the realm with RD 0x80000000 is not accessible any more, but the TLB of "
                        "PE 1 may still take it to granule 0x"));
}

TEST_CASE("I17: translations that outlive their realm's VMID are caught", "[broken]") {
  const auto scene = [](Walked& m) {
    const rmi::TestRealm r(m.bench, {.vmid = 9});
    // What a TLB may hold although no entry says so any more.
    m.translations.tlb.filled({3}, m.bench.realm(r.rd).stage2(), {0x5000}, sim::Stage2Leaf{.pa = {0x8000'7000}});
    m.bench.succeeds(v1_0::kRmiRealmDestroy, r.rd);
  };
  Walked sound(false), monitor(true);
  scene(sound);
  CHECK(sound.findings.found().empty());
  CHECK(sound.findings.evaluations().at("I17") == 1);
  scene(monitor);
  REQUIRE(monitor.findings.found().size() == 1);
  CHECK_THAT(
      monitor.findings.found().front(),
      ContainsSubstring("I17: the realm with RD 0x80000000 is gone and the next may get its VMID 9, but the TLB of "
                        "PE 3 still takes IPA 0x5000 of that VMID to granule 0x80007000"));
}

TEST_CASE("the invariants that whole machines alone can break are broken on purpose by tests of this program") {
  std::set<std::string> found;
  for (const auto* test : Catch::getRegistryHub().getTestCaseRegistry().getAllInfos())
    if (std::any_of(test->tags.begin(), test->tags.end(),
                    [](const Catch::Tag& tag) { return tag.original == "broken"; }))
      found.insert(test->name.substr(0, test->name.find(':')));
  for (const char* id : {"I3", "I13", "I14", "I17", "I27", "I28"}) CHECK(has(found, id));
}

TEST_CASE("findings are told with the rules that they break, each once, and with what to read next") {
  sim::app::RunReport report;
  CHECK(sim::app::findings_text(report).empty());
  report.findings = {"I5: one", "I5: two", "I2: three", "sweep: a granule cannot be written"};
  CHECK(sim::app::findings_text(report) ==
        "  FINDING I5: one\n"
        "  FINDING I5: two\n"
        "  FINDING I2: three\n"
        "  FINDING sweep: a granule cannot be written\n"
        "  rule I5: States change along the graph of A2.2.3 only (with D12's edge).\n"
        "  rule I2: A delegated granule is used by at most one owner: an RD, a REC, an auxiliary slot, one RTT entry.\n"
        "  next: 'ccasim explain I5', or all rules in docs/invariants.md\n");
}
