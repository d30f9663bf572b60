// SPDX-License-Identifier: GPL-2.0-or-later
// What a realm VM may be asked (docs/host-series.md): one row per capability, feature, register, event, device and
// attribute, each with the answer of a realm and of a plain VM.
#include <string>

#include "tests/host_kvm/kvm_bench.h"

using namespace kvmtest;

namespace {

struct CapRow {
  const char* name;
  Cap cap;
  long realm, plain, dev_kvm;
};
#define CAP(name) #name, Cap::name
constexpr CapRow kCaps[] = {
    // What a realm is allowed to know.
    {CAP(KVM_CAP_IRQCHIP), 1, 1, 1},
    {CAP(KVM_CAP_ARM_PSCI), 1, 1, 1},
    {CAP(KVM_CAP_ARM_PSCI_0_2), 1, 1, 1},
    {CAP(KVM_CAP_NR_VCPUS), 15, 512, 512},  // MAX_RECS_ORDER of this monitor is 4
    {CAP(KVM_CAP_MAX_VCPUS), 15, 512, 512},
    {CAP(KVM_CAP_MAX_VCPU_ID), 15, 512, 512},
    {CAP(KVM_CAP_ARM_VM_IPA_SIZE), 40, 48, 48},  // its S2SZ is 40
    {CAP(KVM_CAP_ARM_PTRAUTH_ADDRESS), 1, 1, 1},
    {CAP(KVM_CAP_ARM_PTRAUTH_GENERIC), 1, 1, 1},
    {CAP(KVM_CAP_ARM_RMI), 1, 1, 1},
    // Allowed, but nothing that this host has: no ITS, no SVE.
    {CAP(KVM_CAP_MSI_DEVID), 0, 0, 0},
    {CAP(KVM_CAP_ARM_SVE), 0, 0, 0},
    {CAP(KVM_CAP_ARM_PMU_V3), 0, 0, 0},  // nor has this monitor a PMU: see realm_pmu_test.cpp
    // Hidden from a realm.
    {CAP(KVM_CAP_USER_MEMORY), 0, 1, 1},
    {CAP(KVM_CAP_USER_MEMORY2), 0, 1, 1},
    {CAP(KVM_CAP_NR_MEMSLOTS), 0, 32767, 32767},
    {CAP(KVM_CAP_SYNC_MMU), 0, 1, 1},
    {CAP(KVM_CAP_MP_STATE), 0, 1, 1},
    {CAP(KVM_CAP_ONE_REG), 0, 1, 1},
    {CAP(KVM_CAP_DEVICE_CTRL), 0, 1, 1},
    {CAP(KVM_CAP_IMMEDIATE_EXIT), 0, 1, 1},
    {CAP(KVM_CAP_VCPU_EVENTS), 0, 1, 1},
    {CAP(KVM_CAP_MEMORY_FAULT_INFO), 0, 1, 1},
    {CAP(KVM_CAP_MEMORY_ATTRIBUTES), 0, 0, 8},  // only /dev/kvm is asked before there is a realm
    {CAP(KVM_CAP_GUEST_MEMFD), 0, 0, 1},
    // Nobody has them here; a realm could not.
    {CAP(KVM_CAP_STEAL_TIME), 0, 0, 0},
    {CAP(KVM_CAP_COUNTER_OFFSET), 0, 0, 0},
    {CAP(KVM_CAP_SET_GUEST_DEBUG), 0, 0, 0},
    {CAP(KVM_CAP_ARM_MTE), 0, 0, 0},
    {CAP(KVM_CAP_ARM_EL1_32BIT), 0, 0, 0},
    {CAP(KVM_CAP_ARM_USER_IRQ), 0, 0, 0},
    {CAP(KVM_CAP_IRQFD), 0, 0, 0},
    {CAP(KVM_CAP_VCPU_ATTRIBUTES), 0, 0, 0},
    {CAP(KVM_CAP_ARM_SYSTEM_SUSPEND), 0, 0, 0},
};
#undef CAP

constexpr std::uint64_t kSysReg = 0x6030'0000'0013'0000ULL;
constexpr std::uint64_t kDfr0 = kSysReg | abi::sysreg_key(3, 0, 0, 5, 0);
constexpr std::uint64_t kPfr0 = kSysReg | abi::sysreg_key(3, 0, 0, 4, 0);
constexpr std::uint64_t kPmcr = kSysReg | abi::sysreg_key(3, 3, 9, 12, 0);
constexpr std::uint64_t kSctlr = kSysReg | static_cast<std::uint64_t>(abi::SysReg::kSctlrEl1);
constexpr std::uint64_t kSveVls = 0x6060'0000'0015'ffffULL;
constexpr std::uint64_t kTimerCnt = 0x6030'0000'0013'df1aULL;  // KVM_REG_ARM_TIMER_CNT
constexpr std::uint64_t kPsciVersionReg = 0x6030'0000'0014'0000ULL;

long set_reg(Bench& b, std::uint64_t id, std::uint64_t value, unsigned vcpu = 0) {
  OneReg reg{id, &value};
  return b.ioctl(b.vcpus[vcpu], Ioctl::KVM_SET_ONE_REG, &reg);
}
struct Got {
  long result = 0;
  std::uint64_t value = 0;
};
Got get_reg(Bench& b, std::uint64_t id) {
  Got got;
  OneReg reg{id, &got.value};
  got.result = b.ioctl(b.vcpus[0], Ioctl::KVM_GET_ONE_REG, &reg);
  return got;
}
long vcpu_init(Bench& b, std::uint32_t features) {
  VcpuInit init;
  REQUIRE(b.ioctl(b.vm, Ioctl::KVM_ARM_PREFERRED_TARGET, &init) == 0);
  init.features[0] = features;
  return b.ioctl(b.vcpus[0], Ioctl::KVM_ARM_VCPU_INIT, &init);
}

}  // namespace

