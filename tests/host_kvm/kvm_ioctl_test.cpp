// SPDX-License-Identifier: GPL-2.0-or-later
// errno results of the user-space interface.
#include <set>
#include <string>

#include "host/kvm/ioctl_table.h"
#include "tests/host_kvm/kvm_bench.h"

using namespace kvmtest;

TEST_CASE("an ioctl that a file does not know is EINVAL or ENOTTY, a closed file EBADF, a wrong argument EFAULT") {
  Bench b;
  b.build(true);
  for (const Fd fd : {b.dev, b.vm, b.vcpus[0]}) CHECK(b.ioctl(fd, static_cast<Ioctl>(0xAEFE)) == -kEINVAL);
  for (const Fd fd : {b.gic, b.memfd}) CHECK(b.ioctl(fd, static_cast<Ioctl>(0xAEFE)) == -kENOTTY);
  CHECK(b.ioctl(b.dev, Ioctl::KVM_RUN) == -kEINVAL);
  CHECK(b.ioctl(b.vm, Ioctl::KVM_RUN) == -kEINVAL);
  CHECK(b.ioctl(b.memfd, Ioctl::KVM_RUN) == -kENOTTY);
  CHECK(b.ioctl(Fd{99}, Ioctl::KVM_RUN) == -kEBADF);
  CHECK(b.ioctl(Fd{-1}, Ioctl::KVM_RUN) == -kEBADF);
  CHECK(b.ioctl(b.vm, Ioctl::KVM_SET_MEMORY_ATTRIBUTES) == -kEFAULT);
  CHECK(b.ioctl(b.vm, Ioctl::KVM_ARM_RMI_POPULATE, static_cast<ArmRmiPopulate*>(nullptr)) == -kEFAULT);
  CHECK(b.kvm.close(Fd{99}) == -kEBADF);
}

TEST_CASE("the ioctl table has one row per file kind and request, and every row has a name") {
  std::set<std::pair<std::uint32_t, int>> seen;
  for (const auto& row : ioctl_table()) {
    CHECK_FALSE(row.name.empty());
    CHECK(row.handler != nullptr);
    CHECK(seen.emplace(static_cast<std::uint32_t>(row.request), static_cast<int>(row.kind)).second);
    CHECK(ioctl_name(row.request) == row.name);
  }
  CHECK(ioctl_name(static_cast<Ioctl>(1)).empty());
}

TEST_CASE("KVM_CREATE_VM checks its type argument") {
  Bench b;
  b.dev = b.kvm.open_dev_kvm();
  const auto create = [&](std::uint64_t type) { return b.ioctl(b.dev, Ioctl::KVM_CREATE_VM, type); };
  CHECK(create(kVmTypeRealm | kVmTypeProtected | 40) == -kEINVAL);
  CHECK(create(1ULL << 20 | 40) == -kEINVAL);
  CHECK(create(kVmTypeRealm | 41) == -kEINVAL);  // the RMM has 40
  CHECK(create(49) == -kEINVAL);
  CHECK(create(31) == -kEINVAL);
  CHECK(create(41) >= 0);  // a plain VM is not bound by the RMM
  CHECK(create(0) >= 0);
  CHECK(b.state.vms.back().mmu.ia_bits == 40);
  CHECK(create(kVmTypeRealm | 40) >= 0);
}

TEST_CASE("without an RMM there are no realms") {
  Bench b;
  b.rmm.present = false;
  b.dev = b.kvm.open_dev_kvm();
  CHECK(b.ioctl(b.dev, Ioctl::KVM_CREATE_VM, kVmTypeRealm | 40) == -kEPERM);
  CHECK(b.ioctl(b.dev, Ioctl::KVM_CREATE_VM, std::uint64_t{40}) >= 0);
  CHECK(b.ioctl(b.dev, Ioctl::KVM_CHECK_EXTENSION, std::uint64_t{243}) == 0);
}

