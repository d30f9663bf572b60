// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/host_kvm/vgic_bench.h"

using vgic_bench::Bench;
namespace gic = abi::gic;

namespace {

constexpr std::uint64_t sgi1r(unsigned sgi, std::uint64_t list, std::uint64_t aff1 = 0, std::uint64_t aff2 = 0,
                              std::uint64_t aff3 = 0, std::uint64_t rs = 0) {
  return list | aff1 << 16 | std::uint64_t{sgi} << 24 | aff2 << 32 | rs << 44 | aff3 << 48;
}
constexpr std::uint64_t kAllButSelf = 1ULL << 40;

std::set<unsigned> who_got(Bench& b, unsigned sgi) {
  std::set<unsigned> got;
  for (unsigned vcpu = 0; vcpu < b.ich.size(); ++vcpu) {
    if (b.take(vcpu) != sgi) continue;
    b.end(sgi, vcpu);
    got.insert(vcpu);
  }
  return got;
}

}  // namespace

TEST_CASE("vgic SGI: the target list reaches exactly the listed of eight vCPUs, the sender too") {
  Bench b(8);
  for (const unsigned list : {0x01U, 0x80U, 0xa5U, 0xffU, 0x00U}) {
    b.kicked.clear();
    CHECK(b.vgic.vgic_v3_sysreg_write(3, abi::SysReg::kIccSgi1rEl1, sgi1r(5, list)));
    std::set<unsigned> expected;
    for (unsigned i = 0; i < 8; ++i) {
      if ((list >> i & 1) != 0) expected.insert(i);
    }
    CHECK(b.kicked == expected);
    CHECK(who_got(b, 5) == expected);
  }
}

TEST_CASE("vgic SGI: IRM reaches everybody but the sender") {
  Bench b(8);
  b.vgic.vgic_v3_dispatch_sgi(3, sgi1r(1, 0) | kAllButSelf, true);
  CHECK(who_got(b, 1) == std::set<unsigned>{0, 1, 2, 4, 5, 6, 7});
}

TEST_CASE("vgic SGI: beyond sixteen vCPUs the cluster selects") {
  Bench b(40);
  b.vgic.vgic_v3_dispatch_sgi(0, sgi1r(2, 0x8001, 1), true);
  CHECK(who_got(b, 2) == std::set<unsigned>{16, 31});
  b.vgic.vgic_v3_dispatch_sgi(0, sgi1r(2, 0xffff, 2), true);
  CHECK(who_got(b, 2) == std::set<unsigned>{32, 33, 34, 35, 36, 37, 38, 39});
  for (const std::uint64_t nobody :
       {sgi1r(2, 1, 3), sgi1r(2, 1, 0, 1), sgi1r(2, 1, 0, 0, 1), sgi1r(2, 1, 0, 0, 0, 1)}) {
    b.vgic.vgic_v3_dispatch_sgi(0, nobody, true);
    CHECK(who_got(b, 2).empty());
  }
}

TEST_CASE("vgic SGI: a vCPU may have Aff0 above fifteen; the range selector reaches it") {
  Bench b;
  host::kvm::VgicState state;
  host::kvm::Vgic vgic(state, b.sync, b, 2);
  REQUIRE(vgic.kvm_vgic_create(40) == 0);
  REQUIRE(vgic.kvm_vgic_vcpu_init(0, {18}) == 0);
  vgic.vgic_v3_dispatch_sgi(0, sgi1r(2, 0x4), true);
  CHECK_FALSE(state.cpus[0].private_irqs[2].pending_latch);
  vgic.vgic_v3_dispatch_sgi(0, sgi1r(2, 0x4, 0, 0, 0, 1), true);
  CHECK(state.cpus[0].private_irqs[2].pending_latch);
}