TEST_CASE("each capability: of a realm VM, of a plain VM, of /dev/kvm") {
  for (const auto& row : kCaps) {
    INFO(row.name);
    Bench realm, plain;
    realm.create_vm(true);
    plain.create_vm(false);
    const auto check = [&](Bench& b, Fd fd) {
      return b.ioctl(fd, Ioctl::KVM_CHECK_EXTENSION, static_cast<std::uint64_t>(row.cap));
    };
    CHECK(check(realm, realm.vm) == row.realm);
    CHECK(check(plain, plain.vm) == row.plain);
    CHECK(check(realm, realm.dev) == row.dev_kvm);  // /dev/kvm cannot know about realms
    EnableCap enable{static_cast<std::uint32_t>(row.cap), 0, {}};
    CHECK(realm.ioctl(realm.vm, Ioctl::KVM_ENABLE_CAP, &enable) == -kEINVAL);
  }
}

TEST_CASE("KVM_ARM_VCPU_INIT of a realm: each feature") {
  struct Row {
    const char* name;
    unsigned feature;
    long result;
  };
  constexpr Row kRows[] = {
      {"POWER_OFF", kVcpuPowerOff, 0},   {"EL1_32BIT", kVcpuEl1_32Bit, -kEINVAL},
      {"PSCI_0_2", kVcpuPsci02, 0},      {"PMU_V3", kVcpuPmuV3, -kEINVAL},
      {"SVE", kVcpuSve, -kEINVAL},       {"HAS_EL2", kVcpuHasEl2, -kEINVAL},
      {"REC of v7 to v11", 9, -kEINVAL},
  };
  for (const auto& row : kRows) {
    INFO(row.name);
    Bench b;
    b.create_vm(true);
    b.vcpus.push_back({static_cast<int>(b.ioctl(b.vm, Ioctl::KVM_CREATE_VCPU, std::uint64_t{0}))});
    CHECK(vcpu_init(b, 1U << row.feature) == row.result);
  }
  Bench b;
  b.create_vm(true);
  b.vcpus.push_back({static_cast<int>(b.ioctl(b.vm, Ioctl::KVM_CREATE_VCPU, std::uint64_t{0}))});
  CHECK(vcpu_init(b, 1U << kVcpuPtrauthAddress | 1U << kVcpuPtrauthGeneric) == 0);  // both or none
}

