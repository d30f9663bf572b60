// SPDX-License-Identifier: GPL-2.0-or-later
// A host on a fake machine, and the few lines a VMM needs to build a realm on it.
#pragma once

#include <catch2/catch_test_macros.hpp>

#include "host/kvm/kvm.h"
#include "rmm/abi/arch/esr.h"
#include "tests/host_kvm/fake_rmm.h"

namespace kvmtest {

using namespace host::kvm;

class FakeSync : public rmm::port::Sync {
 public:
  using Step = rmm::port::Step;
  rmm::port::ActorId self() const override { return {1}; }
  void step(const Step& s) override { observe(s); }
  void wait(rmm::port::WaitQueue& q, const Step& s) override {
    ++waits;
    REQUIRE(on_wait);  // nobody would ever wake this vCPU
    (void)q;
    on_wait(s);
  }
  void wait_until(rmm::port::WaitQueue& q, std::uint64_t deadline_ns, const Step& s) override {
    last_deadline = deadline_ns;
    wait(q, s);
  }
  void wake_all(rmm::port::WaitQueue& q) override { ++q.wakeups; }
  void acquire(rmm::port::Lock& l, const Step& s) override {
    observe(s);
    REQUIRE(!l.held());
    l.holder = self();
  }
  void release(rmm::port::Lock& l, const Step& s) override {
    observe(s);
    l.holder = {};
  }
  void acquire_read(rmm::port::RwLock& l, const Step&) override { ++l.readers; }
  void release_read(rmm::port::RwLock& l, const Step&) override { --l.readers; }
  void acquire_write(rmm::port::RwLock& l, const Step& s) override {
    observe(s);
    REQUIRE(l.writer.value == rmm::port::ActorId::kNobody);
    l.writer = self();
  }
  void release_write(rmm::port::RwLock& l, const Step& s) override {
    observe(s);
    l.writer = {};
  }
  std::function<void(const Step&)> on_wait;
  std::function<void(const Step&)> on_step;
  std::uint64_t last_deadline = 0;
  int waits = 0;

 private:
  void observe(const Step& s) {
    if (on_step) on_step(s);
  }
};

class FakeCpu : public host::port::GuestCpu {
 public:
  std::uint64_t x(unsigned n) const override { return regs[n]; }
  void set_x(unsigned n, std::uint64_t v) override { regs[n] = v; }
  std::uint64_t pc() const override { return pc_; }
  void set_pc(std::uint64_t v) override { pc_ = v; }
  std::uint64_t pstate() const override { return pstate_; }
  void set_pstate(std::uint64_t v) override { pstate_ = v; }
  std::uint64_t sysreg(abi::SysReg r) const override {
    const auto it = sysregs.find(r);
    return it == sysregs.end() ? 0 : it->second;
  }
  void set_sysreg(abi::SysReg r, std::uint64_t v) override { sysregs[r] = v; }
  std::uint64_t id_register(std::uint32_t) const override { return ~0ULL; }
  void reset(abi::Mpidr m) override {
    regs = {};
    sysregs.clear();
    mpidr = m;
    pstate_ = abi::pstate::kResetEl1;
  }
  abi::Exception run_guest(const abi::RunControls& c) override {
    controls = c;
    REQUIRE(!script.empty());
    const auto body = script.front();
    script.pop_front();
    return body(*this);
  }
  std::array<std::uint64_t, 31> regs{};
  std::uint64_t pc_ = 0, pstate_ = 0;
  std::map<abi::SysReg, std::uint64_t> sysregs;
  abi::Mpidr mpidr;
  abi::RunControls controls;
  std::deque<std::function<abi::Exception(FakeCpu&)>> script;
};

class FakeCpus : public host::port::GuestCpus {
 public:
  host::port::GuestCpuId create_guest() override {
    cpus.emplace_back();
    return {static_cast<std::uint32_t>(cpus.size() - 1)};
  }
  void destroy_guest(host::port::GuestCpuId) override { ++destroyed; }
  host::port::GuestCpu& guest(host::port::GuestCpuId id) override { return cpus[id.value]; }
  abi::gic::IchState& ich() override { return ich_; }
  std::uint64_t ich_misr() const override { return 0; }
  void invalidate_stage2(abi::Vmid, abi::IpaRange) override { ++invalidations; }
  std::deque<FakeCpu> cpus;
  abi::gic::IchState ich_;
  int destroyed = 0, invalidations = 0;
};

class FakeThreads : public host::port::Threads {
 public:
  rmm::port::ActorId spawn(std::string, std::function<void()>) override { return {2}; }
  host::port::PeId current_pe() const override { return pe; }
  void kick(host::port::PeId) override { ++kicks; }
  bool irq_pending() const override { return irq; }
  void acknowledge_irqs() override { irq = false; }
  bool irq = false;
  host::port::PeId pe;
  int kicks = 0;
};

class FakeClock : public host::port::HostClock {
 public:
  std::uint64_t now_ns() const override { return now; }
  void spend_ns(std::uint64_t ns) override { now += ns; }
  std::uint64_t now = 0;
};

class FakeEntropy : public host::port::HostEntropy {
 public:
  void fill(std::span<std::byte>) override {}
};

inline constexpr std::uint64_t kRam = 0x8000'0000, kRamSize = 4ULL << 20;
inline constexpr std::uint8_t kIpaBits = 33;
inline constexpr std::uint64_t kSharedBit = 1ULL << (kIpaBits - 1);

// One machine with one host; `realm_vm` and friends drive it as a VMM does.
struct Bench {
  FakeMemory memory;
  FakeRmm rmm{memory};
  FakeSync sync;
  FakeCpus cpus;
  FakeThreads threads;
  FakeClock clock;
  FakeEntropy entropy;
  host::port::HostPlatform platform{rmm, memory, cpus, threads, sync, clock, entropy, nullptr};
  KvmState state;
  Kvm kvm{state, platform};
  Fd dev, vm, memfd, gic;
  std::vector<Fd> vcpus;
  std::uint32_t vcpu_features = 0;  // KVM_ARM_VCPU_INIT's, beside PSCI
  Hva ram;

