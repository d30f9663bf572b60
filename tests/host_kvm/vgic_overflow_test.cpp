// SPDX-License-Identifier: GPL-2.0-or-later
// More interrupts than list registers: order, maintenance, EOIcount, ICC_DIR.
#include "tests/host_kvm/vgic_bench.h"

using vgic_bench::Bench;
namespace gic = abi::gic;

namespace {

constexpr std::uint64_t kNothing = gic::kSpurious;

// Edges 40, 41, ... with priorities 0x80, 0x88, ...: the lower the INTID the more urgent.
void add_edges(Bench& b, unsigned count) {
  for (std::uint32_t i = 0; i < count; ++i) {
    b.set_edge(40 + i);
    b.enable(40 + i, 0x40 + i * 8);
  }
}

// Acknowledges 40 + count - 1, ..., 40, each inside the handler of the one before.
void nest(Bench& b, unsigned count) {
  for (std::uint32_t i = count; i-- > 0;) {
    b.inject(40 + i);
    REQUIRE(b.take() == 40 + i);
  }
}

}  // namespace

TEST_CASE("vgic overflow: the most urgent get the list registers, the rest come when those are used up") {
  Bench b(1, 4);
  add_edges(b, 10);
  for (std::uint32_t i = 10; i-- > 0;) b.inject(40 + i);
  for (std::uint32_t next = 40; next < 50;) {
    b.enter();
    CHECK(((b.ich[0].hcr & gic::kHcrUie) != 0) == (next < 46));
    CHECK(((b.ich[0].hcr & gic::kHcrNpie) != 0) == (next < 46));
    // Until a maintenance interrupt makes the vCPU leave, or nothing is left.
    while (b.cpu().misr() == 0) {
      const std::uint32_t intid = b.cpu().acknowledge();
      if (intid == kNothing) break;
      CHECK(intid == next++);
      b.cpu().eoi(intid);
    }
    b.leave();
  }
  CHECK(b.take() == kNothing);
}

TEST_CASE("vgic overflow: without waiting interrupts there is no maintenance interrupt but the EOI of levels") {
  Bench b(1, 4);
  add_edges(b, 4);
  for (std::uint32_t i = 0; i < 4; ++i) b.inject(40 + i);
  b.enter();
  CHECK(b.ich[0].hcr == gic::kHcrEn);
  b.leave();
}

TEST_CASE("vgic overflow: a new urgent interrupt displaces a waiting one from the list registers") {
  Bench b(1, 2);
  add_edges(b, 4);
  b.inject(42);
  b.inject(43);
  b.enter();
  b.leave();
  b.inject(40);
  CHECK(b.take() == 40);
}

TEST_CASE(
    "vgic overflow: active interrupts make room for pending ones, and EOIcount deactivates them innermost first") {
  Bench b(1, 2);
  add_edges(b, 6);
  nest(b, 5);  // 44 outermost, 40 innermost
  b.set_edge(60);
  b.enable(60, 0x30);
  b.inject(60);
  b.enter();
  CHECK((b.ich[0].hcr & gic::kHcrLrenpie) != 0);
  CHECK((b.ich[0].hcr & gic::kHcrTdir) != 0);
  REQUIRE(b.cpu().acknowledge() == 60);
  b.cpu().eoi(60);
  CHECK(b.cpu().misr() == gic::kMisrU);  // room to refill; but the host is slow
  b.cpu().eoi(40);                       // has a list register beside 60
  b.cpu().eoi(41);                       // has none
  CHECK((b.cpu().misr() & gic::kMisrLrenp) != 0);
  b.leave();
  for (std::uint32_t intid = 40; intid < 45; ++intid) CHECK(b.read_bit(0x300, intid) == (intid >= 42));
  for (std::uint32_t intid = 42; intid < 45; ++intid) b.end(intid);
  for (std::uint32_t intid = 40; intid < 45; ++intid) CHECK_FALSE(b.read_bit(0x300, intid));
  CHECK(b.state.cpus[0].ap_list.empty());
}

TEST_CASE("vgic overflow: several EOIs in one entry are all replayed") {
  Bench b(1, 1);
  add_edges(b, 6);
  nest(b, 6);
  b.enter();
  for (std::uint32_t intid = 40; intid < 46; ++intid) b.cpu().eoi(intid);  // before the host reacts
  b.leave();
  CHECK(b.state.cpus[0].ap_list.empty());
  CHECK(b.ich[0].ap1r == 0);
}

