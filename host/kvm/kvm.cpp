// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/kvm/kvm.h"

#include "host/kvm/file_table.h"
#include "host/kvm/ioctl_table.h"
#include "host/kvm/panic.h"
#include "host/kvm/rmi.h"
#include "host/kvm/user_memory.h"
#include "host/kvm/vcpu_requests.h"

namespace host::kvm {
namespace {

std::string_view exit_reason_name(ExitReason reason) {
  switch (reason) {
    case ExitReason::KVM_EXIT_UNKNOWN: return "KVM_EXIT_UNKNOWN";
    case ExitReason::KVM_EXIT_HYPERCALL: return "KVM_EXIT_HYPERCALL";
    case ExitReason::KVM_EXIT_MMIO: return "KVM_EXIT_MMIO";
    case ExitReason::KVM_EXIT_SHUTDOWN: return "KVM_EXIT_SHUTDOWN";
    case ExitReason::KVM_EXIT_INTR: return "KVM_EXIT_INTR";
    case ExitReason::KVM_EXIT_INTERNAL_ERROR: return "KVM_EXIT_INTERNAL_ERROR";
    case ExitReason::KVM_EXIT_SYSTEM_EVENT: return "KVM_EXIT_SYSTEM_EVENT";
    case ExitReason::KVM_EXIT_ARM_NISV: return "KVM_EXIT_ARM_NISV";
    case ExitReason::KVM_EXIT_MEMORY_FAULT: return "KVM_EXIT_MEMORY_FAULT";
  }
  return "unknown";
}

}  // namespace

Kvm::Kvm(KvmState& state, port::HostPlatform& platform)
    : state_(state),
      platform_(platform),
      pages_(state.pages, allocation_failure_),
      rmi_(platform.smc, smc_failure_),
      host_{state, platform, pages_, rmi_} {
  if (state_.pages.banks.empty()) pages_.add_banks(platform_.memory.banks());
}

Fd Kvm::open_dev_kvm() {
  kvm_init_rmi(host_);
  return install_fd(host_, {FdKind::kDevKvm, 0, 0});
}

long Kvm::ioctl(Fd fd, Ioctl request, IoctlArg arg) {
  const auto* open = find_file(host_, fd);
  if (open == nullptr) return -kEBADF;
  const FileDescriptor file = *open;
  auto* observer = platform_.observer;
  const auto* row = find_ioctl(request, file.kind);
  if (row == nullptr) {
    // kvm_arch_{dev,vm,vcpu}_ioctl say EINVAL; devices and guest_memfds have Linux's usual answer.
    const bool kvm_file = file.kind == FdKind::kDevKvm || file.kind == FdKind::kVm || file.kind == FdKind::kVcpu;
    const long result = kvm_file ? -kEINVAL : -kENOTTY;
    if (observer != nullptr) observer->ioctl(ioctl_name(request), fd.value, {}, result);
    return result;
  }
  if (observer == nullptr) return row->handler(host_, file, arg);
  const auto fields = describe_ioctl_arg(arg);
  const long result = row->handler(host_, file, arg);
  observer->ioctl(row->name, fd.value, fields, result);
  if (request == Ioctl::KVM_RUN) {
    const auto& vcpu = state_.vms[file.vm].vcpus[file.index];
    observer->kvm_exit(file.vm, file.index, exit_reason_name(vcpu.run.exit_reason), result);
  }
  return result;
}

long Kvm::close(Fd fd) { return close_fd(host_, fd); }

KvmRun& Kvm::run(Fd vcpu) {
  const auto* file = find_file(host_, vcpu);
  if (file == nullptr || file->kind != FdKind::kVcpu) panic("descriptor {} is no vCPU", vcpu.value);
  return state_.vms[file->vm].vcpus[file->index].run;
}

Hva Kvm::user_mmap(std::uint64_t size) { return kvm::user_mmap(host_, size); }
void Kvm::user_munmap(Hva base, std::uint64_t size) { kvm::user_munmap(host_, base, size); }
void Kvm::user_madvise_dontneed(Hva base, std::uint64_t size) { user_discard(host_, base, size); }
long Kvm::user_write(Hva to, std::span<const std::byte> data) { return kvm::user_write(host_, to, data); }
long Kvm::user_read(Hva from, std::span<std::byte> data) { return kvm::user_read(host_, from, data); }

void Kvm::signal_vcpu_thread(Fd fd) {
  const auto* file = find_file(host_, fd);
  if (file == nullptr || file->kind != FdKind::kVcpu) return;
  Vcpu& vcpu = state_.vms[file->vm].vcpus[file->index];
  vcpu.signal_pending.store(platform_.sync, true, "signal_vcpu_thread", step_object(StepObject::kSignal, vcpu));
  kvm_vcpu_kick(host_, vcpu);
}

}  // namespace host::kvm
