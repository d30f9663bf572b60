// SPDX-License-Identifier: GPL-2.0-or-later
// Creation, population, activation and teardown of a realm.
#include <algorithm>

#include "tests/host_kvm/kvm_bench.h"

using namespace kvmtest;

namespace {

// The calls that give a realm its shape, in order; granule housekeeping left out.
std::vector<std::uint32_t> shape(const FakeRmm& rmm) {
  std::vector<std::uint32_t> out;
  for (const auto fid : rmm.fids()) {
    if (fid == kRmiRealmCreate || fid == kRmiRecAuxCount || fid == kRmiRecCreate || fid == kRmiRealmActivate ||
        fid == kRmiRecEnter || fid == kRmiRealmDestroy || fid == kRmiRecDestroy)
      out.push_back(fid);
    if (fid == kRmiRttInitRipas && (out.empty() || out.back() != fid)) out.push_back(fid);
  }
  return out;
}

}  // namespace

TEST_CASE("the first KVM_RUN creates the realm, RECs in vCPU order, RIPAS, and activates before it enters") {
  Bench b;
  b.build(true, 3);
  CHECK(b.rmm.realms.empty());
  b.exit_irq();
  CHECK(b.run() == 0);  // the script ends with a realm that is off
  CHECK(shape(b.rmm) == std::vector<std::uint32_t>{kRmiRealmCreate, kRmiRecAuxCount, kRmiRecCreate, kRmiRecAuxCount,
                                                   kRmiRecCreate, kRmiRecAuxCount, kRmiRecCreate, kRmiRttInitRipas,
                                                   kRmiRealmActivate, kRmiRecEnter, kRmiRecEnter});
  REQUIRE(b.rmm.rec_order.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    const auto& p = b.rmm.recs.at(b.rmm.rec_order[i]).params;
    CHECK(p.mpidr == i);
    CHECK(p.flags == (i == 0 ? kRecFlagRunnable : 0));  // only the first vCPU boots by itself
  }
  CHECK(b.kvm_vm().realm.state == RealmState::kActive);
}

TEST_CASE("realm parameters follow the IPA width: start level, concatenated roots, VMID") {
  Bench b;
  b.build(true);
  REQUIRE(b.populate(kRam, 1) == 4096);
  const auto& p = b.rmm.only_realm().params;
  CHECK(p.s2sz == 33);
  CHECK(p.rtt_level_start == 2);  // 4 - (33 - 8) / 9
  CHECK(p.rtt_num_start == 8);    // one level 2 table covers 30 bits
  CHECK(p.rtt_base % (8 * 4096) == 0);
  CHECK(p.vmid != 0);
  CHECK(p.hash_algo == 0);
}

TEST_CASE("POPULATE copies measured pages, makes them RAM and returns the bytes") {
  Bench b;
  b.build(true);
  CHECK(b.populate(kRam, 3) == 3 * 4096);
  const auto& e = b.rmm.entry_at(kRam + 4096);
  CHECK(e.state == RmiRttEntryState::kAssigned);
  CHECK(e.ripas == Ripas::kRam);
  CHECK(b.memory.raw(e.pa)[17] == std::byte{0x5a});
  for (const auto& call : b.rmm.calls) {
    if (call.fid() == kRmiDataCreate) CHECK(call.x[5] == kDataFlagMeasure);
  }
  CHECK(b.populate(kRam + 8 * 4096, 1, 0) == 4096);
}

TEST_CASE("POPULATE refuses bad arguments and the wrong moment") {
  Bench b;
  b.build(true);
  ArmRmiPopulate args{kRam, 4096, b.ram.value, 0, 0};
  const auto call = [&] { return b.ioctl(b.vm, Ioctl::KVM_ARM_RMI_POPULATE, &args); };
  args.flags = 2;
  CHECK(call() == -kEINVAL);
  args = {kRam + 1, 4096, b.ram.value, 0, 0};
  CHECK(call() == -kEINVAL);
  args = {kRam, 4096, b.ram.value + 8, 0, 0};
  CHECK(call() == -kEINVAL);
  args = {kRam, 4096, b.ram.value, 0, 7};
  CHECK(call() == -kEINVAL);
  args = {kRam, ~0xfffULL, b.ram.value, 0, 0};
  CHECK(call() == -kEINVAL);
  CHECK(b.rmm.realms.empty());  // none of these created the realm
  args = {0x1000, 4096, b.ram.value, 0, 0};
  CHECK(call() == -kEINVAL);  // no memslot
  args = {kRam, 0, b.ram.value, 0, 0};
  CHECK(call() == 0);  // an empty range asks the RMM for nothing
  CHECK(b.rmm.count(kRmiDataCreate) == 0);
  CHECK(b.populate(kRam, 1) == 4096);
  CHECK(b.populate(kRam, 1) == -kENXIO);  // R42: the page is the realm's already
  b.exit_irq();
  REQUIRE(b.run() == 0);
  CHECK(b.populate(kRam + 0x10000, 1) == -kEBUSY);
}

