// SPDX-License-Identifier: GPL-2.0-or-later
// KVM as a VMM's tests need it: every call goes into a log, KVM_RUN plays a script per vCPU, single calls can be told
// to fail.
#pragma once

#include <fmt/format.h>

#include <deque>
#include <functional>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "host/kvm/uapi.h"

namespace host::vmm::test {

// One return of KVM_RUN: the result, and what it left in the run page.
struct RunStep {
  long result = 0;
  std::function<void(kvm::KvmRun&)> exit;
};

inline RunStep mmio_write(std::uint64_t address, std::uint32_t value, std::uint32_t size = 4) {
  return {0, [=](kvm::KvmRun& run) {
            run.exit_reason = kvm::ExitReason::KVM_EXIT_MMIO;
            run.mmio = {address, {}, size, 1};
            for (unsigned i = 0; i < size; ++i) run.mmio.data[i] = static_cast<std::uint8_t>(value >> (8 * i));
          }};
}
inline RunStep mmio_read(std::uint64_t address, std::uint32_t size = 4) {
  return {0, [=](kvm::KvmRun& run) {
            run.exit_reason = kvm::ExitReason::KVM_EXIT_MMIO;
            run.mmio = {address, {0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee}, size, 0};
          }};
}
inline RunStep system_event(std::uint32_t type) {
  return {0, [=](kvm::KvmRun& run) {
            run.exit_reason = kvm::ExitReason::KVM_EXIT_SYSTEM_EVENT;
            run.system_event = {type, 0};
          }};
}
inline RunStep memory_fault(std::uint64_t gpa, std::uint64_t size, bool to_private) {
  return {-kvm::kEFAULT, [=](kvm::KvmRun& run) {
            run.exit_reason = kvm::ExitReason::KVM_EXIT_MEMORY_FAULT;
            run.memory_fault = {to_private ? kvm::kMemoryExitFlagPrivate : 0, gpa, size};
          }};
}
inline RunStep plain_exit(kvm::ExitReason reason, long result = 0) {
  return {result, [=](kvm::KvmRun& run) { run.exit_reason = reason; }};
}

class ScriptedKvm : public kvm::KvmSystem {
 public:
  std::vector<std::string> log;
  std::vector<std::deque<RunStep>> scripts;          // one per vCPU ever created, in order of creation
  std::map<kvm::Ioctl, long> failures;               // this request returns this
  std::map<std::uint64_t, std::uint64_t> registers;  // what KVM_GET_ONE_REG finds, whatever the vCPU
  std::map<kvm::RmeAction, long> rme_failures;
  std::uint64_t populate_limit = ~0ULL;  // bytes a POPULATE call does at most
  std::map<std::uint64_t, std::vector<std::byte>> mappings;
  std::vector<std::pair<std::uint64_t, std::vector<std::byte>>> populated;  // IPA, contents
  std::function<void(kvm::KvmRun&)> before_run;                             // sees the run page as the VMM left it
  int open_fds = 0;

  kvm::Fd open_dev_kvm() override { return {new_fd("kvm")}; }
  long close(kvm::Fd fd) override {
    log.push_back(fmt::format("close {}", kinds_.at(fd.value)));
    kinds_.erase(fd.value);
    --open_fds;
    return 0;
  }
  kvm::KvmRun& run(kvm::Fd vcpu) override { return runs_.at(vcpu.value); }
  void signal_vcpu_thread(kvm::Fd vcpu) override { log.push_back(fmt::format("signal {}", kinds_.at(vcpu.value))); }

  kvm::Hva user_mmap(std::uint64_t size) override {
    const std::uint64_t base = next_hva_;
    next_hva_ += size + 0x1000;
    mappings[base].resize(size);
    return {base};
  }
  void user_munmap(kvm::Hva base, std::uint64_t size) override {
    if (mappings.at(base.value).size() != size) throw std::logic_error("munmap of a part");
    mappings.erase(base.value);
  }
  void user_madvise_dontneed(kvm::Hva base, std::uint64_t size) override {
    log.push_back(fmt::format("madvise {:#x} {:#x}", offset_of(base), size));
  }
  long user_write(kvm::Hva to, std::span<const std::byte> data) override {
    auto bytes = at(to, data.size());
    if (bytes.size() != data.size()) return -kvm::kEFAULT;
    std::copy(data.begin(), data.end(), bytes.begin());
    return 0;
  }
  long user_read(kvm::Hva from, std::span<std::byte> data) override {
    const auto bytes = at(from, data.size());
    if (bytes.size() != data.size()) return -kvm::kEFAULT;
    std::copy(bytes.begin(), bytes.end(), data.begin());
    return 0;
  }

