// SPDX-License-Identifier: GPL-2.0-or-later
#include <catch2/catch_test_macros.hpp>

#include "sim/gic/icc_registers.h"
#include "sim/gic/virtual_cpu_interface.h"

namespace {

namespace gic = abi::gic;
namespace icc = sim::icc;
using sim::IccAccess;

struct Interface {
  gic::IchState ich;
  sim::VirtualCpuInterface cpu{ich};

  Interface() {
    ich.hcr = gic::kHcrEn;
    write(icc::kPmr, 0xff);
    write(icc::kIgrpen0, 1);
    write(icc::kIgrpen1, 1);
  }
  void pend(unsigned lr, std::uint32_t intid, std::uint64_t priority, bool group1 = true, std::uint64_t extra = 0) {
    ich.lr[lr] = gic::kLrPending | intid | priority << gic::kLrPriorityShift | (group1 ? gic::kLrGroup1 : 0) | extra;
  }
  std::uint64_t state(unsigned lr) const { return ich.lr[lr] & gic::kLrStateMask; }
  unsigned eoi_count() const {
    return static_cast<unsigned>((ich.hcr & gic::kHcrEoiCountMask) >> gic::kHcrEoiCountShift);
  }
  std::uint64_t read(abi::SysReg reg) {
    const auto result = cpu.read(reg);
    REQUIRE(result.access == IccAccess::kDone);
    return result.value;
  }
  void write(abi::SysReg reg, std::uint64_t value) { REQUIRE(cpu.write(reg, value) == IccAccess::kDone); }
};

}  // namespace

TEST_CASE("The highest priority pending interrupt is signalled, acknowledged, dropped and deactivated") {
  Interface i;
  i.pend(0, 40, 0xa0);
  i.pend(3, 27, 0x80);
  CHECK(i.cpu.irq_asserted());
  CHECK_FALSE(i.cpu.fiq_asserted());
  CHECK(i.read(icc::kHppir1) == 27);
  CHECK(i.read(icc::kRpr) == 0xff);
  CHECK(i.read(icc::kIar1) == 27);
  CHECK(i.state(3) == gic::kLrActive);
  CHECK(i.read(icc::kRpr) == 0x80);
  CHECK_FALSE(i.cpu.irq_asserted());  // 0xa0 doesn't preempt 0x80
  CHECK(i.read(icc::kIar1) == gic::kSpurious);
  i.write(icc::kEoir1, 27);
  CHECK(i.state(3) == 0);
  CHECK(i.read(icc::kRpr) == 0xff);
  CHECK(i.read(icc::kIar1) == 40);
}

TEST_CASE("Equal priorities are taken in list register order") {
  Interface i;
  i.pend(5, 50, 0x80);
  i.pend(2, 60, 0x80);
  CHECK(i.read(icc::kIar1) == 60);
}

TEST_CASE("An active and pending interrupt is not signalled again before it is deactivated") {
  Interface i;
  i.pend(0, 40, 0x80);
  CHECK(i.read(icc::kIar1) == 40);
  i.ich.lr[0] |= gic::kLrPending;
  CHECK_FALSE(i.cpu.irq_asserted());
  CHECK(i.read(icc::kHppir1) == gic::kSpurious);
  i.write(icc::kEoir1, 40);
  CHECK(i.state(0) == gic::kLrPending);
  CHECK(i.cpu.irq_asserted());
}

TEST_CASE("A higher group priority preempts, and ends run in the order of priorities") {
  Interface i;
  i.pend(0, 40, 0xa0);
  CHECK(i.read(icc::kIar1) == 40);
  i.pend(1, 41, 0x50);
  CHECK(i.cpu.irq_asserted());
  CHECK(i.read(icc::kIar1) == 41);
  CHECK(i.read(icc::kRpr) == 0x50);
  CHECK(i.ich.ap1r == ((1ULL << (0xa0 >> 3)) | (1ULL << (0x50 >> 3))));
  i.write(icc::kEoir1, 41);
  CHECK(i.read(icc::kRpr) == 0xa0);
  i.write(icc::kEoir1, 40);
  CHECK(i.ich.ap1r == 0);
}

