// SPDX-License-Identifier: GPL-2.0-or-later
// KVM_EXIT_MEMORY_FAULT: the realm wants a range private or shared (a RIPAS change), or it touched memory in the other
// way than its attribute says. KVM doesn't say which (R49), and the answer is the same: convert, drop the other
// backing, run again. KVM completes the RIPAS change at the next KVM_RUN.
#include <fmt/format.h>

#include "host/vmm/layout.h"
#include "host/vmm/machine.h"
#include "host/vmm/refusal.h"
#include "rmm/abi/smc.h"

namespace host::vmm {

using kvm::Ioctl;

bool Vmm::handle_memory_fault(unsigned index) {
  VcpuState& vcpu = state_.vcpus[index];
  ++vcpu.exits.memory_fault;
  const kvm::KvmRun::MemoryFault fault = kvm_.run({vcpu.fd}).memory_fault;
  const bool to_private = (fault.flags & kvm::kMemoryExitFlagPrivate) != 0;
  const std::string range =
      fmt::format("{:#x}, {} bytes, {}", fault.gpa, fault.size, to_private ? "private" : "shared");

  if (fault.size == 0 || !abi::is_aligned(fault.gpa | fault.size, abi::kGranuleSize))
    return crash(fmt::format("vCPU {}: memory fault over a range that is no range of granules ({}).", index, range));
  const std::uint64_t offset = fault.gpa - kRamBase.value;
  if (fault.gpa < kRamBase.value || offset > config_.memory || fault.size > config_.memory - offset) {
    if (to_private) guest_abort_at({fault.gpa});
    return crash(fmt::format("vCPU {}: memory fault outside RAM ({}).", index, range));
  }
  if (repeats_too_often(index))
    return crash(fmt::format("vCPU {} makes no progress: the same memory fault {} times in a row ({}).", index,
                             config_.fault_repeat_limit, range));
  if (Done done = convert(fault.gpa, fault.size, to_private); !done) return crash(done.error());
  return true;
}

bool Vmm::repeats_too_often(unsigned index) {
  FaultRepeat& repeat = state_.vcpus[index].repeat;
  const kvm::KvmRun::MemoryFault fault = kvm_.run({state_.vcpus[index].fd}).memory_fault;
  if (repeat.gpa != fault.gpa || repeat.size != fault.size || repeat.flags != fault.flags)
    repeat = {fault.gpa, fault.size, fault.flags, 0};
  return ++repeat.count > config_.fault_repeat_limit;
}

// The attribute first: it makes KVM unmap the old backing and keeps other vCPUs from mapping it again, so that what is
// discarded afterwards is in nobody's use (R14).
Vmm::Done Vmm::convert(std::uint64_t gpa, std::uint64_t size, bool to_private) {
  kvm::MemoryAttributes attributes{gpa, size, to_private ? kvm::kMemoryAttributePrivate : 0, 0};
  if (const long result = kvm_.ioctl({state_.vm_fd}, Ioctl::KVM_SET_MEMORY_ATTRIBUTES, &attributes); result < 0)
    return tl::unexpected(refusal(fmt::format("KVM_SET_MEMORY_ATTRIBUTES at {:#x}", gpa), result));
  const std::uint64_t offset = gpa - kRamBase.value;
  if (to_private) {
    kvm_.user_madvise_dontneed({state_.ram_hva + offset}, size);
    return {};
  }
  kvm::PunchHole hole{offset, size};
  if (const long result = kvm_.ioctl({state_.memfd_fd}, Ioctl::FALLOCATE_PUNCH_HOLE, &hole); result < 0)
    return tl::unexpected(refusal(fmt::format("Punching a hole into guest memory at {:#x}", gpa), result));
  return {};
}

}  // namespace host::vmm