  long ioctl(kvm::Fd fd, kvm::Ioctl request, kvm::IoctlArg arg) override {
    if (!kinds_.contains(fd.value)) throw std::logic_error("ioctl on a closed descriptor");
    if (const auto failure = failures.find(request); failure != failures.end()) return failure->second;
    switch (request) {
      case kvm::Ioctl::KVM_CHECK_EXTENSION: return check_extension(std::get<std::uint64_t>(arg));
      case kvm::Ioctl::KVM_CREATE_VM:
        log.push_back(fmt::format("create_vm {:#x}", std::get<std::uint64_t>(arg)));
        return new_fd("vm");
      case kvm::Ioctl::KVM_CREATE_GUEST_MEMFD: return new_fd("memfd");
      case kvm::Ioctl::KVM_SET_USER_MEMORY_REGION2: {
        const auto& region = *std::get<kvm::UserspaceMemoryRegion2*>(arg);
        ram_hva_ = region.userspace_addr;
        ram_gpa_ = region.guest_phys_addr;
        log.push_back(
            fmt::format("memslot {:#x} {:#x} flags {}", region.guest_phys_addr, region.memory_size, region.flags));
        return 0;
      }
      case kvm::Ioctl::KVM_SET_MEMORY_ATTRIBUTES: {
        const auto& a = *std::get<kvm::MemoryAttributes*>(arg);
        log.push_back(fmt::format("attributes {:#x} {:#x} {}", a.address, a.size, a.attributes));
        return 0;
      }
      case kvm::Ioctl::FALLOCATE_PUNCH_HOLE: {
        const auto& hole = *std::get<kvm::PunchHole*>(arg);
        log.push_back(fmt::format("punch {} {:#x} {:#x}", kinds_.at(fd.value), hole.offset, hole.length));
        return 0;
      }
      case kvm::Ioctl::KVM_CREATE_DEVICE: {
        std::get<kvm::CreateDevice*>(arg)->fd = static_cast<std::uint32_t>(new_fd("gic"));
        return 0;
      }
      case kvm::Ioctl::KVM_SET_DEVICE_ATTR: {
        const auto& attr = *std::get<kvm::DeviceAttr*>(arg);
        if (const auto* filter = attr.smccc_filter) {
          log.push_back(fmt::format("filter {} {:#x} {:#x} {}", kinds_.at(fd.value), filter->base, filter->nr_functions,
                                    filter->action));
          return 0;
        }
        log.push_back(fmt::format("gic {} {} {:#x}", attr.group, attr.attr, *attr.value));
        return 0;
      }
      case kvm::Ioctl::KVM_ARM_PREFERRED_TARGET: std::get<kvm::VcpuInit*>(arg)->target = 5; return 0;
      case kvm::Ioctl::KVM_CREATE_VCPU: {
        const int vcpu = new_fd(fmt::format("vcpu{}", std::get<std::uint64_t>(arg)));
        runs_[vcpu] = {};
        script_of_[vcpu] = created_++;
        return vcpu;
      }
      case kvm::Ioctl::KVM_ARM_VCPU_INIT: {
        const auto& init = *std::get<kvm::VcpuInit*>(arg);
        log.push_back(
            fmt::format("init {} target {} features {:#x}", kinds_.at(fd.value), init.target, init.features[0]));
        return 0;
      }
      case kvm::Ioctl::KVM_ENABLE_CAP: return rme_action(*std::get<kvm::EnableCap*>(arg));
      case kvm::Ioctl::KVM_ARM_VCPU_FINALIZE:
        log.push_back(fmt::format("finalize {} {}", kinds_.at(fd.value), *std::get<std::int32_t*>(arg)));
        return 0;
      case kvm::Ioctl::KVM_ARM_RMI_POPULATE: return populate(*std::get<kvm::ArmRmiPopulate*>(arg));
      case kvm::Ioctl::KVM_SET_ONE_REG: {
        const auto& reg = *std::get<kvm::OneReg*>(arg);
        log.push_back(fmt::format("reg {} {:#x} = {:#x}", kinds_.at(fd.value), reg.id, *reg.value));
        return 0;
      }
      case kvm::Ioctl::KVM_GET_ONE_REG: {
        const auto& reg = *std::get<kvm::OneReg*>(arg);
        *reg.value = registers[reg.id];
        return 0;
      }
      case kvm::Ioctl::KVM_SET_MP_STATE:
        log.push_back(fmt::format("mp_state {} {}", kinds_.at(fd.value), std::get<kvm::MpState*>(arg)->mp_state));
        return 0;
      case kvm::Ioctl::KVM_ARM_VCPU_RMI_PSCI_COMPLETE: {
        const auto& args = *std::get<kvm::RmiPsciComplete*>(arg);
        log.push_back(
            fmt::format("psci_complete {} {:#x} {}", kinds_.at(fd.value), args.target_mpidr, args.psci_status));
        return 0;
      }
      case kvm::Ioctl::KVM_IRQ_LINE: {
        const auto& irq = *std::get<kvm::IrqLevel*>(arg);
        log.push_back(fmt::format("irq {:#x} {}", irq.irq, irq.level));
        return 0;
      }
      case kvm::Ioctl::KVM_RUN: return run_script(fd.value);
      default: return -kvm::kENOTTY;
    }
  }

