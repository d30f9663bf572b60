// SPDX-License-Identifier: GPL-2.0-or-later
// One interrupt, one vCPU: from injection to deactivation.
#include "tests/host_kvm/vgic_bench.h"

using vgic_bench::Bench;
namespace gic = abi::gic;

namespace {
constexpr std::uint32_t kSpi = 40;
constexpr std::uint64_t kNothing = gic::kSpurious;
}  // namespace

TEST_CASE("vgic: an edge is delivered exactly once") {
  Bench b;
  b.set_edge(kSpi);
  b.enable(kSpi);
  b.inject(kSpi);
  CHECK(b.kicked.contains(0));
  CHECK(b.take() == kSpi);
  CHECK(b.take() == kNothing);
  b.end(kSpi);
  CHECK(b.take() == kNothing);
  CHECK(b.state.cpus[0].ap_list.empty());
}

TEST_CASE("vgic: an edge that comes while active is delivered after the EOI, in the same entry") {
  Bench b;
  b.set_edge(kSpi);
  b.enable(kSpi);
  b.inject(kSpi);
  REQUIRE(b.take() == kSpi);
  b.inject(kSpi);
  b.inject(kSpi);  // edges collapse while pending
  b.enter();
  CHECK((b.ich[0].lr[0] & gic::kLrStateMask) == gic::kLrStateMask);
  CHECK(b.cpu().acknowledge() == kNothing);
  b.cpu().eoi(kSpi);
  CHECK(b.cpu().acknowledge() == kSpi);
  b.cpu().eoi(kSpi);
  CHECK(b.cpu().acknowledge() == kNothing);
  b.leave();
  CHECK(b.take() == kNothing);
}

TEST_CASE(
    "vgic: an edge between flush and sync is another one when the first was acknowledged, the same one when not") {
  const bool acknowledged = GENERATE_COPY(true, false);
  Bench b;
  b.set_edge(kSpi);
  b.enable(kSpi);
  b.inject(kSpi);
  b.enter();
  if (acknowledged) {
    REQUIRE(b.cpu().acknowledge() == kSpi);
    b.cpu().eoi(kSpi);
  }
  b.inject(kSpi);
  CHECK(b.kicked.contains(0));
  b.leave();
  CHECK(b.take() == kSpi);
  b.end(kSpi);
  CHECK(b.take() == kNothing);
}

TEST_CASE("vgic: a level is delivered again while the line is high, and no longer once it is low") {
  Bench b;
  b.enable(kSpi);
  b.inject(kSpi, true);
  for (int i = 0; i < 3; ++i) {
    b.enter();
    REQUIRE(b.cpu().acknowledge() == kSpi);
    CHECK(b.cpu().misr() == 0);
    b.cpu().eoi(kSpi);
    CHECK(b.cpu().acknowledge() == kNothing);
    CHECK(b.cpu().misr() == gic::kMisrEoi);  // so that the line is sampled again
    b.leave();
  }
  REQUIRE(b.take() == kSpi);
  b.inject(kSpi, false);
  b.end(kSpi);
  CHECK(b.take() == kNothing);
  CHECK(b.state.cpus[0].ap_list.empty());
}

TEST_CASE("vgic: an active level is never presented as pending too") {
  Bench b;
  b.enable(kSpi);
  b.inject(kSpi, true);
  REQUIRE(b.take() == kSpi);
  b.enter();
  CHECK((b.ich[0].lr[0] & gic::kLrStateMask) == gic::kLrActive);
  CHECK((b.ich[0].lr[0] & gic::kLrEoi) != 0);
  b.leave();
}

TEST_CASE("vgic: a line that falls before it was acknowledged is withdrawn, and the vCPU that shows it is kicked") {
  Bench b;
  b.enable(kSpi);
  b.inject(kSpi, true);
  b.enter();
  b.inject(kSpi, false);
  CHECK(b.kicked.contains(0));
  b.leave();
  CHECK(b.take() == kNothing);
}

TEST_CASE("vgic: a level's software pending state is consumed by the acknowledge, not before") {
  Bench b;
  b.enable(kSpi);
  b.write_bit(0x200, kSpi);
  b.enter();
  b.leave();
  CHECK(b.read_bit(0x200, kSpi));
  REQUIRE(b.take() == kSpi);
  CHECK_FALSE(b.read_bit(0x200, kSpi));
  b.write_bit(0x200, kSpi);  // pending while active
  b.enter();
  b.leave();
  CHECK(b.read_bit(0x200, kSpi));
  b.end(kSpi);
  CHECK(b.take() == kSpi);
  b.end(kSpi);
  CHECK(b.take() == kNothing);
}

TEST_CASE("vgic: a disabled interrupt waits, and comes once enabled") {
  Bench b;
  b.inject(kSpi, true);
  CHECK(b.take() == kNothing);
  CHECK_FALSE(b.vgic.kvm_vgic_vcpu_pending_irq(0));
  b.kicked.clear();
  b.enable(kSpi);
  CHECK(b.kicked.contains(0));
  CHECK(b.take() == kSpi);
}

TEST_CASE("vgic: the distributor forwards only enabled groups") {
  Bench b;
  b.write_dist(0x0, 1);  // group 0 only
  b.enable(kSpi);
  b.inject(kSpi, true);
  CHECK(b.take() == kNothing);
  b.write_dist(0x0, 2);
  CHECK(b.take() == kSpi);
}

