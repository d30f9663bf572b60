// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/host_kvm/vgic_bench.h"

using namespace host::kvm;
using vgic_bench::Bench;

namespace {

constexpr std::uint64_t kDist = kVgicV3AddrTypeDist, kRedist = kVgicV3AddrTypeRedist;

struct Fresh {
  explicit Fresh(unsigned vcpus = 2) {
    REQUIRE(vgic.kvm_vgic_create(33) == 0);
    for (unsigned i = 0; i < vcpus; ++i) REQUIRE(vgic.kvm_vgic_vcpu_init(i, Bench::mpidr(i)) == 0);
  }
  long addr(std::uint64_t attr, std::uint64_t value) { return vgic.vgic_v3_set_attr(kVgicGrpAddr, attr, value); }
  long nr_irqs(std::uint64_t value) { return vgic.vgic_v3_set_attr(kVgicGrpNrIrqs, 0, value); }
  long init() { return vgic.vgic_v3_set_attr(kVgicGrpCtrl, kVgicCtrlInit, 0); }

  Bench bench;  // lends Sync and VgicHost
  VgicState state;
  Vgic vgic{state, bench.sync, bench, 2};
};

}  // namespace

TEST_CASE("vgic attributes: an address is checked for repetition, alignment, wrap and the IPA space, in this order") {
  Fresh f;
  CHECK(f.addr(kDist, 0x08001000) == -kEINVAL);
  CHECK(f.addr(kDist, 0xffffffffffff0000) == -kEINVAL);
  CHECK(f.addr(kDist, 1ULL << 33) == -kE2BIG);
  CHECK(f.addr(kDist, (1ULL << 33) - 0x10000) == 0);
  CHECK(f.addr(kDist, 0x08001000) == -kEEXIST);
  CHECK(f.addr(kRedist, (1ULL << 33) - 0x10000) == -kE2BIG);
  CHECK(f.addr(kRedist, (1ULL << 33) - 0x40000) == -kEINVAL);  // overlaps the distributor
  CHECK(f.addr(kRedist, (1ULL << 33) - 0x50000) == 0);
  CHECK(f.addr(kRedist, 0x080a0000) == -kEEXIST);
}

TEST_CASE("vgic attributes: addresses and numbers read back") {
  Fresh f;
  std::uint64_t value = 0;
  CHECK(f.vgic.vgic_v3_get_attr(kVgicGrpAddr, kDist, value) == 0);
  CHECK(value == kVgicAddrUndef);
  REQUIRE(f.addr(kDist, 0x08000000) == 0);
  CHECK(f.vgic.vgic_v3_get_attr(kVgicGrpAddr, kDist, value) == 0);
  CHECK(value == 0x08000000);
  REQUIRE(f.nr_irqs(128) == 0);
  CHECK(f.vgic.vgic_v3_get_attr(kVgicGrpNrIrqs, 0, value) == 0);
  CHECK(value == 128);
  CHECK(f.vgic.vgic_v3_get_attr(kVgicGrpCtrl, kVgicCtrlInit, value) == -kENXIO);
}

TEST_CASE("vgic attributes: the number of interrupts is 64 to 992 by 32, set once, before initialisation") {
  Fresh f;
  for (const std::uint64_t bad : {0U, 32U, 65U, 1000U, 1024U}) CHECK(f.nr_irqs(bad) == -kEINVAL);
  CHECK(f.nr_irqs(992) == 0);
  CHECK(f.nr_irqs(64) == -kEBUSY);
  Fresh g;
  CHECK(g.init() == 0);
  CHECK(g.state.dist.spis.size() == 224);
  CHECK(g.nr_irqs(64) == -kEBUSY);
}

TEST_CASE("vgic attributes: unknown groups and attributes are ENXIO") {
  Fresh f;
  CHECK(f.vgic.vgic_v3_has_attr(kVgicGrpAddr, 4) == -kENXIO);
  CHECK(f.vgic.vgic_v3_has_attr(1, 0) == -kENXIO);
  CHECK(f.vgic.vgic_v3_has_attr(kVgicGrpCtrl, 1) == -kENXIO);
  CHECK(f.vgic.vgic_v3_has_attr(kVgicGrpCtrl, kVgicCtrlInit) == 0);
  CHECK(f.vgic.vgic_v3_set_attr(9, 0, 0) == -kENXIO);
  CHECK(f.addr(0, 0x08000000) == -kENXIO);
}

TEST_CASE("vgic life: initialisation is idempotent and closes the door for vCPUs") {
  Fresh f;
  CHECK(f.vgic.kvm_vgic_create(33) == -kEEXIST);
  CHECK(f.init() == 0);
  CHECK(f.init() == 0);
  CHECK(f.vgic.vgic_initialized());
  CHECK(f.vgic.kvm_vgic_vcpu_init(2, Bench::mpidr(2)) == -kEBUSY);
  f.vgic.kvm_vgic_destroy();
  CHECK(f.vgic.kvm_vgic_map_resources() == -kENODEV);
  CHECK(f.vgic.vgic_init() == -kENODEV);
}

TEST_CASE("vgic life: the first run needs a device, both addresses apart from each other, and initialisation") {
  Fresh f;
  CHECK(f.vgic.kvm_vgic_map_resources() == -kENXIO);
  REQUIRE(f.addr(kRedist, 0x08000000) == 0);
  CHECK(f.vgic.kvm_vgic_map_resources() == -kENXIO);
  REQUIRE(f.addr(kDist, 0x08050000) == 0);
  CHECK(f.vgic.kvm_vgic_map_resources() == -kEBUSY);
  // A vCPU created after the address was set makes the redistributors reach into the distributor.
  REQUIRE(f.vgic.kvm_vgic_vcpu_init(2, Bench::mpidr(2)) == 0);
  CHECK(f.vgic.kvm_vgic_map_resources() == -kEINVAL);

  Fresh g;
  REQUIRE(g.addr(kRedist, 0x080a0000) == 0);
  REQUIRE(g.addr(kDist, 0x08000000) == 0);
  REQUIRE(g.init() == 0);
  std::uint64_t data = 0;
  CHECK_FALSE(g.vgic.vgic_mmio(0, {0x08000000}, false, 4, data));  // not mapped yet
  CHECK(g.vgic.kvm_vgic_map_resources() == 0);
  CHECK(g.vgic.kvm_vgic_map_resources() == 0);
  CHECK(g.vgic.vgic_mmio(0, {0x08000000}, false, 4, data));
}

TEST_CASE("vgic state: a copy taken while interrupts are in flight continues like the original") {
  Bench a(2, 2);
  for (std::uint32_t intid = 40; intid < 45; ++intid) {
    a.set_edge(intid);
    a.enable(intid, intid);
    a.inject(intid);
  }
  a.enter();
  REQUIRE(a.cpu().acknowledge() != abi::gic::kSpurious);
  const VgicState copy = a.state;
  const auto ich = a.ich;
  const auto play = [&] {
    std::vector<std::uint32_t> log;
    a.leave();
    for (int i = 0; i < 10; ++i) {
      a.enter();
      log.push_back(a.cpu().acknowledge());
      a.cpu().eoi(log.back());
      a.leave();
    }
    return log;
  };
  const auto first = play();
  a.state = copy;
  a.ich = ich;
  CHECK(play() == first);
}
