// SPDX-License-Identifier: GPL-2.0-or-later
// How a VM is built and what happens when KVM refuses.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "tests/host_vmm/vm_bench.h"

using namespace host;
using namespace host::vmm;
using namespace host::vmm::test;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("a realm is built in the order KVM wants and nothing is left open") {
  Bench bench;
  VmConfig config = raw_config();
  config.vcpus = 2;
  config.registers = {0x11, 0x22};
  bench.kvm.scripts = {{system_event(kvm::kSystemEventShutdown)}, {}};
  const VmResult result = bench.run(config);
  CHECK(result.outcome == Outcome::kPoweredOff);
  CHECK(result.reason.empty());
  CHECK(bench.threads.names == std::vector<std::string>{"vm-vcpu0", "vm-vcpu1"});
  const std::vector<std::string> expected{
      "create_vm 0x40000021",
      "memslot 0x80000000 0x800000 flags 4",
      "attributes 0x80000000 0x800000 8",
      "gic 0 2 0x8000000",
      "gic 0 3 0x80a0000",
      "init vcpu0 target 5 features 0x4",
      "init vcpu1 target 5 features 0x5",
      "gic 3 0 0x60",
      "gic 4 0 0x0",
      "populate 0x80010000 0x2000 flags 1",
      "reg vcpu0 0x6030000000100000 = 0x11",
      "reg vcpu0 0x6030000000100002 = 0x22",
      "reg vcpu0 0x6030000000100040 = 0x80010000",
      "close vcpu0",
      "close vcpu1",
      "close gic",
      "close vm",
      "close memfd",
      "close kvm",
  };
  CHECK(bench.kvm.log == expected);
  CHECK(bench.kvm.open_fds == 0);
  CHECK(bench.kvm.mappings.empty());
  CHECK(bench.kvm.populated.at(0).second[0x17ff] == std::byte{0xab});
  CHECK(bench.kvm.populated.at(0).second[0x1800] == std::byte{0});
}

TEST_CASE("in the explicit life cycle the VMM takes each step itself, in kvmtool's order") {
  Bench bench;
  VmConfig config = raw_config();
  config.vcpus = 2;
  config.life_cycle = kvm::LifeCycle::kExplicit;
  config.hash_algorithm = HashAlgorithm::kSha512;
  config.personalization_value = "AB";
  config.binaries.push_back({"", std::vector<std::byte>(16, std::byte{2}), kRamBase, false});
  bench.kvm.scripts = {{system_event(kvm::kSystemEventShutdown)}, {}};
  CHECK(bench.run(config).outcome == Outcome::kPoweredOff);
  const std::vector<std::string> expected{
      "create_vm 0x40000021",
      "memslot 0x80000000 0x800000 flags 4",
      "gic 0 2 0x8000000",
      "gic 0 3 0x80a0000",
      "init vcpu0 target 5 features 0x204",
      "init vcpu1 target 5 features 0x205",
      "gic 3 0 0x60",
      "gic 4 0 0x0",
      "config 1 0100",
      "config 0 4142",
      "create",
      "init ripas 0x80000000 0x800000",
      "populate 0x80000000 0x1000 flags 0",
      "populate 0x80010000 0x2000 flags 1",
      "reg vcpu0 0x6030000000100040 = 0x80010000",
      "finalize vcpu0 9",
      "finalize vcpu1 9",
      "activate",
      "attributes 0x80000000 0x800000 8",
      "madvise 0x0 0x800000",
      "close vcpu0",
      "close vcpu1",
      "close gic",
      "close vm",
      "close memfd",
      "close kvm",
  };
  CHECK(bench.kvm.log == expected);
  CHECK(bench.kvm.populated.at(1).second[0x17ff] == std::byte{0xab});
  CHECK(bench.kvm.populated.at(1).second[0x1800] == std::byte{0});
  CHECK(bench.kvm.open_fds == 0);
  CHECK(bench.kvm.mappings.empty());
}

TEST_CASE("every refused step of the explicit life cycle is named, and everything opened is closed") {
  using kvm::RmeAction;
  VmConfig config = raw_config();
  config.life_cycle = kvm::LifeCycle::kExplicit;
  const std::vector<std::pair<RmeAction, std::string>> steps = {
      {RmeAction::KVM_CAP_ARM_RME_CONFIG_REALM, "the hash algorithm"},
      {RmeAction::KVM_CAP_ARM_RME_CREATE_REALM, "creating the realm"},
      {RmeAction::KVM_CAP_ARM_RME_INIT_RIPAS_REALM, "making memory RAM"},
      {RmeAction::KVM_CAP_ARM_RME_POPULATE_REALM, "populating the the binary at 0x80010000 at 0x80010000"},
      {RmeAction::KVM_CAP_ARM_RME_ACTIVATE_REALM, "activating the realm"}};
  for (const auto& [action, what] : steps) {
    Bench bench;
    bench.kvm.rme_failures[action] = -kvm::kEPERM;
    const VmResult result = bench.run(config);
    CHECK(result.outcome == Outcome::kCrashed);
    CHECK_THAT(result.reason, ContainsSubstring("KVM_ENABLE_CAP(KVM_CAP_ARM_RME), " + what + ", was refused (EPERM)"));
    CHECK(bench.kvm.open_fds == 0);
    CHECK(bench.kvm.mappings.empty());
  }
  Bench bench;
  bench.kvm.failures[kvm::Ioctl::KVM_ARM_VCPU_FINALIZE] = -kvm::kENOENT;
  CHECK_THAT(bench.run(config).reason, ContainsSubstring("KVM_ARM_VCPU_FINALIZE of vCPU 0 was refused (ENOENT)"));
  CHECK(bench.kvm.open_fds == 0);
}

