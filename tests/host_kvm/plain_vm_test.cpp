// SPDX-License-Identifier: GPL-2.0-or-later
// A VM without a realm: the host's own stage 2 tables and KVM's usual exits.
#include <cstring>

#include "tests/host_kvm/kvm_bench.h"

using namespace kvmtest;

namespace {

using abi::esr::Ec;

std::uint64_t read64(Bench& b, std::uint64_t pa) {
  std::uint64_t v = 0;
  std::memcpy(&v, b.memory.raw(pa).data(), 8);
  return v;
}

// The page descriptor for `ipa`, by a walk of the tables in memory; 0: none.
std::uint64_t stage2_walk(Bench& b, std::uint64_t ipa) {
  const auto& s2 = b.cpus.cpus[0].controls.stage2;
  std::uint64_t table = s2.root.value;
  for (int level = s2.start_level;; ++level) {
    const unsigned shift = 12 + 9 * static_cast<unsigned>(3 - level);
    const std::uint64_t index = level == s2.start_level ? ipa >> shift : (ipa >> shift) & 511;
    const std::uint64_t entry = read64(b, table + index * 8);
    if ((entry & 1) == 0) return 0;
    if (level == 3) return entry;
    table = entry & 0xfffffffff000ULL;
  }
}

abi::Exception abort_at(std::uint64_t ipa, std::uint64_t iss) {
  return {abi::ExceptionKind::kSync, abi::esr::make(Ec::kDataAbortLower, iss | (abi::esr::kFscTranslation + 3)),
          ipa & 0xfff, abi::esr::hpfar_from_ipa(ipa), 0};
}
abi::Exception sync(Ec ec, std::uint64_t iss = 0) {
  return {abi::ExceptionKind::kSync, abi::esr::make(ec, iss), 0, 0, 0};
}

// The guest's last act in these tests.
void off(Bench& b, unsigned cpu = 0) {
  b.cpus.cpus[cpu].script.push_back([](FakeCpu& c) {
    c.regs[0] = kPsciSystemOff;
    return sync(Ec::kHvc64);
  });
}

}  // namespace

TEST_CASE("a stage 2 abort of a plain VM maps the VMM's page with a VMSAv8-64 descriptor") {
  Bench b;
  b.build(false);
  b.cpus.cpus[0].script.push_back([](FakeCpu&) { return abort_at(kRam + 0x3000, abi::esr::kWnr); });
  off(b);
  REQUIRE(b.run() == 0);
  CHECK(b.page().exit_reason == ExitReason::KVM_EXIT_SYSTEM_EVENT);
  const std::uint64_t entry = stage2_walk(b, kRam + 0x3000);
  CHECK((entry & 3) == 3);
  CHECK(((entry >> 6) & 3) == 3);   // read and write
  CHECK(((entry >> 10) & 1) == 1);  // access flag
  CHECK(stage2_walk(b, kRam + 0x4000) == 0);
  CHECK(b.rmm.count(kRmiGranuleDelegate) == 0);
  b.kvm.user_madvise_dontneed(b.ram, kRamSize);
  CHECK(stage2_walk(b, kRam + 0x3000) == 0);
  CHECK(b.cpus.invalidations > 0);
  b.close_all();
  CHECK(b.pages_in_use() == 0);
  CHECK(b.cpus.destroyed == 1);
  CHECK(b.state.vmids[0] == 1);
}

