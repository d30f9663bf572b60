// SPDX-License-Identifier: GPL-2.0-or-later
// The physical GIC as Non-secure EL2 software uses it: its frames, its CPU interface, routing and priorities.
#include "sim/gic/physical_gic.h"

#include <array>

#include <catch2/catch_test_macros.hpp>

#include "sim/gic/icc_registers.h"

namespace {

namespace icc = sim::icc;

constexpr std::uint64_t kCtlr = 0, kTyper = 4, kSetEnable = 0x100, kClearEnable = 0x180, kSetPending = 0x200,
                        kClearPending = 0x280, kSetActive = 0x300, kClearActive = 0x380, kPriority = 0x400,
                        kConfig = 0xc00, kRouter = 0x6000;
constexpr std::uint64_t kFrame = sim::PhysicalGic::kRedistributorSize, kSgiBase = 0x10000;
constexpr unsigned kSpurious = 1023;
constexpr unsigned kSpi = 42, kPpi = 26, kSgi = 3;

struct Bench {
  std::array<abi::Mpidr, 3> pes{{{0}, {0x100}, {0x1'0002'0001}}};
  sim::PhysicalGicState state;
  sim::PhysicalGic gic{state, pes, 64};

  std::uint64_t dist(std::uint64_t offset, unsigned size = 4) { return gic.distributor().read(offset, size); }
  void dist_write(std::uint64_t offset, std::uint64_t value, unsigned size = 4) {
    gic.distributor().write(offset, size, value);
  }
  std::uint64_t sgi_base(unsigned pe, std::uint64_t offset, unsigned size = 4) {
    return gic.redistributors().read(pe * kFrame + kSgiBase + offset, size);
  }
  void sgi_base_write(unsigned pe, std::uint64_t offset, std::uint64_t value, unsigned size = 4) {
    gic.redistributors().write(pe * kFrame + kSgiBase + offset, size, value);
  }
  std::uint64_t icc_read(abi::SysReg reg, unsigned pe = 0) {
    std::uint64_t value = 0xdead;
    REQUIRE(gic.read_register(pe, static_cast<std::uint32_t>(reg), value));
    return value;
  }
  void icc_write(abi::SysReg reg, std::uint64_t value, unsigned pe = 0) {
    REQUIRE(gic.write_register(pe, static_cast<std::uint32_t>(reg), value));
  }
  // What a driver does: group 1 on, masks open.
  void open(unsigned pe = 0) {
    dist_write(kCtlr, 1U << 1);
    icc_write(icc::kPmr, 0xff, pe);
    icc_write(icc::kIgrpen1, 1, pe);
  }
  void enable(unsigned intid, unsigned priority = 0xa0, unsigned pe = 0) {
    if (intid < 32) {
      sgi_base_write(pe, kPriority + intid, priority, 1);
      sgi_base_write(pe, kSetEnable, 1U << intid);
    } else {
      dist_write(kPriority + intid, priority, 1);
      dist_write(kSetEnable + intid / 32 * 4, 1U << (intid % 32));
    }
  }
  void edge(unsigned intid) {
    const std::uint64_t at = kConfig + intid / 16 * 4;
    dist_write(at, dist(at) | 2ULL << (2 * (intid % 16)));
  }
  bool spi_bit(std::uint64_t registers, unsigned intid) {
    return (dist(registers + intid / 32 * 4) >> (intid % 32) & 1) != 0;
  }
};

}  // namespace

