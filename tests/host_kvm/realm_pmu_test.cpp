// SPDX-License-Identifier: GPL-2.0-or-later
// The PMU of a realm's vCPU: what user space asks for, what the RMM is told, and the interrupt (R56).
#include "tests/host_kvm/kvm_bench.h"

using namespace kvmtest;

namespace {

constexpr std::uint64_t kPmuPpi = 23;

struct PmuBench : Bench {
  explicit PmuBench(bool realm = true) {
    rmm.pmu_counters = 6;
    vcpu_features = realm ? 1U << kVcpuPmuV3 : 0;
    build(realm);
  }
  long attr(Ioctl request, std::uint64_t which, std::uint64_t value = 0) {
    value_ = value;
    DeviceAttr a{0, kVcpuGrpPmuV3Ctrl, which, &value_};
    return ioctl(vcpus[0], request, &a);
  }
  long set(std::uint64_t which, std::uint64_t value = 0) { return attr(Ioctl::KVM_SET_DEVICE_ATTR, which, value); }
  bool line() { return kvm_vm().vgic.cpus[0].private_irqs[kPmuPpi].line_level; }
  void exit_with(bool overflow) {
    on_enter([=](const RecEnter&, RecExit& x) {
      x.exit_reason = static_cast<std::uint8_t>(RecExitReason::kIrq);
      x.pmu_ovf_status = overflow ? 1 : 0;
    });
  }
  std::uint64_t value_ = 0;
};

}  // namespace

TEST_CASE("a realm's vCPU has a PMU if it asks for one and the RMM offers it; a plain VM's has none") {
  PmuBench b;
  CHECK(b.ioctl(b.vm, Ioctl::KVM_CHECK_EXTENSION, static_cast<std::uint64_t>(Cap::KVM_CAP_ARM_PMU_V3)) == 1);
  CHECK(b.attr(Ioctl::KVM_HAS_DEVICE_ATTR, kVcpuPmuV3Irq) == 0);
  CHECK(b.attr(Ioctl::KVM_HAS_DEVICE_ATTR, 2) == -kENXIO);  // no event filter
  PmuBench plain(false);
  VcpuInit init;
  CHECK(plain.ioctl(plain.vm, Ioctl::KVM_ARM_PREFERRED_TARGET, &init) == 0);
  init.features[0] = 1U << kVcpuPsci02 | 1U << kVcpuPmuV3;
  CHECK(plain.ioctl(plain.vcpus[0], Ioctl::KVM_ARM_VCPU_INIT, &init) == -kEINVAL);
  CHECK(plain.ioctl(plain.vm, Ioctl::KVM_CHECK_EXTENSION, static_cast<std::uint64_t>(Cap::KVM_CAP_ARM_PMU_V3)) == 0);
}

TEST_CASE("KVM_ARM_VCPU_PMU_V3_CTRL: interrupt, number of counters, initialisation, each once and in order") {
  PmuBench b;
  CHECK(b.run() == -kEINVAL);  // not initialised
  CHECK(b.set(kVcpuPmuV3Init) == -kENXIO);
  CHECK(b.attr(Ioctl::KVM_GET_DEVICE_ATTR, kVcpuPmuV3Irq) == -kENXIO);
  CHECK(b.set(kVcpuPmuV3Irq, 3) == -kEINVAL);  // an SGI
  CHECK(b.set(kVcpuPmuV3Irq, kPmuPpi) == 0);
  CHECK(b.set(kVcpuPmuV3Irq, kPmuPpi) == -kEBUSY);
  CHECK(b.attr(Ioctl::KVM_GET_DEVICE_ATTR, kVcpuPmuV3Irq) == 0);
  CHECK(b.value_ == kPmuPpi);
  CHECK(b.set(kVcpuPmuV3SetNrCounters, 7) == -kEINVAL);
  CHECK(b.set(kVcpuPmuV3SetNrCounters, 3) == 0);
  CHECK(b.set(kVcpuPmuV3Init) == 0);
  CHECK(b.set(kVcpuPmuV3Init) == -kEBUSY);
}

TEST_CASE("the realm's parameters say how many counters it has: all, or as many as user space chose") {
  for (const std::uint64_t n : {6ULL, 3ULL}) {
    PmuBench b;
    if (n != 6) CHECK(b.set(kVcpuPmuV3SetNrCounters, n) == 0);
    CHECK(b.set(kVcpuPmuV3Irq, kPmuPpi) == 0);
    CHECK(b.set(kVcpuPmuV3Init) == 0);
    b.on_enter([](const RecEnter&, RecExit& x) { x.exit_reason = 99; });
    CHECK(b.run() == 0);
    REQUIRE(b.rmm.realms.size() == 1);
    const auto& params = b.rmm.realms.begin()->second.params;
    CHECK((params.flags & abi::v1_0::kRealmFlagPmu) != 0);
    CHECK(params.pmu_num_ctrs == n);
  }
}

TEST_CASE("the overflow status of an exit is the level of the PMU's interrupt") {
  PmuBench b;
  CHECK(b.set(kVcpuPmuV3Irq, kPmuPpi) == 0);
  CHECK(b.set(kVcpuPmuV3Init) == 0);
  for (const bool overflow : {false, true, true, false}) {
    b.exit_with(overflow);
    bool seen = false;
    b.on_enter([&](const RecEnter&, RecExit& x) {
      seen = b.line();
      x.exit_reason = 99;  // nothing that the host knows: back to user space
      x.pmu_ovf_status = overflow ? 1 : 0;
    });
    b.run();
    CHECK(seen == overflow);
    CHECK(b.line() == overflow);
  }
}
