// SPDX-License-Identifier: GPL-2.0-or-later
// Granules between host and RMM: what POPULATE does with parts, what tables cost, what a block costs, what is lost.
#include <string>
#include <vector>

#include "tests/host_kvm/kvm_bench.h"

using namespace kvmtest;

namespace {

constexpr std::uint64_t kBlock = 2ULL << 20;

struct Messages : host::port::Observer {
  std::vector<std::string> texts;
  void message(std::string_view text) override { texts.emplace_back(text); }
  bool contain(std::string_view part) const {
    for (const auto& text : texts)
      if (text.find(part) != std::string::npos) return true;
    return false;
  }
};

std::uint64_t tables_paid(const Bench& b) { return b.state.pages.in_use[static_cast<std::size_t>(PageUse::kRtt)]; }
// Tables below the root that the RMM has.
std::uint64_t tables_there(Bench& b) {
  return b.rmm.only_realm().tables.size() - b.rmm.only_realm().params.rtt_num_start;
}

abi::SmcRegs failure(RmiStatus status) {
  abi::SmcRegs out;
  out.x[0] = RmiReturn{status, 0}.raw();
  return out;
}

// A realm of the explicit life cycle whose first 2 MiB are populated from contiguous pages, under one table.
void build_populated_block(Bench& b) {
  b.state.behaviour.life_cycle = LifeCycle::kExplicit;
  b.vcpu_features = 1U << kVcpuRec;
  b.build(true);
  REQUIRE(b.set_private(kRam, kRamSize, false) == 0);
  REQUIRE(b.kvm.user_write(b.ram, std::vector<std::byte>(kBlock)) == 0);
  REQUIRE(b.rme(RmeAction::KVM_CAP_ARM_RME_CREATE_REALM) == 0);
  REQUIRE(b.rme(RmeAction::KVM_CAP_ARM_RME_INIT_RIPAS_REALM, ArmRmeInitRipas{kRam, 0x1000, {}}) == 0);
  REQUIRE(b.rme(RmeAction::KVM_CAP_ARM_RME_INIT_RIPAS_REALM, ArmRmeInitRipas{kRam + 0x1000, kRamSize - 0x1000, {}}) ==
          0);
  // What was freed on the way is used up, so that the next pages are neighbours.
  const Hva filler = b.kvm.user_mmap(32 * 4096);
  REQUIRE(b.kvm.user_write(filler, std::vector<std::byte>(32 * 4096)) == 0);
  REQUIRE(b.rme(RmeAction::KVM_CAP_ARM_RME_POPULATE_REALM, ArmRmePopulateRealm{kRam, kBlock, 0, {}}) == 0);
  REQUIRE(b.finalize() == 0);
  REQUIRE(b.rme(RmeAction::KVM_CAP_ARM_RME_ACTIVATE_REALM) == 0);
  REQUIRE(b.set_private(kRam, kRamSize, true) == 0);
}

}  // namespace

TEST_CASE("freeing part of a block unfolds it with one table more, which comes back when the block is gone") {
  Bench b;
  build_populated_block(b);
  // The RMM folds, as another host might have asked it to.
  abi::SmcRegs fold;
  fold.x[0] = kRmiRttFold;
  fold.x[1] = b.rmm.realms.begin()->first;
  fold.x[2] = kRam;
  fold.x[3] = 3;
  REQUIRE(b.rmm.smc(fold).x[0] == 0);
  REQUIRE(b.rmm.entry_at(kRam, 2).state == RmiRttEntryState::kAssigned);
  const auto before = tables_paid(b);
  const auto made = b.rmm.count(kRmiRttCreate);

  REQUIRE(b.set_private(kRam + 0x3000, 0x1000, false) == 0);
  CHECK(b.rmm.count(kRmiRttCreate) == made + 1);
  CHECK(tables_paid(b) == before + 1);
  CHECK(b.rmm.entry_at(kRam + 0x2000).state == RmiRttEntryState::kAssigned);
  CHECK(b.rmm.entry_at(kRam + 0x3000).state == RmiRttEntryState::kUnassigned);
  CHECK(b.rmm.entry_at(kRam + 0x4000).state == RmiRttEntryState::kAssigned);

  REQUIRE(b.set_private(kRam, kBlock, false) == 0);
  CHECK(tables_paid(b) == before);
  CHECK(b.rmm.count(kRmiRttCreate) == made + 1);
  CHECK_FALSE(b.rmm.only_realm().tables.contains({3, kRam}));
}