  long ioctl(Fd fd, Ioctl request, IoctlArg arg = {}) { return kvm.ioctl(fd, request, arg); }

  void create_vm(bool realm) {
    dev = kvm.open_dev_kvm();
    vm.value = static_cast<int>(
        ioctl(dev, Ioctl::KVM_CREATE_VM, std::uint64_t{kIpaBits} | (realm ? kVmTypeRealm : std::uint64_t{0})));
    REQUIRE(vm.value >= 0);
  }
  void add_memory(bool realm) {
    ram = kvm.user_mmap(kRamSize);
    UserspaceMemoryRegion2 region;
    region.guest_phys_addr = kRam;
    region.memory_size = kRamSize;
    region.userspace_addr = ram.value;
    if (realm) {
      CreateGuestMemfd create{kRamSize, 0};
      memfd.value = static_cast<int>(ioctl(vm, Ioctl::KVM_CREATE_GUEST_MEMFD, &create));
      REQUIRE(memfd.value >= 0);
      region.flags = kMemGuestMemfd;
      region.guest_memfd = static_cast<std::uint32_t>(memfd.value);
    }
    REQUIRE(ioctl(vm, Ioctl::KVM_SET_USER_MEMORY_REGION2, &region) == 0);
    if (realm) REQUIRE(set_private(kRam, kRamSize, true) == 0);
  }
  long set_private(std::uint64_t base, std::uint64_t size, bool to_private) {
    MemoryAttributes a{base, size, to_private ? kMemoryAttributePrivate : 0, 0};
    return ioctl(vm, Ioctl::KVM_SET_MEMORY_ATTRIBUTES, &a);
  }
  void add_gic() {
    CreateDevice device{kDevTypeArmVgicV3, 0, 0};
    REQUIRE(ioctl(vm, Ioctl::KVM_CREATE_DEVICE, &device) == 0);
    gic.value = static_cast<int>(device.fd);
    set_gic(kVgicGrpAddr, kVgicV3AddrTypeDist, 0x0800'0000);
    set_gic(kVgicGrpAddr, kVgicV3AddrTypeRedist, 0x080a'0000);
  }
  void set_gic(std::uint32_t group, std::uint64_t attr, std::uint64_t value) {
    DeviceAttr a{0, group, attr, &value};
    REQUIRE(ioctl(gic, Ioctl::KVM_SET_DEVICE_ATTR, &a) == 0);
  }
  void add_vcpus(unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
      vcpus.push_back({static_cast<int>(ioctl(vm, Ioctl::KVM_CREATE_VCPU, std::uint64_t{i}))});
      REQUIRE(vcpus.back().value >= 0);
      VcpuInit init;
      REQUIRE(ioctl(vm, Ioctl::KVM_ARM_PREFERRED_TARGET, &init) == 0);
      init.features[0] = 1U << kVcpuPsci02 | (i != 0 ? 1U << kVcpuPowerOff : 0U) | vcpu_features;
      REQUIRE(ioctl(vcpus.back(), Ioctl::KVM_ARM_VCPU_INIT, &init) == 0);
    }
  }
  void init_gic() { set_gic(kVgicGrpCtrl, kVgicCtrlInit, 0); }
  // A VM that is ready for its first KVM_RUN.
  void build(bool realm, unsigned count = 1) {
    create_vm(realm);
    add_memory(realm);
    add_gic();
    add_vcpus(count);
    init_gic();
  }
  long populate(std::uint64_t base, std::uint64_t pages, std::uint32_t flags = kArmRmiPopulateFlagsMeasure) {
    const Hva from = kvm.user_mmap(pages * 4096);
    std::vector<std::byte> bytes(pages * 4096, std::byte{0x5a});
    REQUIRE(kvm.user_write(from, bytes) == 0);
    ArmRmiPopulate args{base, pages * 4096, from.value, flags, 0};
    const long result = ioctl(vm, Ioctl::KVM_ARM_RMI_POPULATE, &args);
    kvm.user_munmap(from, pages * 4096);
    return result;
  }
  // KVM_ENABLE_CAP(KVM_CAP_ARM_RME), without or with the action's structure in user memory.
  long rme(RmeAction action, std::uint64_t address = 0) {
    EnableCap cap{static_cast<std::uint32_t>(Cap::KVM_CAP_ARM_RME), 0, {static_cast<std::uint64_t>(action), address}};
    return ioctl(vm, Ioctl::KVM_ENABLE_CAP, &cap);
  }
  template <class T>
  requires std::is_class_v<T>
  long rme(RmeAction action, const T& argument) {
    const Hva at = kvm.user_mmap(sizeof(argument));
    REQUIRE(kvm.user_write(at, std::as_bytes(std::span(&argument, 1))) == 0);
    const long result = rme(action, at.value);
    kvm.user_munmap(at, sizeof(argument));
    return result;
  }
  long finalize(unsigned vcpu = 0, std::int32_t feature = kVcpuRec) {
    return ioctl(vcpus[vcpu], Ioctl::KVM_ARM_VCPU_FINALIZE, &feature);
  }
  long run(unsigned vcpu = 0) { return ioctl(vcpus[vcpu], Ioctl::KVM_RUN); }
  KvmRun& page(unsigned vcpu = 0) { return kvm.run(vcpus[vcpu]); }
  Vm& kvm_vm() { return state.vms.front(); }
  Vcpu& vcpu(unsigned i = 0) { return kvm_vm().vcpus[i]; }

  void close_all() {
    for (auto& fd : vcpus) REQUIRE(kvm.close(fd) == 0);
    if (gic.value >= 0) REQUIRE(kvm.close(gic) == 0);
    REQUIRE(kvm.close(vm) == 0);
    if (memfd.value >= 0) REQUIRE(kvm.close(memfd) == 0);
    if (ram.value != 0) kvm.user_munmap(ram, kRamSize);
    REQUIRE(kvm.close(dev) == 0);
  }
  std::uint64_t pages_in_use() const {
    std::uint64_t n = 0;
    for (const auto used : state.pages.in_use) n += used;
    return n;
  }
  // Adds an entry of REC `rec` that exits with what `fill` writes.
  void on_enter(std::function<void(const RecEnter&, RecExit&)> fill, std::uint64_t rec = 0) {
    rmm.script[rec].push_back([fill](const RecEnter& enter, RecExit& exit) {
      fill(enter, exit);
      return RmiReturn{};
    });
  }
  void exit_irq(std::uint64_t rec = 0) {
    on_enter([](const RecEnter&, RecExit& x) { x.exit_reason = static_cast<std::uint8_t>(RecExitReason::kIrq); }, rec);
  }
  void exit_psci(std::uint64_t fid, std::uint64_t a1 = 0, std::uint64_t a2 = 0, std::uint64_t a3 = 0,
                 std::uint64_t rec = 0) {
    on_enter(
        [=](const RecEnter&, RecExit& x) {
          x.exit_reason = static_cast<std::uint8_t>(RecExitReason::kPsci);
          x.gprs[0] = fid;
          x.gprs[1] = a1;
          x.gprs[2] = a2;
          x.gprs[3] = a3;
        },
        rec);
  }
  void exit_abort(std::uint64_t ipa, std::uint64_t iss, std::uint64_t gpr0 = 0, std::uint64_t far = 0) {
    on_enter([=](const RecEnter&, RecExit& x) {
      x.exit_reason = static_cast<std::uint8_t>(RecExitReason::kSync);
      x.esr = abi::esr::make(abi::esr::Ec::kDataAbortLower, iss | (abi::esr::kFscTranslation + 3));
      x.hpfar = abi::esr::hpfar_from_ipa(ipa);
      x.far = far;
      x.gprs[0] = gpr0;
    });
  }
  void exit_ripas(std::uint64_t base, std::uint64_t top, Ripas ripas) {
    on_enter([=, this](const RecEnter&, RecExit& x) {
      x.exit_reason = static_cast<std::uint8_t>(RecExitReason::kRipasChange);
      x.ripas_base = base;
      x.ripas_top = top;
      x.ripas_value = static_cast<std::uint8_t>(ripas);
      rmm.ripas_next = base;
      rmm.ripas_value = ripas;
    });
  }
};

}  // namespace kvmtest
