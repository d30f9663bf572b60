// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/host_kvm/vgic_bench.h"

using vgic_bench::Bench;
namespace gic = abi::gic;

TEST_CASE("vgic MMIO: the distributor identifies itself as a GICv3 without LPIs") {
  Bench b(1, 16, 256);
  CHECK(b.read_dist(0xffe8) == 0x3b);
  CHECK(b.read_dist(0x4) == (7U | 9U << 19 | 1U << 25));
  CHECK(b.read_dist(0x8) == 0x4b00343b);
  CHECK(b.read_dist(0x10) == 0);
  CHECK(b.read_dist(0x0) == 0x53);  // both groups on, ARE, DS
  b.write_dist(0x0, 0);
  CHECK(b.read_dist(0x0) == 0x50);
  CHECK(b.read_dist(0xffec) == 0);
}

TEST_CASE("vgic MMIO: each redistributor names its vCPU, the last one says so") {
  Bench b(18);
  for (unsigned vcpu = 0; vcpu < 18; ++vcpu) {
    const std::uint64_t affinity = Bench::mpidr(vcpu).value & 0xffffff;
    const std::uint64_t expected = affinity << 32 | vcpu << 8 | (vcpu == 17 ? 0x10 : 0);
    CHECK(b.read_redist(vcpu, 0x8, 8) == expected);
    CHECK(b.read_redist(vcpu, 0x8, 4) == (expected & 0xffffffff));
    CHECK(b.read_redist(vcpu, 0xc, 4) == expected >> 32);
    CHECK(b.read_redist(vcpu, 0xffe8) == 0x3b);
  }
  CHECK(b.read_redist(0, 0x0) == 0);
  CHECK(b.read_redist(0, 0x4) == 0x4b00043b);
  CHECK(b.read_redist(0, 0x14) == 0);
  std::uint64_t data = 0;
  CHECK_FALSE(b.vgic.vgic_mmio(0, {Bench::kRedist + 18 * 0x20000}, false, 4, data));
  CHECK_FALSE(b.vgic.vgic_mmio(0, {Bench::kDist - 4}, false, 4, data));
  CHECK_FALSE(b.vgic.vgic_mmio(0, {Bench::kDist + 0x10000}, false, 4, data));
}

TEST_CASE("vgic MMIO: another vCPU's redistributor is reached by its address, not by who accesses it") {
  Bench b(2);
  b.write(Bench::kRedist + 0x20000 + 0x10100, 1U << 27, 4, 0);
  CHECK_FALSE(b.state.cpus[0].private_irqs[27].enabled);
  CHECK(b.state.cpus[1].private_irqs[27].enabled);
}

TEST_CASE("vgic MMIO: sizes that a register does not allow read as zero and ignore writes") {
  Bench b;
  b.write_dist(0x400 + 40, 0xa0, 1);
  CHECK(b.read_dist(0x400 + 40, 4) == 0xa0);
  CHECK(b.read_dist(0x400 + 40, 1) == 0xa0);
  CHECK(b.read_dist(0x400 + 40, 2) == 0);
  CHECK(b.read_dist(0x400 + 40, 8) == 0);
  CHECK(b.read_dist(0x104, 1) == 0);
  b.write_dist(0x104, 0xff, 1);
  CHECK(b.read_dist(0x104) == 0);
  b.write_dist(0x104, 0xff, 8);
  CHECK(b.read_dist(0x104) == 0);
  CHECK(b.read_dist(0x402 + 38, 4) == 0xa0);
  CHECK(b.read_dist(0x401 + 38, 4) == 0);  // misaligned
  CHECK(b.read_dist(0x40) == 0);           // GICD_SETSPI_NSR: no message-based interrupts
  CHECK(b.read_dist(0xe000) == 0);         // reserved
}

TEST_CASE("vgic MMIO: private interrupts and those beyond ITLinesNumber are not in the distributor") {
  Bench b(1, 16, 64);
  for (const std::uint64_t base : {0x80U, 0x100U, 0x200U, 0x300U}) {
    b.write_dist(base, 0xffffffff);
    CHECK(b.read_dist(base) == 0);
    b.write_dist(base + 8, 0xffffffff);
    CHECK(b.read_dist(base + 8) == 0);
  }
  b.write_dist(0x400, 0xffffffff);
  CHECK(b.read_dist(0x400) == 0);
  b.write_dist(0x6000 + 31 * 8, 1, 8);
  CHECK(b.read_dist(0x6000 + 31 * 8, 8) == 0);
  CHECK(b.read_dist(0x84) == 0xffffffff);  // Group 1 from reset, as KVM has it
}

TEST_CASE("vgic MMIO: set and clear registers act on the written ones only") {
  Bench b;
  for (const auto& [set, clear] : {std::pair{0x104, 0x184}, {0x204, 0x284}, {0x304, 0x384}}) {
    const auto s = static_cast<std::uint64_t>(set), c = static_cast<std::uint64_t>(clear);
    b.write_dist(s, 0xf0);
    b.write_dist(s, 0x01);
    CHECK(b.read_dist(s) == 0xf1);
    CHECK(b.read_dist(c) == 0xf1);
    b.write_dist(c, 0x51);
    CHECK(b.read_dist(s) == 0xa0);
    b.write_redist(0, 0x10000 + s - 4, 0xffff0000);
    CHECK((b.read_redist(0, 0x10000 + s - 4) & 0xffff0000) == 0xffff0000);
    b.write_redist(0, 0x10000 + c - 4, 0xfffe0000);
    CHECK((b.read_redist(0, 0x10000 + c - 4) & 0xffff0000) == 0x10000);
  }
}