TEST_CASE("vgic overflow: an edge that is pending and active outside the list registers comes after its EOI") {
  Bench b(1, 1);
  add_edges(b, 2);
  nest(b, 2);
  b.inject(41);
  b.end(40);
  b.enter();
  CHECK(b.cpu().acknowledge() == kNothing);  // 41 is still in its handler
  b.cpu().eoi(41);
  b.leave();
  CHECK(b.take() == 41);
  b.end(41);
  CHECK(b.take() == kNothing);
}

TEST_CASE("vgic overflow: with EOImode 1 a trapped ICC_DIR deactivates by number, in any order") {
  Bench b(1, 2);
  b.ich[0].vmcr |= gic::kVmcrEoim;
  add_edges(b, 5);
  for (std::uint32_t i = 5; i-- > 0;) {
    b.inject(40 + i);
    REQUIRE(b.take() == 40 + i);
  }
  b.enter();
  CHECK((b.ich[0].hcr & gic::kHcrTdir) != 0);
  for (std::uint32_t i = 0; i < 5; ++i) b.cpu().eoi(40 + i);  // priority drops only
  CHECK((b.ich[0].hcr & gic::kHcrEoiCountMask) == 0);
  b.leave();
  for (const std::uint32_t intid : {43U, 40U, 44U, 42U, 41U}) {
    CHECK(b.read_bit(0x300, intid));
    CHECK(b.vgic.vgic_v3_sysreg_write(0, abi::SysReg::kIccDirEl1, intid));
    CHECK_FALSE(b.read_bit(0x300, intid));
  }
  CHECK(b.take() == kNothing);
  CHECK(b.state.cpus[0].ap_list.empty());
}

TEST_CASE("vgic overflow: with EOImode 0 ICC_DIR does nothing") {
  Bench b;
  add_edges(b, 1);
  nest(b, 1);
  b.vgic.vgic_v3_deactivate(0, 40);
  CHECK(b.read_bit(0x300, 40));
}

TEST_CASE("vgic: with EOImode 1 an SPI may be deactivated on another vCPU than acknowledged it") {
  Bench b(2);
  for (auto& ich : b.ich) ich.vmcr |= gic::kVmcrEoim;
  add_edges(b, 1);
  b.inject(40);
  REQUIRE(b.take(0) == 40);
  b.enter(1);
  b.leave(1);  // the vgic learns vCPU 1's EOImode
  b.enter(0);
  CHECK((b.ich[0].hcr & gic::kHcrTdir) != 0);
  b.enter(1);
  CHECK((b.ich[1].hcr & gic::kHcrTdir) != 0);
  b.leave(1);
  b.vgic.vgic_v3_deactivate(1, 40);
  CHECK(b.kicked.contains(0));  // it holds the list register
  CHECK_FALSE(b.read_bit(0x300, 40));
  b.leave(0);
  CHECK_FALSE(b.read_bit(0x300, 40));
  b.enter(0);
  CHECK(b.ich[0].lr[0] == 0);
  b.leave(0);
}

TEST_CASE("vgic overflow: interrupts of a group the CPU interface masks don't keep the other group out") {
  Bench b(1, 2);
  b.ich[0].vmcr = Bench::kOpenVmcr & ~gic::kVmcrEng0;
  b.enter();
  b.leave();
  add_edges(b, 4);
  for (std::uint32_t i = 0; i < 3; ++i) b.write_dist(0x80 + 4, b.read_dist(0x80 + 4) & ~(1ULL << (8 + i)));  // group 0
  for (std::uint32_t i = 0; i < 4; ++i) b.inject(40 + i);
  b.enter();
  CHECK(b.cpu().misr() == 0);
  CHECK(b.cpu().acknowledge() == 43);
  b.ich[0].vmcr |= gic::kVmcrEng0;  // the guest opens group 0: another order is right, so the vCPU must leave
  CHECK((b.cpu().misr() & gic::kMisrVgrp0E) != 0);
  b.leave();
  CHECK(b.take() == 40);
}

TEST_CASE("vgic overflow: list registers beyond nr_lr stay empty") {
  for (unsigned nr_lr = 1; nr_lr <= 16; ++nr_lr) {
    Bench b(1, nr_lr);
    b.enter();
    b.leave();  // the vgic learns the group enables
    for (std::uint32_t intid = 40; intid < 60; ++intid) {
      b.enable(intid);
      b.inject(intid);
    }
    b.enter();  // checks the unused ones
    unsigned used = 0;
    for (const std::uint64_t lr : b.ich[0].lr) used += (lr & gic::kLrPending) != 0 ? 1 : 0;
    CHECK(used == nr_lr);
    CHECK(b.cpu().misr() == 0);  // no maintenance interrupt before the guest did anything: no livelock
    b.leave();
  }
}