TEST_CASE("MMIO of a plain VM uses the register of the syndrome and moves PC") {
  Bench b;
  b.build(false);
  auto& cpu = b.cpus.cpus[0];
  constexpr std::uint64_t kByteRead = abi::esr::kIsv | abi::esr::kSse | abi::esr::kSf | (7ULL << abi::esr::kSrtShift);
  cpu.script.push_back([](FakeCpu& c) {
    c.pc_ = 0x100;
    return abort_at(0x0900'0018, kByteRead);
  });
  REQUIRE(b.run() == 0);
  REQUIRE(b.page().exit_reason == ExitReason::KVM_EXIT_MMIO);
  CHECK(b.page().mmio.phys_addr == 0x0900'0018);
  CHECK(b.page().mmio.len == 1);
  b.page().mmio.data[0] = 0x80;
  off(b);
  REQUIRE(b.run() == 0);
  CHECK(cpu.regs[7] == 0xffffffffffffff80ULL);
  CHECK(cpu.pc_ == 0x108);  // the load, then the HVC
}

TEST_CASE("an access of a plain VM without a syndrome is ENOSYS") {
  Bench b;
  b.build(false);
  b.cpus.cpus[0].script.push_back([](FakeCpu&) { return abort_at(0x0900'0000, 0); });
  CHECK(b.run() == -kENOSYS);
}

TEST_CASE("WFI blocks until the virtual timer fires; its interrupt is in a list register then") {
  Bench b;
  b.build(false);
  auto& cpu = b.cpus.cpus[0];
  // The guest enables the distributor and PPI 27.
  cpu.script.push_back([](FakeCpu& c) {
    c.regs[1] = 2;
    return abort_at(0x0800'0000, abi::esr::kIsv | (2ULL << abi::esr::kSasShift) | abi::esr::kWnr | (1ULL << 16));
  });
  cpu.script.push_back([](FakeCpu& c) {
    c.regs[1] = 1U << 27;
    return abort_at(0x080b'0100, abi::esr::kIsv | (2ULL << abi::esr::kSasShift) | abi::esr::kWnr | (1ULL << 16));
  });
  cpu.script.push_back([&](FakeCpu& c) {
    c.sysregs[abi::SysReg::kCntvCtlEl0] = abi::kTimerEnable;
    c.sysregs[abi::SysReg::kCntvCvalEl0] = 1'000'000;
    b.cpus.ich_.vmcr = abi::gic::kVmcrEng1 | (0xf0ULL << abi::gic::kVmcrPmrShift);
    return sync(Ec::kWfx);
  });
  b.sync.on_wait = [&](const rmm::port::Step&) {
    REQUIRE(b.sync.last_deadline == 16'000'000);
    b.clock.now = b.sync.last_deadline;
  };
  std::uint64_t lr = 0;
  bool masked = false;
  cpu.script.push_back([&](FakeCpu& c) {
    lr = b.cpus.ich_.lr[0];
    masked = !c.controls.vtimer_irq;
    c.regs[0] = kPsciSystemOff;
    return sync(Ec::kSmc64);
  });
  REQUIRE(b.run() == 0);
  CHECK(b.sync.waits == 1);
  CHECK((lr & abi::gic::kLrVintidMask) == 27);
  CHECK(masked);  // a level that was shown must not interrupt the host again and again
}

TEST_CASE("ID registers of a plain VM hide what the host does not run") {
  Bench b;
  b.build(false);
  auto& cpu = b.cpus.cpus[0];
  const auto read_into = [&](unsigned crm, unsigned op2, std::uint8_t rt) {
    cpu.script.push_back([=](FakeCpu&) {
      return sync(Ec::kSysReg, abi::esr::make_sysreg_iss({3, 0, 0, static_cast<std::uint8_t>(crm),
                                                          static_cast<std::uint8_t>(op2), rt, true}));
    });
  };
  read_into(4, 0, 2);
  read_into(5, 0, 3);
  read_into(6, 0, 4);
  read_into(6, 1, 5);
  cpu.script.push_back([](FakeCpu& c) {
    c.sysregs[abi::SysReg::kVbarEl1] = 0x4000;
    c.pc_ = 0x200;
    return sync(Ec::kSysReg, abi::esr::make_sysreg_iss({3, 3, 9, 12, 0, 6, true}));  // PMCR_EL0: no PMU
  });
  off(b);
  REQUIRE(b.run() == 0);
  CHECK(((cpu.regs[2] >> 32) & 0xf) == 0);  // SVE
  CHECK(((cpu.regs[2] >> 16) & 0xf) == 0xf);
  CHECK(((cpu.regs[3] >> 8) & 0xf) == 0);   // PMU
  CHECK(((cpu.regs[4] >> 60) & 0xf) == 0);  // RNDR
  CHECK(((cpu.regs[5] >> 4) & 0xff) == 0);  // pointer authentication
  CHECK(cpu.sysregs[abi::SysReg::kElrEl1] == 0x200);
  CHECK(cpu.pc_ == 0x4000 + 0x200 + 4);  // undefined, taken from EL1h; then the HVC moved PC
}

TEST_CASE("CPU_ON of a plain VM resets the target to its entry point") {
  Bench b;
  b.build(false, 2);
  b.cpus.cpus[0].script.push_back([](FakeCpu& c) {
    c.regs[0] = kPsciCpuOn;
    c.regs[1] = 1;
    c.regs[2] = 0x8000'4000;
    c.regs[3] = 55;
    return sync(Ec::kHvc64);
  });
  std::uint64_t answer = 99;
  b.cpus.cpus[0].script.push_back([&](FakeCpu& c) {
    answer = c.regs[0];
    c.regs[0] = kPsciCpuOn;
    return sync(Ec::kHvc64);
  });
  b.cpus.cpus[0].script.push_back([](FakeCpu& c) {
    CHECK(c.regs[0] == static_cast<std::uint64_t>(-4));  // already on
    c.regs[0] = 0x8400'1234;
    return sync(Ec::kHvc64);
  });
  b.cpus.cpus[0].script.push_back([&](FakeCpu& c) {
    CHECK(c.regs[0] == ~0ULL);  // not supported
    b.page(0).immediate_exit = 1;
    b.kvm.signal_vcpu_thread(b.vcpus[0]);
    return abi::Exception{abi::ExceptionKind::kIrq, 0, 0, 0, 0};
  });
  CHECK(b.run() == -kEINTR);
  CHECK(answer == 0);
  b.cpus.cpus[1].script.push_back([](FakeCpu& c) {
    CHECK(c.pc_ == 0x8000'4000);
    CHECK(c.regs[0] == 55);
    CHECK(c.mpidr.value == 1);
    c.regs[0] = kPsciSystemReset;
    return sync(Ec::kSmc64);
  });
  REQUIRE(b.run(1) == 0);
  CHECK(b.page(1).system_event.type == kSystemEventReset);
}

TEST_CASE("an abort that no memory and no device answers is taken by the guest") {
  Bench b;
  b.build(false);
  auto& cpu = b.cpus.cpus[0];
  cpu.script.push_back([](FakeCpu& c) {
    c.sysregs[abi::SysReg::kVbarEl1] = 0x4000;
    c.pstate_ = abi::pstate::kEl0t;
    return abi::Exception{abi::ExceptionKind::kSync,
                          abi::esr::make(Ec::kInstructionAbortLower, abi::esr::kFscTranslation + 3), 0x77000,
                          abi::esr::hpfar_from_ipa(0x77000), 0};
  });
  cpu.script.push_back([](FakeCpu& c) {
    CHECK(c.pc_ == 0x4400);  // synchronous, from a lower exception level
    CHECK(abi::esr::ec(c.sysregs[abi::SysReg::kEsrEl1]) == Ec::kInstructionAbortLower);
    CHECK(abi::esr::fsc(c.sysregs[abi::SysReg::kEsrEl1]) == abi::esr::kFscExternal);
    CHECK(c.sysregs[abi::SysReg::kFarEl1] == 0x77000);
    c.regs[0] = kPsciSystemOff;
    return sync(Ec::kHvc64);
  });
  CHECK(b.run() == 0);
}