TEST_CASE("The binary point joins priorities into groups that don't preempt each other") {
  Interface i;
  i.write(icc::kBpr1, 5);  // group priority: bits 7:5
  i.pend(0, 40, 0xb0);
  CHECK(i.read(icc::kIar1) == 40);
  CHECK(i.read(icc::kRpr) == 0xa0);
  i.pend(1, 41, 0xa8);
  CHECK_FALSE(i.cpu.irq_asserted());
  i.pend(1, 41, 0x98);
  CHECK(i.cpu.irq_asserted());
}

TEST_CASE("Binary points have the implemented minimum, and a common one serves both groups") {
  Interface i;
  i.write(icc::kBpr0, 0);
  i.write(icc::kBpr1, 0);
  CHECK(i.read(icc::kBpr0) == 2);
  CHECK(i.read(icc::kBpr1) == 3);
  i.write(icc::kBpr0, 4);
  i.write(icc::kCtlr, 1);  // CBPR
  CHECK(i.read(icc::kBpr1) == 5);
  i.write(icc::kBpr1, 7);
  CHECK(i.read(icc::kBpr1) == 5);
  i.write(icc::kCtlr, 0);
  CHECK(i.read(icc::kBpr1) == 3);
}

TEST_CASE("ICH_VMCR_EL2 reads as the registers it aliases, whatever was written") {
  Interface i;
  i.ich.vmcr = gic::kVmcrEng1;
  i.cpu.settle();
  CHECK(((i.ich.vmcr >> gic::kVmcrBpr0Shift) & 7) == i.read(icc::kBpr0));
  CHECK(((i.ich.vmcr >> gic::kVmcrBpr1Shift) & 7) == i.read(icc::kBpr1));
  const std::uint64_t settled = gic::kVmcrEng1 | 5ULL << gic::kVmcrBpr0Shift | 6ULL << gic::kVmcrBpr1Shift;
  i.ich.vmcr = settled;
  i.cpu.settle();
  CHECK(i.ich.vmcr == settled);
}

TEST_CASE("The priority mask, group enables and the interface enable hold interrupts back") {
  Interface i;
  i.pend(0, 40, 0x80);
  i.write(icc::kPmr, 0x80);
  CHECK_FALSE(i.cpu.irq_asserted());
  CHECK(i.read(icc::kHppir1) == 40);
  CHECK(i.read(icc::kIar1) == gic::kSpurious);
  i.write(icc::kPmr, 0x8f);  // only the implemented bits count: 0x88
  CHECK(i.read(icc::kPmr) == 0x88);
  CHECK(i.cpu.irq_asserted());
  i.write(icc::kIgrpen1, 0);
  CHECK_FALSE(i.cpu.irq_asserted());
  CHECK(i.read(icc::kHppir1) == gic::kSpurious);
  i.write(icc::kIgrpen1, 1);
  i.ich.hcr = 0;
  CHECK_FALSE(i.cpu.irq_asserted());
}

TEST_CASE("Group 0 signals FIQ and is acknowledged through its own registers") {
  Interface i;
  i.pend(0, 40, 0x80, false);
  CHECK(i.cpu.fiq_asserted());
  CHECK_FALSE(i.cpu.irq_asserted());
  CHECK(i.read(icc::kIar1) == gic::kSpurious);
  CHECK(i.read(icc::kHppir0) == 40);
  CHECK(i.read(icc::kIar0) == 40);
  CHECK(i.ich.ap0r != 0);
  CHECK(i.ich.ap1r == 0);
  i.write(icc::kEoir0, 40);
  CHECK(i.state(0) == 0);
}