TEST_CASE("GIC: EL3 hands over affinity routing, masked group 1, and everything disabled") {
  Bench b;
  CHECK(b.dist(kCtlr) == 1U << 4);          // ARE_NS
  CHECK((b.dist(kTyper) & 0x1f) == 2);      // ITLinesNumber: 32 * (2 + 1) interrupts
  CHECK((b.dist(kTyper) >> 10 & 1) == 1);   // two Security states
  CHECK((b.dist(0xffe8) >> 4 & 0xf) == 3);  // PIDR2.ArchRev: GICv3
  CHECK((b.gic.redistributors().read(0xffe8, 4) >> 4 & 0xf) == 3);
  for (const std::uint64_t at : {kSetEnable + 4, kSetEnable + 8, kSetPending + 4, kSetActive + 4, kPriority + 32})
    CHECK(b.dist(at) == 0);
  CHECK(b.dist(0x84) == 0);  // IGROUPR is EL3's
  CHECK(b.sgi_base(0, kConfig) == 0xaaaaaaaa);
  CHECK(b.icc_read(icc::kIgrpen1) == 0);
  CHECK(b.icc_read(icc::kPmr) == 0xf0);
  CHECK(b.icc_read(icc::kRpr) == 0xff);
  CHECK(b.icc_read(icc::kSre) == 7);
  CHECK(b.icc_read(icc::kSreEl2) == 0xf);
  CHECK_FALSE(b.gic.irq_pending(0));
}

TEST_CASE("GIC: ARE_NS and the system registers cannot be turned off") {
  Bench b;
  b.dist_write(kCtlr, 0);
  CHECK(b.dist(kCtlr) == 1U << 4);
  b.dist_write(kCtlr, ~0U);
  CHECK(b.dist(kCtlr) == (1U << 4 | 1U << 1));
  b.icc_write(icc::kSre, 0);
  b.icc_write(icc::kSreEl2, 0);
  CHECK(b.icc_read(icc::kSre) == 7);
  CHECK(b.icc_read(icc::kSreEl2) == 0xf);
}

TEST_CASE("GIC: redistributors tell their affinity, number and which is the last") {
  Bench b;
  const auto type = [&b](unsigned pe) { return b.gic.redistributors().read(pe * kFrame + 8, 8); };
  CHECK(type(0) == 0);
  CHECK(type(1) == (0x100ULL << 32 | 1 << 8));
  CHECK(type(2) == (0x01020001ULL << 32 | 2 << 8 | 1 << 4));
  CHECK(b.gic.redistributors().read(2 * kFrame + 0xc, 4) == 0x01020001);  // by words too
  CHECK(b.gic.redistributors().read(0x14, 4) == 0);                       // WAKER is EL3's
  CHECK(b.gic.redistributors_size() == 3 * kFrame);
}

TEST_CASE("GIC: an SPI goes to the PE that IROUTER names") {
  Bench b;
  for (unsigned pe = 0; pe < 3; ++pe) b.open(pe);
  b.enable(kSpi);
  b.gic.set_spi(kSpi, true);
  CHECK(b.gic.irq_pending(0));
  CHECK_FALSE(b.gic.irq_pending(1));
  b.dist_write(kRouter + 8 * kSpi, 0x1'0002'0001, 8);
  CHECK(b.dist(kRouter + 8 * kSpi, 8) == 0x1'0002'0001);
  CHECK_FALSE(b.gic.irq_pending(0));
  CHECK(b.gic.irq_pending(2));
  b.dist_write(kRouter + 8 * kSpi + 4, 0);  // by words
  b.dist_write(kRouter + 8 * kSpi, 0x100);
  CHECK(b.gic.irq_pending(1));
  b.dist_write(kRouter + 8 * kSpi, 0x200);  // nobody
  for (unsigned pe = 0; pe < 3; ++pe) CHECK_FALSE(b.gic.irq_pending(pe));
}

TEST_CASE("GIC: an SPI for any PE goes to exactly one that takes group 1") {
  Bench b;
  b.open(1);
  b.open(2);
  b.enable(kSpi);
  b.dist_write(kRouter + 8 * kSpi, 1ULL << 31, 8);
  b.gic.set_spi(kSpi, true);
  CHECK_FALSE(b.gic.irq_pending(0));
  CHECK(b.gic.irq_pending(1));
  CHECK_FALSE(b.gic.irq_pending(2));
}