TEST_CASE("vgic MMIO: priorities have five bits, configuration one, and SGIs and PPIs keep theirs") {
  Bench b;
  b.write_dist(0x420, 0x01020407);
  CHECK(b.read_dist(0x420) == 0);
  b.write_dist(0x420, 0xffc1b9a7);
  CHECK(b.read_dist(0x420) == 0xf8c0b8a0);
  b.write_dist(0xc08, 0xffffffff);
  CHECK(b.read_dist(0xc08) == 0xaaaaaaaa);
  b.write_redist(0, 0x10c00, 0);
  CHECK(b.read_redist(0, 0x10c00) == 0xaaaaaaaa);
  b.write_redist(0, 0x10c04, 0xffffffff);
  CHECK(b.read_redist(0, 0x10c04) == 0);
  CHECK(b.read_redist(0, 0x10100) == 0xffff);  // SGIs are enabled from reset
}

TEST_CASE("vgic MMIO: IROUTER keeps Aff2 to Aff0, in one access or two") {
  Bench b(2);
  b.write_dist(0x6000 + 40 * 8, ~0ULL, 8);
  CHECK(b.read_dist(0x6000 + 40 * 8, 8) == 0xffffff);
  b.write_dist(0x6000 + 40 * 8, 1, 4);
  b.write_dist(0x6004 + 40 * 8, 0xff, 4);
  CHECK(b.read_dist(0x6000 + 40 * 8, 8) == 1);
  CHECK(b.read_dist(0x6004 + 40 * 8, 4) == 0);
  CHECK(b.state.dist.spis[8].target_vcpu == 1);
}

TEST_CASE("vgic MMIO: an interrupt made active by hand is not delivered until it is made inactive") {
  Bench b;
  b.enable(40);
  b.write_bit(0x300, 40);
  b.inject(40, true);
  CHECK(b.take() == gic::kSpurious);
  b.write_bit(0x380, 40);
  CHECK(b.take() == 40);
  b.write_bit(0x380, 40);  // deactivated by MMIO inside its handler
  CHECK_FALSE(b.read_bit(0x300, 40));
  b.inject(40, false);
  CHECK(b.take() == gic::kSpurious);
}

TEST_CASE("vgic MMIO: changes to an interrupt in flight on another vCPU kick that vCPU and take effect at its exit") {
  Bench b(2);
  b.set_edge(40);
  b.enable(40);
  b.inject(40);
  SECTION("ICPENDR withdraws an edge") {
    b.enter(0);
    CHECK(b.read_bit(0x200, 40, 1));
    b.write_bit(0x280, 40);
    CHECK(b.kicked.contains(0));
    CHECK_FALSE(b.read_bit(0x200, 40));
    b.leave(0);
    CHECK(b.take(0) == gic::kSpurious);
  }
  SECTION("a new edge after ICPENDR stays") {
    b.enter(0);
    b.write_bit(0x280, 40);
    b.inject(40);
    b.leave(0);
    CHECK(b.take(0) == 40);
  }
  SECTION("ICACTIVER deactivates") {
    REQUIRE(b.take(0) == 40);
    b.enter(0);
    b.write_bit(0x380, 40);
    CHECK(b.kicked.contains(0));
    CHECK_FALSE(b.read_bit(0x300, 40));
    b.leave(0);
    CHECK_FALSE(b.state.dist.spis[8].active);
  }
  SECTION("ISACTIVER activates") {
    b.enter(0);
    b.write_bit(0x300, 40);
    CHECK(b.read_bit(0x300, 40));
    b.leave(0);
    CHECK(b.state.dist.spis[8].active);
    CHECK(b.take(0) == gic::kSpurious);
  }
  SECTION("ICENABLER disables") {
    b.enter(0);
    b.write_bit(0x180, 40);
    CHECK(b.kicked.contains(0));
    b.leave(0);
    CHECK(b.take(0) == gic::kSpurious);
    CHECK(b.read_bit(0x200, 40));
  }
  SECTION("a priority change and a group change reach the list register") {
    b.enter(0);
    b.write_dist(0x400 + 40, 0x20, 1);
    CHECK(b.kicked.contains(0));
    b.write_dist(0x84, 0xffffffff & ~(1ULL << 8));
    b.leave(0);
    b.enter(0);
    CHECK(vgic_bench::CpuInterface::priority(b.ich[0].lr[0]) == 0x20);
    CHECK((b.ich[0].lr[0] & gic::kLrGroup1) == 0);
    b.leave(0);
  }
  SECTION("the distributor's enable") {
    b.enter(0);
    b.write_dist(0, 0);
    CHECK(b.kicked.contains(0));
    b.leave(0);
    CHECK(b.take(0) == gic::kSpurious);
    b.write_dist(0, 2);
    CHECK(b.take(0) == 40);
  }
}

TEST_CASE("vgic MMIO: software may pend SGIs and SPIs") {
  Bench b(2);
  b.write_bit(0x200, 7, 1);
  CHECK(b.take(1) == 7);
  b.end(7, 1);
  b.enable(40);
  b.write_bit(0x200, 40);
  CHECK(b.take(0) == 40);
  b.end(40);
  CHECK(b.take(0) == gic::kSpurious);
}
