// SPDX-License-Identifier: GPL-2.0-or-later
// PSCI and hypervisor calls in user space.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "host/vmm/hypercall.h"
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/abi/v1_0/types.h"
#include "tests/host_vmm/vm_bench.h"

using namespace host;
using namespace host::vmm;
using namespace host::vmm::test;
using namespace abi::v1_0;
using Catch::Matchers::ContainsSubstring;

namespace {

// A guest's call with X1 to X3, as KVM passes it on.
RunStep call(ScriptedKvm& kvm, std::uint32_t function, std::uint64_t x1 = 0, std::uint64_t x2 = 0,
             std::uint64_t x3 = 0) {
  return {0, [=, &kvm](kvm::KvmRun& run) {
            kvm.registers[kvm::arm_core_reg(1)] = x1;
            kvm.registers[kvm::arm_core_reg(2)] = x2;
            kvm.registers[kvm::arm_core_reg(3)] = x3;
            run.exit_reason = kvm::ExitReason::KVM_EXIT_HYPERCALL;
            run.hypercall.nr = function;
          }};
}

VmConfig user_psci(bool realm, unsigned vcpus) {
  VmConfig config = raw_config();
  config.realm = realm;
  config.vcpus = vcpus;
  config.smccc = SmcccIn::kUser;
  return config;
}

std::string x0_is(unsigned vcpu, std::uint64_t value) {
  return fmt::format("reg vcpu{} 0x6030000000100000 = {:#x}", vcpu, value);
}

// The log between two lines, both included.
std::vector<std::string> lines(const ScriptedKvm& kvm, const std::string& first, const std::string& last) {
  const auto begin = std::find(kvm.log.begin(), kvm.log.end(), first);
  const auto end = std::find(begin, kvm.log.end(), last);
  REQUIRE(end != kvm.log.end());
  return {begin, end + 1};
}

}  // namespace

TEST_CASE("calls are forwarded only if the configuration says so, before the first vCPU exists") {
  Bench kernel;
  kernel.run_script({});
  CHECK(std::none_of(kernel.kvm.log.begin(), kernel.kvm.log.end(),
                     [](const std::string& line) { return line.starts_with("filter"); }));
  Bench user;
  user.run_script({}, user_psci(true, 1));
  for (const char* line : {"filter vm 0x84000000 0x20 2", "filter vm 0xc4000000 0x20 2",
                           "filter vm 0x86000000 0x10000 2", "filter vm 0xc6000000 0x10000 2"}) {
    INFO(line);
    CHECK(user.kvm.position(line) < user.kvm.position("init vcpu0 target 5 features 0x4"));
  }
}

TEST_CASE("R3: CPU_ON of a realm is completed on the caller's descriptor before the target may run") {
  Bench bench;
  bench.kvm.scripts = {{call(bench.kvm, kPsciCpuOn, 1, 0x1000, 7), call(bench.kvm, kPsciCpuOn, 1, 0x1000, 7),
                        system_event(kvm::kSystemEventShutdown)},
                       {}};
  const auto result = bench.run(user_psci(true, 2));
  CHECK(result.outcome == Outcome::kPoweredOff);
  CHECK(result.exits.hypercall == 2);
  CHECK(lines(bench.kvm, "psci_complete vcpu0 0x1 0", x0_is(0, 0)) ==
        std::vector<std::string>{"psci_complete vcpu0 0x1 0", "mp_state vcpu1 0", x0_is(0, 0)});
  // The second time the target is on: the monitor says so, the VMM only names it.
  CHECK(bench.kvm.logged(x0_is(0, static_cast<std::uint64_t>(-4))));
  CHECK(std::count(bench.kvm.log.begin(), bench.kvm.log.end(), "psci_complete vcpu0 0x1 0") == 2);
  CHECK(std::count(bench.kvm.log.begin(), bench.kvm.log.end(), "mp_state vcpu1 0") == 1);
}