TEST_CASE("R33: a block that cannot be unfolded for want of memory stays whole and stays the realm's") {
  Bench b;
  build_populated_block(b);
  abi::SmcRegs fold;
  fold.x[0] = kRmiRttFold;
  fold.x[1] = b.rmm.realms.begin()->first;
  fold.x[2] = kRam;
  fold.x[3] = 3;
  REQUIRE(b.rmm.smc(fold).x[0] == 0);
  b.kvm.set_allocation_failure([](PageUse use, std::uint64_t) { return use == PageUse::kRtt; });
  (void)b.set_private(kRam + 0x3000, 0x1000, false);
  CHECK(b.rmm.entry_at(kRam, 2).state == RmiRttEntryState::kAssigned);
  CHECK(b.state.pages.leaked.empty());
}

TEST_CASE("every table below the root is paid for, from the first to the last") {
  Bench b;
  b.build(true);
  REQUIRE(b.populate(kRam, 1) == 4096);
  CHECK(tables_paid(b) == tables_there(b));
  CHECK(tables_paid(b) == 1);
  REQUIRE(b.set_private(kRam + kBlock, 0x1000, false) == 0);
  b.exit_abort((kRam + kBlock) | kSharedBit, 0);
  REQUIRE(b.run() == 0);
  // The page cache of a vCPU may hold more, not yet given to the RMM.
  CHECK(tables_paid(b) == tables_there(b) + b.vcpu().mmu_page_cache.size());
  CHECK(tables_there(b) == 2);
  REQUIRE(b.set_private(kRam + kBlock, 0x1000, true) == 0);
  b.close_all();
  CHECK(tables_paid(b) == 0);
}

TEST_CASE("R32: a page whose undelegation fails is lost, recorded, and the log says so") {
  Bench b;
  Messages log;
  b.platform.observer = &log;
  b.build(true);
  b.exit_abort(kRam + 0x3000, 0);
  REQUIRE(b.run() == 0);
  const std::uint64_t data = b.rmm.entry_at(kRam + 0x3000).pa;
  b.kvm.set_smc_failure([&](const abi::SmcRegs& in) -> std::optional<abi::SmcRegs> {
    if (in.fid() != kRmiGranuleUndelegate || in.x[1] != data) return std::nullopt;
    return failure(RmiStatus::kErrorInput);
  });
  REQUIRE(b.set_private(kRam + 0x3000, 0x1000, false) == 0);
  CHECK(log.contain("cannot be undelegated and is lost"));
  PunchHole hole{0x3000, 0x1000};
  REQUIRE(b.ioctl(b.memfd, Ioctl::FALLOCATE_PUNCH_HOLE, &hole) == 0);
  REQUIRE(b.state.pages.leaked.size() == 1);
  CHECK(b.state.pages.leaked[0].page.pa().value == data);
  // It is never handed out again.
  const Hva area = b.kvm.user_mmap(64 * 4096);
  REQUIRE(b.kvm.user_write(area, std::vector<std::byte>(64 * 4096)) == 0);
  CHECK(b.rmm.granules.contains(data));
}

TEST_CASE("a page that POPULATE could not map and not take back is lost, and the log says so") {
  Bench b;
  Messages log;
  b.platform.observer = &log;
  b.build(true);
  REQUIRE(b.populate(kRam, 1) == 4096);
  b.kvm.set_smc_failure([&](const abi::SmcRegs& in) -> std::optional<abi::SmcRegs> {
    if (in.fid() != kRmiGranuleUndelegate && in.fid() != kRmiDataCreate) return std::nullopt;
    return failure(RmiStatus::kErrorInput);
  });
  CHECK(b.populate(kRam + 0x1000, 1) == -kENXIO);
  CHECK(log.contain("DATA_CREATE at 0x80001000 failed"));
  CHECK(log.contain("cannot be undelegated and is lost"));
}