TEST_CASE("GIC: IROUTER of interrupts that don't exist and reserved bits read as zero") {
  Bench b;
  b.dist_write(kRouter + 8 * 31, 0x100, 8);
  b.dist_write(kRouter + 8 * 96, 0x100, 8);
  CHECK(b.dist(kRouter + 8 * 31, 8) == 0);
  CHECK(b.dist(kRouter + 8 * 96, 8) == 0);
  b.dist_write(kRouter + 8 * 95, ~0ULL, 8);
  CHECK(b.dist(kRouter + 8 * 95, 8) == 0xff'80ff'ffff);
}

TEST_CASE("GIC: a level-sensitive interrupt pends as long as its input is high") {
  Bench b;
  b.open();
  b.enable(kSpi);
  b.gic.set_spi(kSpi, true);
  CHECK(b.spi_bit(kSetPending, kSpi));
  b.dist_write(kClearPending + 4, 1U << (kSpi - 32));  // the input still drives it
  CHECK(b.spi_bit(kSetPending, kSpi));
  b.gic.set_spi(kSpi, false);
  CHECK_FALSE(b.spi_bit(kSetPending, kSpi));
  CHECK(b.icc_read(icc::kIar1) == kSpurious);
}

TEST_CASE("GIC: a level-sensitive interrupt is active and pending until the handler quiets the device") {
  Bench b;
  b.open();
  b.enable(kSpi);
  b.gic.set_spi(kSpi, true);
  CHECK(b.icc_read(icc::kIar1) == kSpi);
  CHECK(b.spi_bit(kSetActive, kSpi));
  CHECK(b.spi_bit(kSetPending, kSpi));
  CHECK_FALSE(b.gic.irq_pending(0));  // active: not signalled again
  b.icc_write(icc::kEoir1, kSpi);
  CHECK(b.gic.irq_pending(0));
  CHECK(b.icc_read(icc::kIar1) == kSpi);
  b.gic.set_spi(kSpi, false);
  b.icc_write(icc::kEoir1, kSpi);
  CHECK_FALSE(b.gic.irq_pending(0));
  CHECK_FALSE(b.spi_bit(kSetActive, kSpi));
}

TEST_CASE("GIC: an edge-triggered interrupt pends once per rise of its input") {
  Bench b;
  b.open();
  b.enable(kSpi);
  b.edge(kSpi);
  b.gic.set_spi(kSpi, true);
  CHECK(b.icc_read(icc::kIar1) == kSpi);
  b.icc_write(icc::kEoir1, kSpi);
  CHECK_FALSE(b.gic.irq_pending(0));  // still high
  b.gic.set_spi(kSpi, true);
  CHECK_FALSE(b.gic.irq_pending(0));
  b.gic.set_spi(kSpi, false);
  b.gic.set_spi(kSpi, true);
  b.gic.set_spi(kSpi, false);
  CHECK(b.gic.irq_pending(0));  // remembered
  b.dist_write(kClearPending + 4, 1U << (kSpi - 32));
  CHECK_FALSE(b.gic.irq_pending(0));
}

TEST_CASE("GIC: an edge while the interrupt is active pends again after its end") {
  Bench b;
  b.open();
  b.enable(kSpi);
  b.edge(kSpi);
  b.gic.set_spi(kSpi, true);
  CHECK(b.icc_read(icc::kIar1) == kSpi);
  b.gic.set_spi(kSpi, false);
  b.gic.set_spi(kSpi, true);
  CHECK_FALSE(b.gic.irq_pending(0));
  b.icc_write(icc::kEoir1, kSpi);
  CHECK(b.icc_read(icc::kIar1) == kSpi);
}

TEST_CASE("GIC: software makes an interrupt pending and active by the set and clear registers") {
  Bench b;
  b.open();
  b.enable(kSpi);
  const std::uint32_t bit = 1U << (kSpi - 32);
  b.dist_write(kSetPending + 4, bit);
  CHECK(b.gic.irq_pending(0));
  b.dist_write(kSetActive + 4, bit);
  CHECK_FALSE(b.gic.irq_pending(0));
  b.dist_write(kClearActive + 4, bit);
  CHECK(b.icc_read(icc::kIar1) == kSpi);
  CHECK_FALSE(b.spi_bit(kSetPending, kSpi));  // taken
}