TEST_CASE("vgic SGI: all sixteen are distinct and separate per vCPU") {
  Bench b(2);
  for (unsigned sgi = 0; sgi < 16; ++sgi) b.vgic.vgic_v3_dispatch_sgi(0, sgi1r(sgi, 0x2), true);
  std::set<std::uint32_t> got;
  for (int i = 0; i < 16; ++i) {
    const std::uint32_t intid = b.take(1);
    b.end(intid, 1);
    got.insert(intid);
  }
  CHECK(got.size() == 16);
  CHECK(*got.rbegin() == 15);
  CHECK(b.take(0) == gic::kSpurious);
}

TEST_CASE("vgic SGI: one sent again while in its handler comes again") {
  Bench b(2);
  b.vgic.vgic_v3_dispatch_sgi(0, sgi1r(0, 0x2), true);
  b.enter(1);
  REQUIRE(b.cpu(1).acknowledge() == 0);
  b.vgic.vgic_v3_dispatch_sgi(0, sgi1r(0, 0x2), true);
  CHECK(b.kicked.contains(1));
  b.leave(1);
  b.end(0, 1);
  CHECK(b.take(1) == 0);
  b.end(0, 1);
  CHECK(b.take(1) == gic::kSpurious);
}

TEST_CASE("vgic SGI: Group 0 and alias writes raise no Group 1 SGI, Group 1 writes raise both") {
  Bench b;
  CHECK(b.vgic.vgic_v3_sysreg_write(0, abi::SysReg::kIccSgi0rEl1, sgi1r(4, 1)));
  CHECK(b.vgic.vgic_v3_sysreg_write(0, abi::SysReg::kIccAsgi1rEl1, sgi1r(4, 1)));
  CHECK(b.take() == gic::kSpurious);
  b.write_redist(0, 0x10080, ~0ULL & ~(1ULL << 4));
  CHECK(b.vgic.vgic_v3_sysreg_write(0, abi::SysReg::kIccSgi0rEl1, sgi1r(4, 1)));
  CHECK(b.take() == 4);
  b.end(4);
  CHECK(b.vgic.vgic_v3_sysreg_write(0, abi::SysReg::kIccSgi1rEl1, sgi1r(4, 1)));
  CHECK(b.take() == 4);
  CHECK_FALSE(b.vgic.vgic_v3_sysreg_write(0, abi::SysReg::kSctlrEl1, 0));
}

TEST_CASE("vgic SPI: IROUTER decides the vCPU; a pending one moves with its route, an active one stays") {
  Bench b(4);
  b.set_edge(50);
  b.enable(50);
  b.route(50, 2);
  b.inject(50);
  CHECK(b.take(0) == gic::kSpurious);
  b.route(50, 3);  // pending, vCPU 2 has not entered
  CHECK(b.take(2) == gic::kSpurious);
  CHECK(b.take(3) == 50);
  b.route(50, 1);
  b.inject(50);
  CHECK(b.take(1) == gic::kSpurious);  // active on vCPU 3
  b.end(50, 3);
  CHECK(b.take(1) == 50);
}

TEST_CASE("vgic SPI: rerouted while another vCPU shows it, it moves when that vCPU leaves") {
  Bench b(2);
  b.enable(50);
  b.inject(50, true);
  b.enter(0);
  b.route(50, 1);
  CHECK(b.kicked.contains(0));
  b.enter(1);
  CHECK(b.cpu(1).acknowledge() == gic::kSpurious);  // never at two places
  b.leave(1);
  b.kicked.clear();
  b.leave(0);
  CHECK(b.kicked.contains(1));
  CHECK(b.take(0) == gic::kSpurious);
  CHECK(b.take(1) == 50);
}

TEST_CASE("vgic SPI: routed to no vCPU it waits") {
  Bench b(2);
  b.enable(50);
  b.write_dist(0x6000 + 50 * 8, 7, 8);
  b.inject(50, true);
  CHECK(b.take(0) == gic::kSpurious);
  CHECK(b.read_bit(0x200, 50));
  b.route(50, 1);
  CHECK(b.take(1) == 50);
}