TEST_CASE("POPULATE: a source that is not mapped is EFAULT, a slot without guest_memfd EPERM") {
  Bench b;
  b.build(true);
  ArmRmiPopulate args{kRam, 4096, 0x1000, 0, 0};
  CHECK(b.ioctl(b.vm, Ioctl::KVM_ARM_RMI_POPULATE, &args) == -kEFAULT);
  UserspaceMemoryRegion2 plain{1, 0, 0x1000'0000, 0x1000, b.ram.value, 0, 0, 0};
  REQUIRE(b.ioctl(b.vm, Ioctl::KVM_SET_USER_MEMORY_REGION2, &plain) == 0);
  args = {0x1000'0000, 4096, b.ram.value, 0, 0};
  CHECK(b.ioctl(b.vm, Ioctl::KVM_ARM_RMI_POPULATE, &args) == -kEPERM);
  CHECK(b.rmm.count(kRmiDataCreate) == 0);
}

TEST_CASE("POPULATE returns the bytes before a failure, then the failure itself") {
  Bench b;
  b.build(true);
  const Hva from = b.kvm.user_mmap(2 * 4096);
  ArmRmiPopulate args{kRam, 3 * 4096, from.value, kArmRmiPopulateFlagsMeasure, 0};  // the third page is not mapped
  CHECK(b.ioctl(b.vm, Ioctl::KVM_ARM_RMI_POPULATE, &args) == 2 * 4096);
  args = {kRam + 2 * 4096, 4096, from.value + 2 * 4096, kArmRmiPopulateFlagsMeasure, 0};
  CHECK(b.ioctl(b.vm, Ioctl::KVM_ARM_RMI_POPULATE, &args) == -kEFAULT);
  // To the slot's end and no further.
  CHECK(b.populate(kRam + kRamSize - 4096, 2) == 4096);
  CHECK(b.populate(kRam + kRamSize, 1) == -kEINVAL);
}

TEST_CASE("POPULATE measures contents only when asked to") {
  Bench b;
  b.build(true);
  REQUIRE(b.populate(kRam, 1, kArmRmiPopulateFlagsMeasure) == 4096);
  REQUIRE(b.populate(kRam + 0x1000, 1, 0) == 4096);
  for (const auto& call : b.rmm.calls) {
    if (call.fid() != kRmiDataCreate) continue;
    CHECK(call.x[5] == (call.x[3] == kRam ? kDataFlagMeasure : 0));
  }
}

TEST_CASE("R26: a vCPU that runs in the middle of POPULATE ends it with what was populated") {
  Bench b;
  b.build(true);
  b.exit_irq();
  unsigned pages = 0;
  b.sync.on_step = [&](const rmm::port::Step& s) {
    if (std::string_view(s.point) != "mmu_lock" || b.rmm.count(kRmiDataCreate) == 0 || pages != 0) return;
    ++pages;
    b.sync.on_step = {};
    CHECK(b.run() == 0);
  };
  CHECK(b.populate(kRam, 4) == 4096);
  CHECK(b.populate(kRam + 0x1000, 3) == -kEBUSY);
}

TEST_CASE("a REC that wants more auxiliary granules than a REC can name is ENXIO, and nothing is leaked") {
  Bench b;
  b.rmm.aux_count = 17;
  b.build(true);
  CHECK(b.run() == -kENXIO);
  b.close_all();
  CHECK(b.rmm.granules.empty());
  CHECK(b.pages_in_use() == 0);
}

TEST_CASE("R54: only a synchronous exit leaves an address to decode") {
  Bench b;
  b.build(true);
  b.exit_abort(0x0900'0000 | kSharedBit, 0);
  b.on_enter([&](const RecEnter&, RecExit& x) {
    CHECK(b.vcpu().fault.hpfar_valid);
    CHECK(b.vcpu().fault.hpfar_el2 == abi::esr::hpfar_from_ipa(0x0900'0000 | kSharedBit));
    x.exit_reason = static_cast<std::uint8_t>(RecExitReason::kIrq);
    x.hpfar = abi::esr::hpfar_from_ipa(kRam);
  });
  REQUIRE(b.run() == 0);
  CHECK_FALSE(b.vcpu().fault.hpfar_valid);
  CHECK(b.vcpu().fault.hpfar_el2 == 0);
}

TEST_CASE("R15: the reject flag outlives interrupted and refused entries, and the next exit ends it") {
  Bench b;
  b.build(true);
  b.exit_ripas(kRam | kSharedBit, (kRam | kSharedBit) + 0x1000, Ripas::kRam);
  REQUIRE(b.run() == -kEINVAL);
  const auto flags = [&] { return abi::decode<RecEnter>(b.memory.raw(b.vcpu().rec.run.pa().value)).flags; };
  b.page().immediate_exit = 1;
  CHECK(b.run() == -kEINTR);
  b.page().immediate_exit = 0;
  CHECK(flags() == kEnterRipasResponse);
  b.rmm.script[0].push_back([](const RecEnter&, RecExit&) { return RmiReturn{RmiStatus::kErrorRec, 0}; });
  CHECK(b.run() == -kENXIO);
  CHECK(flags() == kEnterRipasResponse);
  b.on_enter([](const RecEnter& e, RecExit& x) {
    CHECK(e.flags == kEnterRipasResponse);
    x.exit_reason = static_cast<std::uint8_t>(RecExitReason::kIrq);
  });
  b.on_enter([](const RecEnter& e, RecExit& x) {
    CHECK(e.flags == 0);
    x.exit_reason = static_cast<std::uint8_t>(RecExitReason::kIrq);
  });
  CHECK(b.run() == 0);
  CHECK(b.rmm.count(kRmiRttSetRipas) == 0);
}

TEST_CASE("R11: a RIPAS change that fails half way keeps its progress, and what became EMPTY is the host's again") {
  Bench b;
  b.build(true);
  constexpr std::uint64_t kFirst = kRam + kBlock - 0x2000, kLast = kRam + kBlock + 0x2000;
  b.exit_abort(kFirst, 0);
  b.exit_ripas(kFirst, kLast, Ripas::kEmpty);
  REQUIRE(b.run() == -kEFAULT);
  const std::uint64_t data = b.rmm.entry_at(kFirst).pa;
  REQUIRE(b.rmm.granules.contains(data));
  b.kvm.set_smc_failure([&](const abi::SmcRegs& in) -> std::optional<abi::SmcRegs> {
    if (in.fid() != kRmiRttSetRipas || in.x[3] != kRam + kBlock) return std::nullopt;
    return failure(RmiStatus::kErrorInput);
  });
  std::uint64_t base = 0;
  b.on_enter([&](const RecEnter& e, RecExit& x) {
    base = abi::decode<RecExit>(b.memory.raw(b.vcpu().rec.run.pa().value + kRecRunExitOffset)).ripas_base;
    CHECK(e.flags == 0);
    x.exit_reason = static_cast<std::uint8_t>(RecExitReason::kIrq);
  });
  CHECK(b.run() == 0);
  CHECK(base == kRam + kBlock);
  CHECK(b.rmm.ripas_next == kRam + kBlock);
  CHECK_FALSE(b.rmm.granules.contains(data));
}

TEST_CASE("a RIPAS change is refused by not running the vCPU again") {
  Bench b;
  b.build(true);
  b.exit_ripas(kRam, kRam + 0x1000, Ripas::kEmpty);
  REQUIRE(b.run() == -kEFAULT);
  b.close_all();
  CHECK(b.rmm.count(kRmiRttSetRipas) == 0);
  CHECK(b.rmm.granules.empty());
}