TEST_CASE("GIC: a disabled interrupt pends and is not signalled") {
  Bench b;
  b.open();
  b.enable(kSpi);
  b.dist_write(kClearEnable + 4, 1U << (kSpi - 32));
  b.gic.set_spi(kSpi, true);
  CHECK(b.spi_bit(kSetPending, kSpi));
  CHECK_FALSE(b.gic.irq_pending(0));
  CHECK(b.icc_read(icc::kHppir1) == kSpurious);
}

TEST_CASE("GIC: both enables of group 1 are needed") {
  Bench b;
  b.open();
  b.enable(kPpi);
  b.gic.set_ppi(0, kPpi, true);
  CHECK(b.gic.irq_pending(0));
  b.dist_write(kCtlr, 0);
  CHECK_FALSE(b.gic.irq_pending(0));
  CHECK(b.icc_read(icc::kIar1) == kSpurious);
  b.dist_write(kCtlr, 2);
  b.icc_write(icc::kIgrpen1, 0);
  CHECK_FALSE(b.gic.irq_pending(0));
  CHECK(b.icc_read(icc::kHppir1) == kSpurious);
}

TEST_CASE("GIC: PPIs and SGIs are each PE's own") {
  Bench b;
  for (unsigned pe = 0; pe < 2; ++pe) {
    b.open(pe);
    b.enable(kPpi, 0xa0, pe);
  }
  b.gic.set_ppi(1, kPpi, true);
  CHECK_FALSE(b.gic.irq_pending(0));
  CHECK(b.icc_read(icc::kIar1, 1) == kPpi);
  CHECK(b.sgi_base(1, kSetActive) == 1U << kPpi);
  CHECK(b.sgi_base(0, kSetActive) == 0);
  b.icc_write(icc::kEoir1, kPpi, 0);  // another PE's EOI: no active priority there
  CHECK(b.sgi_base(1, kSetActive) == 1U << kPpi);
  CHECK(b.dist(kSetEnable) == 0);  // bank 0 is not in the distributor
}

TEST_CASE("GIC: SGIs reach the PEs of a target list, or all others") {
  Bench b;
  for (unsigned pe = 0; pe < 3; ++pe) {
    b.open(pe);
    b.enable(kSgi, 0xa0, pe);
  }
  b.icc_write(icc::kSgi1r, std::uint64_t{kSgi} << 24 | 1ULL << 16 | 1);  // Aff1 1, Aff0 0
  CHECK_FALSE(b.gic.irq_pending(0));
  CHECK(b.icc_read(icc::kIar1, 1) == kSgi);
  CHECK_FALSE(b.gic.irq_pending(2));
  b.icc_write(icc::kEoir1, kSgi, 1);
  b.icc_write(icc::kSgi1r, 1ULL << 48 | 2ULL << 32 | std::uint64_t{kSgi} << 24 | 2);  // Aff 1.2.0.1
  CHECK(b.icc_read(icc::kIar1, 2) == kSgi);
  b.icc_write(icc::kEoir1, kSgi, 2);
  b.icc_write(icc::kSgi1r, 1ULL << 40 | std::uint64_t{kSgi} << 24, 1);
  CHECK(b.gic.irq_pending(0));
  CHECK_FALSE(b.gic.irq_pending(1));
  CHECK(b.gic.irq_pending(2));
}