TEST_CASE("a plain VM has no guest_memfd, and its images are written into its memory") {
  Bench bench;
  VmConfig config = raw_config();
  config.realm = false;
  std::vector<std::byte> seen(2);
  bench.kvm.before_run = [&](kvm::KvmRun&) { bench.kvm.user_read({bench.state.ram_hva + 0x117ff}, seen); };
  CHECK(bench.run_script({}, config).outcome == Outcome::kPoweredOff);
  CHECK(bench.kvm.logged("create_vm 0x20"));
  CHECK(bench.kvm.logged("memslot 0x80000000 0x800000 flags 0"));
  CHECK_FALSE(bench.kvm.logged("close memfd"));
  CHECK(bench.kvm.populated.empty());
  CHECK(seen == std::vector<std::byte>{std::byte{0xab}, std::byte{0}});
}

TEST_CASE("images are populated in address order, in pieces if KVM does less, each as measured as configured") {
  Bench bench;
  VmConfig config = raw_config();
  config.binaries.push_back({"", std::vector<std::byte>(5 * kMiB, std::byte{1}), kRamBase + 0x200000, false});
  config.binaries.push_back({"", std::vector<std::byte>(16, std::byte{2}), kRamBase, true});
  config.dtb = kRamBase + 0x100000;
  bench.kvm.populate_limit = 0x180000;
  CHECK(bench.run_script({}, config).outcome == Outcome::kPoweredOff);
  const std::size_t first = bench.kvm.position("populate 0x80000000 0x1000 flags 1");
  CHECK(bench.kvm.position("populate 0x80010000 0x2000 flags 1") == first + 1);
  CHECK(bench.kvm.logged("reg vcpu0 0x6030000000100000 = 0x80100000"));
  CHECK(bench.kvm.logged("populate 0x80200000 0x180000 flags 0"));
  CHECK(bench.kvm.logged("populate 0x80380000 0x80000 flags 0"));
  std::uint64_t next = 0, large = 0;
  for (const auto& [base, bytes] : bench.kvm.populated) {
    CHECK(base >= next);
    next = base + bytes.size();
    if (base >= kRam + 0x200000) large += bytes.size();
  }
  CHECK(large == 5 * kMiB);
}

TEST_CASE("a populate call that does nothing ends the VM with a message") {
  Bench bench;
  bench.kvm.populate_limit = 0;
  const VmResult result = bench.run();
  CHECK(result.outcome == Outcome::kCrashed);
  CHECK_THAT(result.reason, ContainsSubstring("no progress"));
  CHECK(bench.kvm.open_fds == 0);
  CHECK(bench.kvm.mappings.empty());
}

TEST_CASE("every refused call of the build is named, and everything opened is closed") {
  using kvm::Ioctl;
  for (Ioctl request : {Ioctl::KVM_CREATE_VM, Ioctl::KVM_CREATE_GUEST_MEMFD, Ioctl::KVM_SET_USER_MEMORY_REGION2,
                        Ioctl::KVM_SET_MEMORY_ATTRIBUTES, Ioctl::KVM_CREATE_DEVICE, Ioctl::KVM_SET_DEVICE_ATTR,
                        Ioctl::KVM_ARM_PREFERRED_TARGET, Ioctl::KVM_CREATE_VCPU, Ioctl::KVM_ARM_VCPU_INIT,
                        Ioctl::KVM_ARM_RMI_POPULATE, Ioctl::KVM_SET_ONE_REG}) {
    Bench bench;
    bench.kvm.failures[request] = -kvm::kENXIO;
    const VmResult result = bench.run();
    CHECK(result.outcome == Outcome::kCrashed);
    CHECK_THAT(result.reason, ContainsSubstring("was refused (ENXIO)"));
    CHECK(bench.kvm.open_fds == 0);
    CHECK(bench.kvm.mappings.empty());
    CHECK(bench.threads.names.empty());
  }
}

TEST_CASE("a machine without an RMM or with too few IPA bits is told from others") {
  Bench without;
  without.kvm.failures[kvm::Ioctl::KVM_CHECK_EXTENSION] = 0;
  CHECK_THAT(without.run().reason, ContainsSubstring("without an RMM"));
  Bench narrow;
  VmConfig config = raw_config();
  config.ipa_bits = 41;
  CHECK_THAT(narrow.run(config).reason, ContainsSubstring("41 IPA bits, this machine has 40"));
}