TEST_CASE("CPU_ON of a plain VM resets the target, gives it entry point and context, and starts it") {
  Bench bench;
  bench.kvm.scripts = {{call(bench.kvm, kPsciCpuOn, 1, 0x80001000, 7), system_event(kvm::kSystemEventShutdown)}, {}};
  CHECK(bench.run(user_psci(false, 2)).outcome == Outcome::kPoweredOff);
  CHECK(lines(bench.kvm, "init vcpu1 target 5 features 0x4", x0_is(0, 0)) ==
        std::vector<std::string>{"init vcpu1 target 5 features 0x4", "reg vcpu1 0x6030000000100040 = 0x80001000",
                                 x0_is(1, 7), "mp_state vcpu1 0", x0_is(0, 0)});
}

TEST_CASE("an off vCPU is not in KVM_RUN; CPU_OFF stops it, CPU_ON starts it again") {
  Bench bench;
  // vCPU 1 has an empty script: a KVM_RUN of it without CPU_ON would throw.
  bench.kvm.scripts = {{system_event(kvm::kSystemEventShutdown)}, {}};
  CHECK(bench.run(user_psci(true, 2)).outcome == Outcome::kPoweredOff);

  Bench off;
  off.kvm.scripts = {{call(off.kvm, kPsciCpuOn, 1), call(off.kvm, kPsciCpuOff)}, {call(off.kvm, kPsciSystemOff)}};
  const auto result = off.run(user_psci(true, 2));
  CHECK(result.outcome == Outcome::kPoweredOff);  // by the call, without KVM_EXIT_SYSTEM_EVENT
  CHECK(result.exits.system_event == 0);
  CHECK(result.exits.hypercall == 3);
  CHECK(off.kvm.logged("mp_state vcpu0 5"));
}

TEST_CASE("AFFINITY_INFO: the monitor answers for a realm, the VMM for a plain VM") {
  Bench realm;
  realm.kvm.scripts = {{call(realm.kvm, kPsciAffinityInfo, 1, 0), call(realm.kvm, kPsciAffinityInfo, 9, 0),
                        system_event(kvm::kSystemEventShutdown)},
                       {}};
  CHECK(realm.run(user_psci(true, 2)).outcome == Outcome::kPoweredOff);
  CHECK(realm.kvm.logged("psci_complete vcpu0 0x1 0"));
  CHECK_FALSE(realm.kvm.logged("mp_state vcpu1 0"));
  CHECK(realm.kvm.logged(x0_is(0, static_cast<std::uint64_t>(-2))));

  struct Case {
    std::uint64_t affinity, level, answer;
  };
  for (const Case& c : {Case{0, 0, 0}, Case{1, 0, 1}, Case{1, 1, 0}, Case{0x100, 1, static_cast<std::uint64_t>(-2)},
                        Case{0x100, 2, 0}, Case{0xffffff, 3, 0}, Case{0, 4, static_cast<std::uint64_t>(-2)}}) {
    INFO(c.affinity << " level " << c.level);
    Bench plain;
    plain.kvm.scripts = {
        {call(plain.kvm, kPsciAffinityInfo, c.affinity, c.level), system_event(kvm::kSystemEventShutdown)}, {}};
    CHECK(plain.run(user_psci(false, 2)).outcome == Outcome::kPoweredOff);
    CHECK(plain.kvm.logged(x0_is(0, c.answer)));
  }
}