TEST_CASE("GIC: an SGI can be sent to oneself and stays edge-triggered") {
  Bench b;
  b.open();
  b.enable(kSgi);
  b.sgi_base_write(0, kConfig, 0);
  CHECK(b.sgi_base(0, kConfig) == 0xaaaaaaaa);
  b.icc_write(icc::kSgi1r, std::uint64_t{kSgi} << 24 | 1);
  CHECK(b.icc_read(icc::kIar1) == kSgi);
  b.icc_write(icc::kEoir1, kSgi);
  CHECK(b.icc_read(icc::kIar1) == kSpurious);
}

TEST_CASE("GIC: Non-secure software sees four priority bits") {
  Bench b;
  b.dist_write(kPriority + kSpi, 0xff, 1);
  CHECK(b.dist(kPriority + kSpi, 1) == 0xf0);
  b.dist_write(kPriority + 40, 0xff9f5a13);
  CHECK(b.dist(kPriority + 40) == 0xf0905010);
  b.icc_write(icc::kPmr, 0x5f);
  CHECK(b.icc_read(icc::kPmr) == 0x50);
  b.icc_write(icc::kPmr, 0);
  CHECK(b.icc_read(icc::kPmr) == 0);
  b.icc_write(icc::kPmr, 0xff);
  CHECK(b.icc_read(icc::kPmr) == 0xf0);
}

TEST_CASE("GIC: the priority mask lets only higher priorities through") {
  Bench b;
  b.open();
  b.enable(kSpi, 0xa0);
  b.gic.set_spi(kSpi, true);
  b.icc_write(icc::kPmr, 0xa0);
  CHECK_FALSE(b.gic.irq_pending(0));
  CHECK(b.icc_read(icc::kIar1) == kSpurious);
  CHECK(b.icc_read(icc::kHppir1) == kSpi);  // pending all the same
  b.icc_write(icc::kPmr, 0xb0);
  CHECK(b.gic.irq_pending(0));
}

TEST_CASE("GIC: the highest priority comes first, the lowest INTID among equals") {
  Bench b;
  b.open();
  b.enable(kSpi, 0x80);
  b.enable(kSpi + 1, 0x40);
  b.enable(kPpi, 0x80);
  b.gic.set_spi(kSpi, true);
  b.gic.set_spi(kSpi + 1, true);
  b.gic.set_ppi(0, kPpi, true);
  CHECK(b.icc_read(icc::kIar1) == kSpi + 1);
  b.gic.set_spi(kSpi + 1, false);
  b.icc_write(icc::kEoir1, kSpi + 1);
  CHECK(b.icc_read(icc::kIar1) == kPpi);
}

TEST_CASE("GIC: only a higher group priority preempts, and the running priority nests") {
  Bench b;
  b.open();
  b.enable(kSpi, 0x80);
  b.enable(kSpi + 1, 0x80);
  b.enable(kSpi + 2, 0x70);
  b.gic.set_spi(kSpi, true);
  CHECK(b.icc_read(icc::kIar1) == kSpi);
  CHECK(b.icc_read(icc::kRpr) == 0x80);
  b.gic.set_spi(kSpi + 1, true);
  CHECK_FALSE(b.gic.irq_pending(0));
  b.gic.set_spi(kSpi + 2, true);
  CHECK(b.icc_read(icc::kIar1) == kSpi + 2);
  CHECK(b.icc_read(icc::kRpr) == 0x70);
  b.gic.set_spi(kSpi + 2, false);
  b.icc_write(icc::kEoir1, kSpi + 2);
  CHECK(b.icc_read(icc::kRpr) == 0x80);
  CHECK_FALSE(b.gic.irq_pending(0));
  b.gic.set_spi(kSpi, false);
  b.icc_write(icc::kEoir1, kSpi);
  CHECK(b.icc_read(icc::kRpr) == 0xff);
  CHECK(b.icc_read(icc::kIar1) == kSpi + 1);
}