TEST_CASE("POPULATE of a page that is not private, or of a plain VM, is refused") {
  Bench b;
  b.build(true);
  REQUIRE(b.set_private(kRam + 4096, 4096, false) == 0);
  CHECK(b.populate(kRam, 2) == 4096);  // the first page was good
  CHECK(b.populate(kRam + 4096, 1) == -kEINVAL);
  Bench plain;
  plain.build(false);
  CHECK(plain.populate(kRam, 1) == -kEPERM);
}

TEST_CASE("activation sets RIPAS RAM over all guest memory, stepping over populated pages") {
  Bench b;
  b.build(true);
  REQUIRE(b.populate(kRam + 0x3000, 2) == 8192);
  b.exit_irq();
  REQUIRE(b.run() == 0);
  for (std::uint64_t ipa = kRam; ipa < kRam + kRamSize; ipa += 4096) {
    INFO(ipa);
    REQUIRE(b.rmm.entry_at(ipa).ripas == Ripas::kRam);
  }
}

TEST_CASE("nothing is leaked after teardown, in either order of closing") {
  for (const bool memfd_first : {false, true}) {
    Bench b;
    b.build(true, 2);
    REQUIRE(b.populate(kRam, 4) == 4 * 4096);
    b.exit_abort(kRam + 0x10000, 0);  // private fault
    REQUIRE(b.set_private(kRam + 0x20000, 0x1000, false) == 0);
    b.exit_abort((kRam + 0x20000) | kSharedBit, 0);  // shared fault
    REQUIRE(b.run() == 0);
    CHECK(b.rmm.count(kRmiDataCreateUnknown) >= 1);
    CHECK(b.rmm.count(kRmiRttMapUnprotected) >= 1);
    if (memfd_first) {
      REQUIRE(b.kvm.close(b.memfd) == 0);
      b.memfd = {};
    }
    b.close_all();
    CHECK(b.rmm.granules.empty());
    CHECK(b.rmm.realms.empty());
    CHECK(b.rmm.recs.empty());
    CHECK(b.pages_in_use() == 0);
    CHECK(b.state.pages.leaked.empty());
    CHECK(b.state.vmids[0] == 1);
  }
}

TEST_CASE("teardown destroys RECs, then tables bottom up, then the realm, then gives roots and RD back") {
  Bench b;
  b.build(true, 2);
  REQUIRE(b.populate(kRam, 1) == 4096);
  b.exit_irq();
  REQUIRE(b.run() == 0);
  const std::uint64_t rd = b.rmm.realms.begin()->first;
  b.rmm.calls.clear();
  b.close_all();
  const auto fids = b.rmm.fids();
  const auto position = [&](std::uint32_t fid, bool last) {
    std::size_t at = fids.size();
    for (std::size_t i = 0; i < fids.size(); ++i) {
      if (fids[i] == fid && (last || at == fids.size())) at = i;
    }
    REQUIRE(at < fids.size());
    return at;
  };
  CHECK(position(kRmiDataDestroy, false) < position(kRmiRecDestroy, false));
  CHECK(position(kRmiRecDestroy, true) < position(kRmiRttDestroy, false));
  CHECK(position(kRmiRttDestroy, true) < position(kRmiRealmDestroy, false));
  CHECK(b.rmm.calls.back().fid() == kRmiGranuleUndelegate);
  CHECK(b.rmm.calls.back().x[1] == rd);
  // Only the guest_memfd's own range is folded, as its pages go; not the whole space that is about to be destroyed.
  CHECK(b.rmm.count(kRmiRttFold) <= 2 * kRamSize / (2ULL << 20));
}

TEST_CASE("a realm that was created but never run is torn down without a trace") {
  Bench b;
  b.build(true);
  REQUIRE(b.populate(kRam, 1) == 4096);
  b.close_all();
  CHECK(b.rmm.granules.empty());
  CHECK(b.pages_in_use() == 0);
}

TEST_CASE("a realm without an in-kernel irqchip cannot be activated") {
  Bench b;
  b.create_vm(true);
  b.add_memory(true);
  b.add_vcpus(1);
  CHECK(b.run() == -kEOPNOTSUPP);
}