TEST_CASE("KVM_SET_ONE_REG and KVM_GET_ONE_REG of a realm: each kind of register, before and after the RD exists") {
  struct Row {
    const char* name;
    std::uint64_t id, value;
    long set, set_later, get;
  };
  constexpr std::uint64_t kOneEach = 0x6 | 1ULL << 12 | 1ULL << 20;  // what the monitor has
  constexpr Row kRows[] = {
      {"X0", arm_core_reg(0), 5, 0, 0, 0},
      {"X30", arm_core_reg(30), 5, 0, 0, 0},
      {"SP", arm_core_reg(31), 5, -kEINVAL, -kEINVAL, -kENOENT},
      {"PC", arm_core_reg(kCoreRegPc), 0x80000000, 0, 0, 0},
      {"PSTATE", arm_core_reg(kCoreRegPstate), 5, -kEINVAL, -kEINVAL, -kENOENT},
      {"ID_AA64DFR0_EL1 as it is", kDfr0, kOneEach, 0, 0, 0},
      {"ID_AA64DFR0_EL1 with more breakpoints", kDfr0, kOneEach + (1 << 12), -kEINVAL, -kEBUSY, 0},
      {"ID_AA64DFR0_EL1 with more watchpoints", kDfr0, kOneEach + (1 << 20), -kEINVAL, -kEBUSY, 0},
      {"ID_AA64DFR0_EL1 without breakpoints", kDfr0, 0x6 | 1ULL << 20, -kEINVAL, -kEBUSY, 0},
      {"ID_AA64PFR0_EL1", kPfr0, 0, -kEINVAL, -kEINVAL, -kENOENT},
      {"PMCR_EL0: there is no PMU", kPmcr, 0, -kEINVAL, -kEINVAL, -kENOENT},
      {"SCTLR_EL1", kSctlr, 0, -kEINVAL, -kEINVAL, -kENOENT},
      {"SVE_VLS: there is no SVE", kSveVls, 0, -kEINVAL, -kEINVAL, -kENOENT},
      {"TIMER_CNT", kTimerCnt, 0, -kEINVAL, -kEINVAL, -kENOENT},
      {"PSCI_VERSION", kPsciVersionReg, 0x10001, -kEINVAL, -kEINVAL, -kENOENT},
  };
  for (const auto& row : kRows) {
    INFO(row.name);
    Bench b;
    b.build(true);
    CHECK(set_reg(b, row.id, row.value) == row.set);
    const Got got = get_reg(b, row.id);
    CHECK(got.result == row.get);
    if (row.set == 0) CHECK(got.value == row.value);
    REQUIRE(b.populate(kRam, 1) == 4096);
    CHECK(set_reg(b, row.id, row.value) == row.set_later);
  }
}

TEST_CASE("a realm's registers as the host last saw them can be read while it runs") {
  Bench b;
  b.build(true);
  REQUIRE(set_reg(b, arm_core_reg(5), 55) == 0);
  REQUIRE(set_reg(b, arm_core_reg(kCoreRegPc), kRam) == 0);
  b.exit_irq();
  REQUIRE(b.run() == 0);
  CHECK(get_reg(b, arm_core_reg(5)).value == 55);  // long stale
  CHECK(get_reg(b, arm_core_reg(kCoreRegPc)).value == kRam);
}