TEST_CASE("vgic: a redistributor put to sleep forwards nothing until it wakes") {
  Bench b;
  b.enable(kSpi);
  b.write_redist(0, 0x14, 2);
  CHECK(b.read_redist(0, 0x14) == 6);
  b.inject(kSpi, true);
  CHECK(b.take() == kNothing);
  b.write_redist(0, 0x14, 0);
  CHECK(b.read_redist(0, 0x14) == 0);
  CHECK(b.take() == kSpi);
}

TEST_CASE("vgic: higher priorities preempt, equal and lower ones wait") {
  Bench b;
  b.enable(40, 0xa0);
  b.enable(41, 0xa0);
  b.enable(42, 0x80);
  b.enable(43, 0xc0);
  for (std::uint32_t intid = 40; intid < 44; ++intid) {
    b.set_edge(intid);
    b.inject(intid);
  }
  b.enter();
  CHECK(b.cpu().acknowledge() == 42);
  CHECK(b.cpu().acknowledge() == kNothing);
  b.cpu().eoi(42);
  CHECK(b.cpu().acknowledge() == 40);
  b.leave();
  b.inject(42);
  b.enter();
  CHECK(b.cpu().acknowledge() == 42);  // inside 40's handler
  b.cpu().eoi(42);
  CHECK(b.cpu().acknowledge() == kNothing);  // 41 has 40's priority
  b.cpu().eoi(40);
  CHECK(b.cpu().acknowledge() == 41);
  b.cpu().eoi(41);
  CHECK(b.cpu().acknowledge() == 43);
  b.leave();
}

TEST_CASE("vgic: a vCPU in WFI wakes for what its CPU interface would signal, and for nothing else") {
  Bench b;
  b.enable(kSpi, 0xa0);
  b.inject(kSpi, true);
  b.enter();
  b.leave();  // the vgic learns VMCR here
  CHECK(b.vgic.kvm_vgic_vcpu_pending_irq(0));
  for (const std::uint64_t vmcr :
       {Bench::kOpenVmcr & ~gic::kVmcrEng1, gic::kVmcrEng1 | std::uint64_t{0xa0} << gic::kVmcrPmrShift}) {
    b.ich[0].vmcr = vmcr;
    b.enter();
    b.leave();
    CHECK_FALSE(b.vgic.kvm_vgic_vcpu_pending_irq(0));
  }
  b.ich[0].vmcr = Bench::kOpenVmcr;
  REQUIRE(b.take() == kSpi);
  CHECK_FALSE(b.vgic.kvm_vgic_vcpu_pending_irq(0));  // active
}

TEST_CASE("vgic: entries without interrupts take no lock") {
  Bench b;
  const unsigned before = b.sync.acquired;
  for (int i = 0; i < 10; ++i) {
    b.enter();
    b.leave();
  }
  CHECK_FALSE(b.vgic.kvm_vgic_vcpu_pending_irq(0));
  CHECK(b.sync.acquired == before);
}

TEST_CASE("vgic: injection refuses SGIs, unknown interrupts and an uninitialised vgic") {
  Bench b(1, 16, 64);
  CHECK(b.vgic.kvm_vgic_inject_irq(0, 15, true) == -host::kvm::kEINVAL);
  CHECK(b.vgic.kvm_vgic_inject_irq(0, 64, true) == -host::kvm::kEINVAL);
  CHECK(b.vgic.kvm_vgic_inject_irq(1, 27, true) == -host::kvm::kEINVAL);
  CHECK(b.vgic.kvm_vgic_inject_irq(0, 63, true) == 0);
  host::kvm::VgicState fresh;
  host::kvm::Vgic vgic(fresh, b.sync, b, 2);
  CHECK(vgic.kvm_vgic_inject_irq(0, 27, true) == -host::kvm::kEBUSY);
}

TEST_CASE("vgic: a late back-out leaves every interrupt as it was") {
  Bench b(1, 4);
  b.set_edge(40);
  for (std::uint32_t intid = 40; intid < 50; ++intid) b.enable(intid, 0x80 + (intid % 3) * 8);
  b.write_bit(0x200, 41);  // software pending on a level
  for (const std::uint32_t intid : {40U, 42U, 43U, 44U, 45U}) b.inject(intid);
  REQUIRE(b.take() != kNothing);  // one is active, others pending, more than fit
  const auto spis = [&] {
    std::vector<std::tuple<bool, bool, bool, std::uint16_t>> all;
    for (const auto& irq : b.state.dist.spis) all.emplace_back(irq.active, irq.pending_latch, irq.on_lr, irq.vcpu);
    return all;
  };
  const auto before = spis();
  const gic::IchState ich = b.ich[0];
  for (int i = 0; i < 3; ++i) {
    b.enter();
    const gic::IchState flushed = b.ich[0];
    b.vgic.kvm_vgic_sync_hwstate(0, b.ich[0]);  // no entry, or a failed one: the list registers as flush left them
    CHECK(spis() == before);
    CHECK(flushed.vmcr == ich.vmcr);
    CHECK(flushed.ap1r == ich.ap1r);
  }
  // An EOIcount of an earlier exit does not survive into the next flush.
  b.ich[0].hcr |= 3ULL << gic::kHcrEoiCountShift;
  b.enter();
  CHECK((b.ich[0].hcr & gic::kHcrEoiCountMask) == 0);
  b.leave();
  CHECK(spis() == before);
}