  bool logged(const std::string& line) const { return position(line) < log.size(); }
  std::size_t position(const std::string& line) const {
    return static_cast<std::size_t>(std::find(log.begin(), log.end(), line) - log.begin());
  }

 private:
  int new_fd(std::string kind) {
    kinds_[++last_fd_] = std::move(kind);
    ++open_fds;
    return last_fd_;
  }
  static long check_extension(std::uint64_t cap) {
    if (cap == static_cast<std::uint64_t>(kvm::Cap::KVM_CAP_ARM_VM_IPA_SIZE)) return 40;
    return cap == static_cast<std::uint64_t>(kvm::Cap::KVM_CAP_ARM_RMI) ? 1 : 0;
  }
  long populate(const kvm::ArmRmiPopulate& args) {
    const std::uint64_t size = std::min(args.size, populate_limit);
    const auto source = at({args.source_uaddr}, size);
    if (source.size() != size || size == 0) return size == 0 ? 0 : -kvm::kEFAULT;
    populated.emplace_back(args.base, std::vector<std::byte>(source.begin(), source.end()));
    log.push_back(fmt::format("populate {:#x} {:#x} flags {}", args.base, size, args.flags));
    return static_cast<long>(size);
  }
  template <class T>
  T from_user(std::uint64_t address) {
    T value;
    const auto bytes = at({address}, sizeof(value));
    if (bytes.size() != sizeof(value)) throw std::logic_error("the action's structure is not in user memory");
    std::copy(bytes.begin(), bytes.end(), std::as_writable_bytes(std::span(&value, 1)).begin());
    return value;
  }
  long rme_action(const kvm::EnableCap& cap) {
    if (cap.cap != static_cast<std::uint32_t>(kvm::Cap::KVM_CAP_ARM_RME)) return -kvm::kEINVAL;
    const auto action = static_cast<kvm::RmeAction>(cap.args[0]);
    if (const auto failure = rme_failures.find(action); failure != rme_failures.end()) return failure->second;
    switch (action) {
      case kvm::RmeAction::KVM_CAP_ARM_RME_CONFIG_REALM: {
        const auto config = from_user<kvm::ArmRmeConfig>(cap.args[1]);
        log.push_back(fmt::format("config {} {:02x}{:02x}", config.cfg, config.value[0], config.value[1]));
        return 0;
      }
      case kvm::RmeAction::KVM_CAP_ARM_RME_CREATE_REALM: log.push_back("create"); return 0;
      case kvm::RmeAction::KVM_CAP_ARM_RME_INIT_RIPAS_REALM: {
        const auto range = from_user<kvm::ArmRmeInitRipas>(cap.args[1]);
        log.push_back(fmt::format("init ripas {:#x} {:#x}", range.base, range.size));
        return 0;
      }
      case kvm::RmeAction::KVM_CAP_ARM_RME_POPULATE_REALM: {
        const auto args = from_user<kvm::ArmRmePopulateRealm>(cap.args[1]);
        const auto source = at({ram_hva_ + args.base - ram_gpa_}, args.size);
        populated.emplace_back(args.base, std::vector<std::byte>(source.begin(), source.end()));
        log.push_back(fmt::format("populate {:#x} {:#x} flags {}", args.base, args.size, args.flags));
        return 0;
      }
      case kvm::RmeAction::KVM_CAP_ARM_RME_ACTIVATE_REALM: log.push_back("activate"); return 0;
    }
    return -kvm::kEINVAL;
  }
  long run_script(int fd) {
    kvm::KvmRun& run = runs_.at(fd);
    if (before_run) before_run(run);
    if (run.immediate_exit != 0) return -kvm::kEINTR;
    const std::size_t script = script_of_.at(fd);
    if (script >= scripts.size() || scripts[script].empty())
      throw std::logic_error(fmt::format("script {} is over", script));
    const RunStep step = scripts[script].front();
    scripts[script].pop_front();
    run.exit_reason = kvm::ExitReason::KVM_EXIT_UNKNOWN;
    if (step.exit) step.exit(run);
    return step.result;
  }
  std::span<std::byte> at(kvm::Hva hva, std::uint64_t size) {
    auto mapping = mappings.upper_bound(hva.value);
    if (mapping == mappings.begin()) return {};
    --mapping;
    const std::uint64_t offset = hva.value - mapping->first;
    if (offset > mapping->second.size() || size > mapping->second.size() - offset) return {};
    return std::span(mapping->second).subspan(offset, size);
  }
  std::uint64_t offset_of(kvm::Hva hva) const { return hva.value - ram_hva_; }

  std::map<int, std::string> kinds_;
  std::map<int, kvm::KvmRun> runs_;
  std::map<int, std::size_t> script_of_;
  std::size_t created_ = 0;
  int last_fd_ = 2;
  std::uint64_t next_hva_ = 0x7000'0000'0000, ram_hva_ = 0, ram_gpa_ = 0;
};

}  // namespace host::vmm::test