TEST_CASE("32-bit calls have 32-bit arguments") {
  Bench bench;
  bench.kvm.scripts = {{call(bench.kvm, kPsciCpuOn32, 0xabcd'0000'0001, 0xffff'0000'8000'1000, 0x1'0000'0007),
                        system_event(kvm::kSystemEventShutdown)},
                       {}};
  CHECK(bench.run(user_psci(false, 2)).outcome == Outcome::kPoweredOff);
  CHECK(bench.kvm.logged("reg vcpu1 0x6030000000100040 = 0x80001000"));
  CHECK(bench.kvm.logged(x0_is(1, 7)));
}

TEST_CASE("CPU_SUSPEND waits in KVM until it reports a wakeup") {
  Bench bench;
  const auto result =
      bench.run_script({call(bench.kvm, kPsciCpuSuspend), system_event(kvm::kSystemEventWakeup)}, user_psci(true, 1));
  CHECK(result.outcome == Outcome::kPoweredOff);
  CHECK(result.exits.system_event == 2);
  CHECK(lines(bench.kvm, "mp_state vcpu0 10", "mp_state vcpu0 0") ==
        std::vector<std::string>{"mp_state vcpu0 10", x0_is(0, 0), "mp_state vcpu0 0"});
}

TEST_CASE("each other PSCI function has its answer") {
  struct Case {
    std::uint32_t function;
    std::uint64_t x1, answer;
  };
  const auto c = GENERATE(
      Case{kPsciVersion, 0, kPsciVersion11}, Case{kPsciMigrateInfoType, 0, 2}, Case{kPsciFeatures, kPsciCpuOn, 0},
      Case{kPsciFeatures, kPsciSystemOff, 0}, Case{kPsciFeatures, 0x8400'0005, ~0ULL}, Case{0x8400'001f, 0, ~0ULL},
      Case{kPsciCpuOn, 9, static_cast<std::uint64_t>(-2)}, Case{kPsciCpuOn, 0, static_cast<std::uint64_t>(-4)});
  CAPTURE(c.function, c.x1);
  Bench bench;
  CHECK(bench.run_script({call(bench.kvm, c.function, c.x1)}, user_psci(false, 1)).outcome == Outcome::kPoweredOff);
  CHECK(bench.kvm.logged(x0_is(0, c.answer)));
}

TEST_CASE("SYSTEM_RESET builds the VM again, with its filter") {
  Bench bench;
  bench.kvm.scripts = {{call(bench.kvm, kPsciSystemReset)}, {system_event(kvm::kSystemEventShutdown)}};
  const auto result = bench.run(user_psci(true, 1));
  CHECK(result.outcome == Outcome::kPoweredOff);
  CHECK(result.resets == 1);
  CHECK(std::count(bench.kvm.log.begin(), bench.kvm.log.end(), "filter vm 0x84000000 0x20 2") == 2);
}

TEST_CASE("the VMM says who it is, and NOT_SUPPORTED to every other hypervisor call") {
  Bench bench;
  CHECK(bench.run_script({call(bench.kvm, kHypervisorUid)}, user_psci(true, 1)).outcome == Outcome::kPoweredOff);
  for (unsigned i = 0; i < kVmmUid.size(); ++i)
    CHECK(bench.kvm.logged(fmt::format("reg vcpu0 {:#x} = {:#x}", kvm::arm_core_reg(i), kVmmUid[i])));
  Bench unknown;
  CHECK(unknown.run_script({call(unknown.kvm, 0xc600'1234)}, user_psci(true, 1)).outcome == Outcome::kPoweredOff);
  CHECK(unknown.kvm.logged(x0_is(0, ~0ULL)));
}

TEST_CASE("calls that KVM refuses end the VM with the call's name") {
  struct Case {
    kvm::Ioctl request;
    std::uint32_t function;
    const char* message;
  };
  const auto c = GENERATE(Case{kvm::Ioctl::KVM_ARM_VCPU_RMI_PSCI_COMPLETE, kPsciCpuOn, "RMI_PSCI_COMPLETE"},
                          Case{kvm::Ioctl::KVM_ARM_VCPU_RMI_PSCI_COMPLETE, kPsciAffinityInfo, "RMI_PSCI_COMPLETE"},
                          Case{kvm::Ioctl::KVM_SET_MP_STATE, kPsciCpuOff, "KVM_SET_MP_STATE 5"},
                          Case{kvm::Ioctl::KVM_SET_MP_STATE, kPsciCpuSuspend, "KVM_SET_MP_STATE 10"},
                          Case{kvm::Ioctl::KVM_GET_ONE_REG, kPsciVersion, "KVM_GET_ONE_REG"});
  CAPTURE(c.message);
  Bench bench;
  bench.kvm.failures[c.request] = -kvm::kEINVAL;
  bench.kvm.scripts = {{call(bench.kvm, c.function, 1)}, {}};
  const auto result = bench.run(user_psci(true, 2));
  CHECK(result.outcome == Outcome::kCrashed);
  CHECK_THAT(result.reason, ContainsSubstring(c.message));
  Bench filter;
  filter.kvm.failures[kvm::Ioctl::KVM_SET_DEVICE_ATTR] = -kvm::kENXIO;
  CHECK(filter.run_script({}, user_psci(true, 1)).outcome == Outcome::kCrashed);
}