TEST_CASE("With EOImode 1 the priority drops at EOIR and DIR deactivates") {
  Interface i;
  i.write(icc::kCtlr, 2);
  CHECK((i.read(icc::kCtlr) & 3) == 2);
  i.pend(0, 40, 0x80);
  CHECK(i.read(icc::kIar1) == 40);
  i.write(icc::kEoir1, 40);
  CHECK(i.read(icc::kRpr) == 0xff);
  CHECK(i.state(0) == gic::kLrActive);
  i.write(icc::kDir, 40);
  CHECK(i.state(0) == 0);
  CHECK(i.eoi_count() == 0);
}

TEST_CASE("EOIcount counts deactivations of interrupts that are in no list register") {
  Interface i;
  i.pend(0, 40, 0x80);
  CHECK(i.read(icc::kIar1) == 40);
  i.ich.lr[0] = 0;  // the hypervisor took the active interrupt out of the list registers
  i.write(icc::kEoir1, 40);
  CHECK(i.eoi_count() == 1);
  CHECK(i.ich.ap1r == 0);
  i.write(icc::kCtlr, 2);
  i.write(icc::kDir, 40);
  CHECK(i.eoi_count() == 2);
  i.write(icc::kDir, 8192);  // LPIs are never counted
  CHECK(i.eoi_count() == 2);
  i.ich.ap1r = 1;
  i.write(icc::kEoir1, 40);  // EOImode 1: would not have deactivated
  CHECK(i.eoi_count() == 2);
}

TEST_CASE("An EOI without an active priority, or of a special INTID, changes nothing") {
  Interface i;
  i.pend(0, 40, 0x80);
  const auto before = i.ich;
  i.write(icc::kEoir1, 40);
  i.write(icc::kEoir1, 1023);
  CHECK(i.ich == before);
}

TEST_CASE("An EOI that doesn't belong to the running priority drops it but deactivates nothing") {
  Interface i;
  i.pend(0, 40, 0xa0);
  CHECK(i.read(icc::kIar1) == 40);
  i.pend(1, 41, 0x50);
  CHECK(i.read(icc::kIar1) == 41);
  i.write(icc::kEoir1, 40);  // the guest's mistake: 41 is running
  CHECK(i.read(icc::kRpr) == 0xa0);
  CHECK(i.state(0) == gic::kLrActive);
  CHECK(i.state(1) == gic::kLrActive);
}

TEST_CASE("A deactivated list register with EOI set asks for maintenance and is not free; HW ones never ask") {
  Interface i;
  i.pend(2, 40, 0x80, true, gic::kLrEoi);
  CHECK(i.read(icc::kIar1) == 40);
  i.write(icc::kEoir1, 40);
  CHECK(i.cpu.eisr() == 1ULL << 2);
  CHECK((i.cpu.elrsr() & 1ULL << 2) == 0);
  CHECK((i.cpu.elrsr() & 1) == 1);
  CHECK(i.cpu.misr() == gic::kMisrEoi);
  CHECK(i.cpu.maintenance_asserted());
  i.ich.lr[2] |= gic::kLrHw;
  CHECK(i.cpu.eisr() == 0);
  CHECK((i.cpu.elrsr() & 1ULL << 2) != 0);
}