TEST_CASE("a vCPU without PSCI 0.2 cannot become a REC, and the failure sticks") {
  Bench b;
  b.create_vm(true);
  b.add_memory(true);
  b.add_gic();
  b.vcpus.push_back({static_cast<int>(b.ioctl(b.vm, Ioctl::KVM_CREATE_VCPU, std::uint64_t{0}))});
  VcpuInit init;
  b.ioctl(b.vm, Ioctl::KVM_ARM_PREFERRED_TARGET, &init);
  REQUIRE(b.ioctl(b.vcpus[0], Ioctl::KVM_ARM_VCPU_INIT, &init) == 0);
  b.init_gic();
  CHECK(b.run() == -kEINVAL);
  CHECK(b.kvm_vm().realm.state == RealmState::kDead);
  CHECK(b.run() == -kENXIO);
  b.close_all();
  CHECK(b.rmm.granules.empty());
  CHECK(b.pages_in_use() == 0);
}

TEST_CASE("any one failed allocation up to the first entry leaks nothing and is an error") {
  // How many allocations a good run makes.
  std::uint64_t allocations = 0;
  {
    Bench b;
    b.kvm.set_allocation_failure([&](PageUse, std::uint64_t n) {
      allocations = n + 1;
      return false;
    });
    b.build(true, 2);
    b.populate(kRam, 2);
    b.exit_irq();
    REQUIRE(b.run() == 0);
  }
  REQUIRE(allocations > 12);
  unsigned failures = 0;
  for (std::uint64_t fail = 0; fail < allocations; ++fail) {
    INFO("allocation " << fail);
    Bench b;
    b.build(true, 2);
    const std::uint64_t base = b.state.pages.allocations;
    b.kvm.set_allocation_failure(
        [&, base](PageUse use, std::uint64_t n) { return use != PageUse::kUserMemory && n == base + fail; });
    b.exit_irq();
    const long populated = b.populate(kRam, 2);
    const long ran = b.run();
    if (populated != 2 * 4096 || ran != 0) ++failures;
    CHECK((populated == -kENOMEM || populated == 4096 || populated == 2 * 4096));
    CHECK((ran == 0 || ran == -kENOMEM || ran == -kENXIO));
    b.kvm.set_allocation_failure({});
    b.close_all();
    CHECK(b.rmm.granules.empty());
    CHECK(b.pages_in_use() == 0);
    CHECK(b.state.pages.leaked.empty());
  }
  CHECK(failures > 6);
}

TEST_CASE("any one refused delegation leaks nothing") {
  for (std::uint64_t fail = 0; fail < 24; ++fail) {
    INFO("delegation " << fail);
    Bench b;
    b.build(true, 2);
    std::uint64_t seen = 0;
    b.kvm.set_smc_failure([&](const abi::SmcRegs& in) -> std::optional<abi::SmcRegs> {
      if (in.fid() != kRmiGranuleDelegate || seen++ != fail) return std::nullopt;
      abi::SmcRegs out;
      out.x[0] = 1;
      return out;
    });
    b.exit_irq();
    b.populate(kRam, 2);
    const long ran = b.run();
    CHECK((ran == 0 || ran == -kENXIO || ran == -kENOMEM));
    b.kvm.set_smc_failure({});
    b.close_all();
    CHECK(b.rmm.granules.empty());
    CHECK(b.pages_in_use() == 0);
    CHECK(b.state.pages.leaked.empty());
  }
}

TEST_CASE("granules that the RMM does not give back are leaked, recorded and never used again") {
  Bench b;
  b.build(true);
  REQUIRE(b.populate(kRam, 1) == 4096);
  b.exit_irq();
  REQUIRE(b.run() == 0);
  b.kvm.set_smc_failure([](const abi::SmcRegs& in) -> std::optional<abi::SmcRegs> {
    if (in.fid() != kRmiRecDestroy) return std::nullopt;
    abi::SmcRegs out;
    out.x[0] = 1;
    return out;
  });
  b.close_all();
  // The REC with its auxiliary granules, so REALM_DESTROY fails too: the RD and its 8 root tables.
  CHECK(b.state.pages.leaked.size() == 1 + 2 + 1 + 8);
  CHECK(b.pages_in_use() == 0);
  for (const auto& leaked : b.state.pages.leaked) CHECK(b.rmm.granules.contains(leaked.page.pa().value));
}

TEST_CASE("a vCPU cannot be added once the vgic is initialised") {
  Bench b;
  b.build(true);
  CHECK(b.ioctl(b.vm, Ioctl::KVM_CREATE_VCPU, std::uint64_t{1}) == -kEBUSY);
}