TEST_CASE("memslots: alignment, overlap, range and deletion") {
  Bench b;
  b.create_vm(true);
  b.add_memory(true);
  UserspaceMemoryRegion2 r;
  r.slot = 1;
  r.userspace_addr = b.ram.value;
  const auto set = [&](std::uint64_t gpa, std::uint64_t size) {
    r.guest_phys_addr = gpa;
    r.memory_size = size;
    return b.ioctl(b.vm, Ioctl::KVM_SET_USER_MEMORY_REGION2, &r);
  };
  CHECK(set(kRam + 0x1000, 0x1000) == -kEEXIST);
  CHECK(set(0x1001, 0x1000) == -kEINVAL);
  CHECK(set(0x1000, 0x1001) == -kEINVAL);
  CHECK(set(0x1000, ~0xfffULL) == -kEINVAL);
  CHECK(set(kSharedBit, 0x1000) == -kEFAULT);  // every slot of a realm lies in the protected half
  CHECK(set(0x1000, 0) == -kEINVAL);           // there is none to delete
  r.flags = kMemLogDirtyPages;
  CHECK(set(0x1000, 0x1000) == -kEINVAL);
  r.flags = kMemReadonly;
  CHECK(set(0x1000, 0x1000) == -kEINVAL);
  r.flags = kMemGuestMemfd;
  r.guest_memfd = static_cast<std::uint32_t>(b.memfd.value);
  CHECK(set(0x1000, 0x1000) == -kEEXIST);  // this part of the file backs slot 0
  r.guest_memfd_offset = kRamSize;
  CHECK(set(0x1000, 0x1000) == -kEINVAL);  // behind the file's end
  r.guest_memfd = static_cast<std::uint32_t>(b.vm.value);
  CHECK(set(0x1000, 0x1000) == -kEINVAL);  // not a guest_memfd
  r.flags = 0;
  CHECK(set(0x1000, 0x1000) == 0);
  CHECK(set(0x1000, 0x1000) == 0);  // nothing changes
  CHECK(set(0x3000, 0x1000) == -kEINVAL);
  CHECK(set(0x1000, 0) == 0);
  r.slot = 0;
  CHECK(set(kRam, 0) == 0);
  CHECK(b.state.guest_memfds[0].bindings.empty());
}

TEST_CASE("memory attributes: only PRIVATE, only of realms, whole pages") {
  Bench b;
  b.create_vm(true);
  b.add_memory(true);
  MemoryAttributes a{kRam, 0x1000, 1, 0};
  const auto set = [&](Fd vm) { return b.ioctl(vm, Ioctl::KVM_SET_MEMORY_ATTRIBUTES, &a); };
  CHECK(set(b.vm) == -kEINVAL);
  a = {kRam, 0x1000, kMemoryAttributePrivate, 1};
  CHECK(set(b.vm) == -kEINVAL);
  a = {kRam + 1, 0x1000, kMemoryAttributePrivate, 0};
  CHECK(set(b.vm) == -kEINVAL);
  a = {kRam, 0, kMemoryAttributePrivate, 0};
  CHECK(set(b.vm) == -kEINVAL);
  a = {~0xfffULL, 0x2000, kMemoryAttributePrivate, 0};
  CHECK(set(b.vm) == -kEINVAL);
  Bench plain;
  plain.create_vm(false);
  a = {kRam, 0x1000, kMemoryAttributePrivate, 0};
  CHECK(plain.ioctl(plain.vm, Ioctl::KVM_SET_MEMORY_ATTRIBUTES, &a) == -kEINVAL);
}

TEST_CASE("KVM_ARM_VCPU_INIT: target and features") {
  Bench b;
  b.create_vm(true);
  b.vcpus.push_back({static_cast<int>(b.ioctl(b.vm, Ioctl::KVM_CREATE_VCPU, std::uint64_t{0}))});
  CHECK(b.run() == -kENOEXEC);
  VcpuInit init;
  const auto call = [&] { return b.ioctl(b.vcpus[0], Ioctl::KVM_ARM_VCPU_INIT, &init); };
  init.target = 99;
  CHECK(call() == -kEINVAL);
  REQUIRE(b.ioctl(b.vm, Ioctl::KVM_ARM_PREFERRED_TARGET, &init) == 0);
  for (const auto feature : {kVcpuEl1_32Bit, kVcpuHasEl2, kVcpuSve, kVcpuPmuV3, kVcpuPtrauthAddress}) {
    INFO(feature);
    init.features[0] = 1U << feature;
    CHECK(call() == -kEINVAL);
  }
  init.features[0] = 1U << kVcpuPsci02;
  init.features[3] = 1;
  CHECK(call() == -kEINVAL);
  init.features[3] = 0;
  CHECK(call() == 0);
  CHECK(call() == 0);
  init.features[0] = 0;
  CHECK(call() == -kEINVAL);  // features cannot change
  CHECK(b.ioctl(b.vm, Ioctl::KVM_CREATE_VCPU, std::uint64_t{0}) == -kEEXIST);
  CHECK(b.ioctl(b.vm, Ioctl::KVM_CREATE_VCPU, std::uint64_t{5}) == -kEINVAL);
}