TEST_CASE("MISR shows each enabled maintenance condition, and nothing is asserted while the interface is off") {
  Interface i;
  i.ich.hcr = gic::kHcrEn | gic::kHcrUie | gic::kHcrNpie;
  CHECK(i.cpu.misr() == (gic::kMisrU | gic::kMisrNp));
  i.pend(0, 40, 0x80);
  i.pend(1, 41, 0x80);
  CHECK(i.cpu.misr() == 0);
  i.ich.lr[1] = 0;
  CHECK(i.cpu.misr() == gic::kMisrU);
  i.ich.hcr = gic::kHcrEn | gic::kHcrLrenpie;
  CHECK(i.cpu.misr() == 0);
  i.ich.hcr |= 3ULL << gic::kHcrEoiCountShift;
  CHECK(i.cpu.misr() == gic::kMisrLrenp);
  i.ich.hcr = gic::kHcrVgrp0Eie | gic::kHcrVgrp0Die | gic::kHcrVgrp1Eie | gic::kHcrVgrp1Die;
  CHECK(i.cpu.misr() == (gic::kMisrVgrp0E | gic::kMisrVgrp1E));
  CHECK_FALSE(i.cpu.maintenance_asserted());
  i.write(icc::kIgrpen1, 0);
  CHECK(i.cpu.misr() == (gic::kMisrVgrp0E | gic::kMisrVgrp1D));
}

TEST_CASE("Trap controls reach exactly their registers, and SGI registers always trap") {
  Interface i;
  const auto read = [&](abi::SysReg reg) { return i.cpu.read(reg).access; };
  CHECK(i.cpu.write(icc::kSgi1r, 0) == IccAccess::kTrap);
  CHECK(i.cpu.write(icc::kSgi0r, 0) == IccAccess::kTrap);
  CHECK(i.cpu.write(icc::kAsgi1r, 0) == IccAccess::kTrap);
  i.ich.hcr = gic::kHcrEn | gic::kHcrTc;
  CHECK(read(icc::kPmr) == IccAccess::kTrap);
  CHECK(read(icc::kRpr) == IccAccess::kTrap);
  CHECK(read(icc::kCtlr) == IccAccess::kTrap);
  CHECK(i.cpu.write(icc::kDir, 40) == IccAccess::kTrap);
  CHECK(read(icc::kIar1) == IccAccess::kDone);
  i.ich.hcr = gic::kHcrEn | gic::kHcrTall1;
  i.pend(0, 40, 0x80);
  CHECK(read(icc::kIar1) == IccAccess::kTrap);
  CHECK(i.state(0) == gic::kLrPending);
  CHECK(read(icc::kIgrpen1) == IccAccess::kTrap);
  CHECK(read(icc::kIar0) == IccAccess::kDone);
  i.ich.hcr = gic::kHcrEn | gic::kHcrTall0;
  CHECK(read(icc::kAp0r0) == IccAccess::kTrap);
  CHECK(read(icc::kAp1r0) == IccAccess::kDone);
  i.ich.hcr = gic::kHcrEn | gic::kHcrTdir;
  CHECK(i.cpu.write(icc::kDir, 40) == IccAccess::kTrap);
  CHECK(read(icc::kPmr) == IccAccess::kDone);
}

TEST_CASE("Wrong directions and unimplemented registers are UNDEFINED, SRE is fixed") {
  Interface i;
  CHECK(i.cpu.write(icc::kIar1, 0) == IccAccess::kUndefined);
  CHECK(i.cpu.read(icc::kEoir1).access == IccAccess::kUndefined);
  CHECK(i.cpu.read(icc::kSgi1r).access == IccAccess::kUndefined);
  const abi::SysReg ap1r1{abi::sysreg_key(3, 0, 12, 9, 1)};
  CHECK(sim::VirtualCpuInterface::owns(ap1r1));
  CHECK(i.cpu.read(ap1r1).access == IccAccess::kUndefined);
  CHECK_FALSE(sim::VirtualCpuInterface::owns(abi::SysReg::kSctlrEl1));
  CHECK_FALSE(sim::VirtualCpuInterface::owns(abi::SysReg{abi::sysreg_key(3, 0, 12, 0, 0)}));  // VBAR_EL1
  i.write(icc::kSre, 0);
  CHECK(i.read(icc::kSre) == 7);
  CHECK((i.read(icc::kCtlr) >> 8 & 7) == gic::kPriorityBits - 1);
  CHECK((sim::VirtualCpuInterface::vtr() & 0x1f) == gic::kNumListRegisters - 1);
}