TEST_CASE("KVM_GET_REG_LIST: the list of a realm is short, and there before the realm") {
  for (const bool realm : {true, false}) {
    CAPTURE(realm);
    Bench b;
    b.create_vm(realm);
    b.vcpus.push_back({static_cast<int>(b.ioctl(b.vm, Ioctl::KVM_CREATE_VCPU, std::uint64_t{0}))});
    RegList list;
    CHECK(b.ioctl(b.vcpus[0], Ioctl::KVM_GET_REG_LIST, &list) == -kENOEXEC);
    CHECK(set_reg(b, arm_core_reg(0), 0) == -kENOEXEC);
    CHECK(get_reg(b, arm_core_reg(0)).result == -kENOEXEC);
    REQUIRE(vcpu_init(b, 1U << kVcpuPsci02) == 0);
    CHECK(b.ioctl(b.vcpus[0], Ioctl::KVM_GET_REG_LIST, &list) == -kE2BIG);
    REQUIRE(list.n == (realm ? 33 : 48));  // X0 to X30, PC, then ID_AA64DFR0_EL1, or PSTATE and 15 system registers
    CHECK(b.ioctl(b.vcpus[0], Ioctl::KVM_GET_REG_LIST, &list) == -kEFAULT);
    std::vector<std::uint64_t> ids(list.n);
    list.reg = ids.data();
    REQUIRE(b.ioctl(b.vcpus[0], Ioctl::KVM_GET_REG_LIST, &list) == 0);
    for (const auto id : ids) {
      INFO(id);
      const Got got = get_reg(b, id);
      CHECK(got.result == 0);                 // what is listed can be read
      CHECK(set_reg(b, id, got.value) == 0);  // and written back
    }
  }
}