TEST_CASE("GIC: the binary point takes low priority bits out of preemption") {
  Bench b;
  b.open();
  b.icc_write(icc::kBpr1, 0);
  CHECK(b.icc_read(icc::kBpr1) == 3);  // the smallest that five priority bits allow
  b.icc_write(icc::kBpr1, 5);
  CHECK(b.icc_read(icc::kBpr1) == 5);
  b.enable(kSpi, 0x90);
  b.enable(kSpi + 1, 0x80);
  b.gic.set_spi(kSpi, true);
  CHECK(b.icc_read(icc::kIar1) == kSpi);
  CHECK(b.icc_read(icc::kRpr) == 0x80);  // the group's priority
  b.gic.set_spi(kSpi + 1, true);
  CHECK_FALSE(b.gic.irq_pending(0));
  b.dist_write(kPriority + kSpi + 1, 0x70, 1);  // the group below
  CHECK(b.gic.irq_pending(0));
}

TEST_CASE("GIC: with EOImode 1 the end drops the priority and DIR deactivates") {
  Bench b;
  b.open();
  b.icc_write(icc::kCtlr, 1U << 1);
  CHECK((b.icc_read(icc::kCtlr) & 3) == 2);
  b.enable(kSpi);
  b.gic.set_spi(kSpi, true);
  CHECK(b.icc_read(icc::kIar1) == kSpi);
  b.icc_write(icc::kEoir1, kSpi);
  CHECK(b.icc_read(icc::kRpr) == 0xff);
  CHECK(b.spi_bit(kSetActive, kSpi));
  CHECK_FALSE(b.gic.irq_pending(0));
  b.icc_write(icc::kDir, kSpi);
  CHECK_FALSE(b.spi_bit(kSetActive, kSpi));
  CHECK(b.gic.irq_pending(0));
}

TEST_CASE("GIC: DIR does nothing with EOImode 0, an EOI nothing without an active priority") {
  Bench b;
  b.open();
  b.enable(kSpi);
  b.gic.set_spi(kSpi, true);
  CHECK(b.icc_read(icc::kIar1) == kSpi);
  b.icc_write(icc::kDir, kSpi);
  CHECK(b.spi_bit(kSetActive, kSpi));
  b.icc_write(icc::kEoir1, kSpurious);
  CHECK(b.icc_read(icc::kRpr) == 0xa0);
  b.icc_write(icc::kEoir1, kSpi);
  b.dist_write(kSetActive + 4, 1U << (kSpi - 32));
  b.icc_write(icc::kEoir1, kSpi);
  CHECK(b.spi_bit(kSetActive, kSpi));
}

TEST_CASE("GIC: any PE may deactivate an SPI") {
  Bench b;
  b.open(0);
  b.open(1);
  b.icc_write(icc::kCtlr, 2, 1);
  b.enable(kSpi);
  b.gic.set_spi(kSpi, true);
  CHECK(b.icc_read(icc::kIar1) == kSpi);
  b.icc_write(icc::kDir, kSpi, 1);
  CHECK_FALSE(b.spi_bit(kSetActive, kSpi));
}

TEST_CASE("GIC: active priorities can be saved and restored, those of the Secure half not") {
  Bench b;
  b.open();
  b.enable(kSpi, 0x80);
  b.gic.set_spi(kSpi, true);
  CHECK(b.icc_read(icc::kIar1) == kSpi);
  const std::uint64_t saved = b.icc_read(icc::kAp1r0);
  CHECK(saved == 1U << (0xc0 >> 3));
  b.icc_write(icc::kAp1r0, 0);
  CHECK(b.icc_read(icc::kRpr) == 0xff);
  b.icc_write(icc::kAp1r0, saved | 1);
  CHECK(b.icc_read(icc::kRpr) == 0x80);
}