TEST_CASE("a realm's registers: X0 to X30, PC and the debug counts; the counts freeze with the RD") {
  Bench b;
  b.build(true);
  std::uint64_t value = 0x1234;
  const auto set = [&](std::uint64_t id) {
    OneReg reg{id, &value};
    return b.ioctl(b.vcpus[0], Ioctl::KVM_SET_ONE_REG, &reg);
  };
  constexpr std::uint64_t kDfr0 = 0x6030'0000'0013'0000ULL | abi::sysreg_key(3, 0, 0, 5, 0);
  CHECK(set(arm_core_reg(0)) == 0);
  CHECK(set(arm_core_reg(30)) == 0);
  CHECK(set(arm_core_reg(kCoreRegPc)) == 0);
  CHECK(set(arm_core_reg(kCoreRegPstate)) == -kEINVAL);
  CHECK(set(0x6030'0000'0013'0000ULL | static_cast<std::uint64_t>(abi::SysReg::kSctlrEl1)) == -kEINVAL);
  value = 0x6 | 1ULL << 12 | 1ULL << 20;
  CHECK(set(kDfr0) == 0);
  value = 0x6 | 5ULL << 12 | 1ULL << 20;
  CHECK(set(kDfr0) == -kEINVAL);  // more than the RMM has
  REQUIRE(b.populate(kRam, 1) == 4096);
  CHECK(set(kDfr0) == -kEBUSY);
  value = 0x6 | 1ULL << 12 | 1ULL << 20;
  CHECK(set(kDfr0) == 0);
  RegList list;
  CHECK(b.ioctl(b.vcpus[0], Ioctl::KVM_GET_REG_LIST, &list) == -kE2BIG);
  CHECK(list.n == 33);
  b.exit_irq();
  REQUIRE(b.run() == 0);
  CHECK(b.rmm.recs.begin()->second.params.pc == 0x1234);
}

TEST_CASE("devices: only a vgic-v3, once") {
  Bench b;
  b.create_vm(true);
  CreateDevice device{kDevTypeArmVgicV2, 0, 0};
  CHECK(b.ioctl(b.vm, Ioctl::KVM_CREATE_DEVICE, &device) == -kENODEV);
  device.type = kDevTypeArmVgicV3;
  CHECK(b.ioctl(b.vm, Ioctl::KVM_CREATE_DEVICE, &device) == 0);
  CHECK(b.ioctl(b.vm, Ioctl::KVM_CREATE_DEVICE, &device) == -kEEXIST);
}

TEST_CASE("KVM_SET_MP_STATE stops and starts a vCPU and knows no other state") {
  Bench b;
  b.build(true, 2);
  MpState state{kMpStateRunnable};
  CHECK(b.ioctl(b.vcpus[1], Ioctl::KVM_SET_MP_STATE, &state) == 0);
  CHECK(b.vcpu(1).mp_state.peek() == kMpStateRunnable);
  state.mp_state = kMpStateStopped;
  CHECK(b.ioctl(b.vcpus[1], Ioctl::KVM_SET_MP_STATE, &state) == 0);
  CHECK(b.vcpu(1).mp_state.peek() == kMpStateStopped);
  state.mp_state = 3;
  CHECK(b.ioctl(b.vcpus[1], Ioctl::KVM_SET_MP_STATE, &state) == -kEINVAL);
}

TEST_CASE("KVM_IRQ_LINE drives shared and private inputs of the vgic") {
  Bench b;
  b.build(true);
  IrqLevel spi{irq_line_spi(40), 1}, ppi{2U << 24 | 27, 1}, sgi{2U << 24 | 3, 1}, none{7U << 24, 1};
  CHECK(b.ioctl(b.vm, Ioctl::KVM_IRQ_LINE, &spi) == 0);
  CHECK(b.ioctl(b.vm, Ioctl::KVM_IRQ_LINE, &ppi) == 0);
  CHECK(b.ioctl(b.vm, Ioctl::KVM_IRQ_LINE, &sgi) == -kEINVAL);
  CHECK(b.ioctl(b.vm, Ioctl::KVM_IRQ_LINE, &none) == -kEINVAL);
}

TEST_CASE("an observer sees every ioctl with named fields and its result") {
  struct Listener : host::port::Observer {
    std::vector<std::string> seen;
    long last = 0;
    void ioctl(std::string_view name, int, std::span<const host::port::NamedValue> args, long result) override {
      std::string text(name);
      for (const auto& a : args) text += " " + std::string(a.name);
      seen.push_back(text);
      last = result;
    }
  } listener;
  Bench b;
  b.platform.observer = &listener;
  b.create_vm(true);
  b.set_private(0x1001, 0x1000, true);
  CHECK(listener.seen.front() == "KVM_CREATE_VM arg");
  CHECK(listener.seen.back() == "KVM_SET_MEMORY_ATTRIBUTES address size attributes flags");
  CHECK(listener.last == -kEINVAL);
}

TEST_CASE("a copied state goes on like the original") {
  Bench b;
  b.build(true);
  REQUIRE(b.populate(kRam, 1) == 4096);
  KvmState copy = b.state;
  const auto before = b.pages_in_use();
  b.exit_abort(kRam + 0x5000, 0);
  REQUIRE(b.run() == 0);
  CHECK(b.pages_in_use() > before);
  b.state = copy;
  CHECK(b.pages_in_use() == before);
  CHECK(b.kvm_vm().realm.state == RealmState::kNew);
}