TEST_CASE("KVM_SET_VCPU_EVENTS of a realm: each event, with and without an access that waits") {
  struct Row {
    const char* name;
    VcpuEvents events;
    bool mmio;
    long result;
    std::uint64_t flags;  // enter.flags at the next entry
  };
  const Row kRows[] = {
      {"nothing", {0, 0, 0, 0}, false, 0, 0},
      {"SError", {1, 0, 0, 0}, false, -kEINVAL, 0},
      {"SError with a syndrome", {1, 1, 0, 5}, true, -kEINVAL, kEnterEmulMmio},
      {"SError and abort", {1, 0, 1, 0}, true, -kEINVAL, kEnterEmulMmio},
      {"abort of no access", {0, 0, 1, 0}, false, -kEINVAL, 0},
      {"abort of an emulated access", {0, 0, 1, 0}, true, 0, kEnterInjectSea},
      {"nothing, an access emulated", {0, 0, 0, 0}, true, 0, kEnterEmulMmio},
  };
  for (const auto& row : kRows) {
    INFO(row.name);
    Bench b;
    b.build(true);
    if (row.mmio) {
      b.exit_abort(0x0900'0000 | kSharedBit, abi::esr::kIsv | (2ULL << abi::esr::kSasShift));
      REQUIRE(b.run() == 0);
      REQUIRE(b.page().exit_reason == ExitReason::KVM_EXIT_MMIO);
    } else {
      b.exit_irq();
      REQUIRE(b.run() == 0);
    }
    VcpuEvents events = row.events;
    CHECK(b.ioctl(b.vcpus[0], Ioctl::KVM_SET_VCPU_EVENTS, &events) == row.result);
    std::uint64_t flags = 99;
    b.on_enter([&](const RecEnter& e, RecExit& x) {
      flags = e.flags;
      x.exit_reason = static_cast<std::uint8_t>(RecExitReason::kIrq);
    });
    REQUIRE(b.run() == 0);
    CHECK(flags == row.flags);
  }
  Bench early;
  early.build(true);
  VcpuEvents abort{0, 0, 1, 0};
  CHECK(early.ioctl(early.vcpus[0], Ioctl::KVM_SET_VCPU_EVENTS, &abort) == -kEINVAL);  // there is no REC yet
  VcpuEvents now{9, 9, 9, 9};
  CHECK(early.ioctl(early.vcpus[0], Ioctl::KVM_GET_VCPU_EVENTS, &now) == 0);
  CHECK(now.serror_pending + now.serror_has_esr + now.ext_dabt_pending == 0);
}

TEST_CASE("interrupt controllers of a realm: a vgic-v3 or none, and none cannot be activated") {
  Bench b;
  b.create_vm(true);
  CHECK(b.ioctl(b.vm, Ioctl::KVM_CREATE_IRQCHIP) == -kENODEV);  // means a GICv2
  CreateDevice device{kDevTypeArmVgicV2, 0, 0};
  CHECK(b.ioctl(b.vm, Ioctl::KVM_CREATE_DEVICE, &device) == -kENODEV);
  device.flags = kCreateDeviceTest;
  CHECK(b.ioctl(b.vm, Ioctl::KVM_CREATE_DEVICE, &device) == -kENODEV);
  device.type = kDevTypeArmVgicV3;
  CHECK(b.ioctl(b.vm, Ioctl::KVM_CREATE_DEVICE, &device) == 0);  // only a question
  CHECK(b.ioctl(b.vm, Ioctl::KVM_CREATE_DEVICE, &device) == 0);
  CHECK_FALSE(b.kvm_vm().vgic.dist.created);
  b.add_memory(true);
  b.add_vcpus(1);
  CHECK(b.run() == -kEOPNOTSUPP);
}

TEST_CASE("time is the realm's: no counter offset, no stolen time, no attribute of a vCPU") {
  for (const bool realm : {true, false}) {
    CAPTURE(realm);
    Bench b;
    b.build(realm);
    CounterOffset offset{1000, 0};
    CHECK(b.ioctl(b.vm, Ioctl::KVM_ARM_SET_COUNTER_OFFSET, &offset) == -kEINVAL);
    for (const auto group : {kVcpuGrpPmuV3Ctrl, kVcpuGrpTimerCtrl, kVcpuGrpPvtimeCtrl}) {
      for (const auto request : {Ioctl::KVM_HAS_DEVICE_ATTR, Ioctl::KVM_SET_DEVICE_ATTR, Ioctl::KVM_GET_DEVICE_ATTR}) {
        std::uint64_t value = 0x9000'0000;
        DeviceAttr attr{0, group, 0, &value};
        // Linux tells a vCPU without a PMU apart from an attribute that doesn't exist.
        const bool no_pmu = group == kVcpuGrpPmuV3Ctrl && request != Ioctl::KVM_HAS_DEVICE_ATTR;
        CHECK(b.ioctl(b.vcpus[0], request, &attr) == (no_pmu ? -kENODEV : -kENXIO));
      }
    }
  }
  // ... and the hypercall that would announce it is not supported.
  constexpr std::uint64_t kPvTimeFeatures = 0xC500'0020, kPvTimeSt = 0xC500'0021;
  for (const std::uint64_t function : {kPvTimeFeatures, kPvTimeSt}) {
    Bench b;
    b.build(true);
    b.on_enter([=](const RecEnter&, RecExit& x) {
      x.exit_reason = static_cast<std::uint8_t>(RecExitReason::kHostCall);
      x.gprs[0] = function;
    });
    std::uint64_t answer = 0;
    b.on_enter([&](const RecEnter& e, RecExit& x) {
      answer = e.gprs[0];
      x.exit_reason = static_cast<std::uint8_t>(RecExitReason::kIrq);
    });
    REQUIRE(b.run() == 0);
    CHECK(answer == ~0ULL);
  }
}

TEST_CASE("a memslot of a realm may have both backings, of a plain VM only user memory") {
  Bench realm;
  realm.create_vm(true);
  realm.add_memory(true);  // guest_memfd and user memory in one slot
  CHECK(realm.kvm_vm().memslots.at(0).has_gmem());
  CHECK(realm.kvm_vm().memslots.at(0).userspace_addr == realm.ram.value);
  Bench plain;
  plain.create_vm(false);
  plain.ram = plain.kvm.user_mmap(kRamSize);
  UserspaceMemoryRegion2 region;
  region.flags = kMemGuestMemfd;
  region.guest_phys_addr = kRam;
  region.memory_size = kRamSize;
  region.userspace_addr = plain.ram.value;
  CHECK(plain.ioctl(plain.vm, Ioctl::KVM_SET_USER_MEMORY_REGION2, &region) == -kEINVAL);
}