TEST_CASE("GIC: what EL3 keeps, and the wrong direction, are no registers of Non-secure software") {
  Bench b;
  std::uint64_t value = 0;
  for (const abi::SysReg reg : {icc::kIar0, icc::kHppir0, icc::kBpr0, icc::kAp0r0, icc::kIgrpen0, icc::kEoir1,
                                icc::kDir, icc::kSgi1r, abi::SysReg::kMidrEl1})
    CHECK_FALSE(b.gic.read_register(0, static_cast<std::uint32_t>(reg), value));
  for (const abi::SysReg reg : {icc::kEoir0, icc::kSgi0r, icc::kIgrpen0, icc::kIar1, icc::kHppir1, icc::kRpr})
    CHECK_FALSE(b.gic.write_register(0, static_cast<std::uint32_t>(reg), value));
  b.icc_write(icc::kAsgi1r, 1);
  for (unsigned pe = 0; pe < 3; ++pe) CHECK(b.sgi_base(pe, kSetPending) == 0);
}

TEST_CASE("GIC: registers outside the implemented interrupts and odd accesses read as zero and change nothing") {
  Bench b;
  b.dist_write(kSetEnable + 12, ~0U);
  CHECK(b.dist(kSetEnable + 12) == 0);
  b.dist_write(kPriority + 96, 0xf0f0f0f0);
  CHECK(b.dist(kPriority + 96) == 0);
  b.dist_write(kSetEnable + 4, ~0U, 1);  // bytes are for priorities only
  b.dist_write(kSetEnable + 4, ~0ULL, 8);
  b.dist_write(kSetEnable + 4, 0xffff, 2);
  CHECK(b.dist(kSetEnable + 4) == 0);
  CHECK(b.dist(kCtlr, 8) == 0);
  CHECK(b.dist(kTyper, 1) == 0);
  b.sgi_base_write(0, kSetEnable + 4, ~0U);
  CHECK(b.sgi_base(0, kSetEnable + 4) == 0);
}

TEST_CASE("GIC: a timer's PPI that would not be signalled is told from one that would") {
  Bench b;
  b.open();
  CHECK_FALSE(b.gic.ppi_would_signal(0, kPpi));
  b.enable(kPpi, 0xa0);
  CHECK(b.gic.ppi_would_signal(0, kPpi));
  CHECK_FALSE(b.gic.ppi_would_signal(1, kPpi));
  b.icc_write(icc::kPmr, 0xa0);
  CHECK_FALSE(b.gic.ppi_would_signal(0, kPpi));
  b.icc_write(icc::kPmr, 0xff);
  b.gic.set_ppi(0, kPpi, true);
  CHECK(b.icc_read(icc::kIar1) == kPpi);
  CHECK_FALSE(b.gic.ppi_would_signal(0, kPpi));  // active
}

TEST_CASE("GIC: a PE that is switched on finds its CPU interface as EL3 hands it over") {
  Bench b;
  b.open();
  b.enable(kPpi);
  b.icc_write(icc::kBpr1, 6);
  b.icc_write(icc::kCtlr, 2);
  b.gic.set_ppi(0, kPpi, true);
  CHECK(b.icc_read(icc::kIar1) == kPpi);
  b.gic.reset_cpu_interface(0);
  CHECK(b.icc_read(icc::kIgrpen1) == 0);
  CHECK((b.icc_read(icc::kCtlr) & 2) == 0);
  CHECK(b.icc_read(icc::kBpr1) == 3);
  CHECK(b.icc_read(icc::kRpr) == 0xff);
  CHECK(b.sgi_base(0, kSetEnable) == 1U << kPpi);  // the redistributor keeps its state
}

TEST_CASE("GIC: a reset forgets everything") {
  Bench b;
  b.open();
  b.enable(kSpi);
  b.enable(kPpi);
  b.edge(kSpi);
  b.gic.set_spi(kSpi, true);
  b.gic.set_ppi(0, kPpi, true);
  CHECK(b.icc_read(icc::kIar1) == kPpi);
  b.gic.reset();
  Bench fresh;
  CHECK(b.dist(kCtlr) == fresh.dist(kCtlr));
  for (std::uint64_t at = 0x100; at < 0xd00; at += 4) {
    CHECK(b.dist(at) == fresh.dist(at));
    CHECK(b.sgi_base(0, at) == fresh.sgi_base(0, at));
  }
}
