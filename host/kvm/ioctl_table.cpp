// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/kvm/ioctl_table.h"

#include "host/kvm/capability.h"
#include "host/kvm/create_vm.h"
#include "host/kvm/explicit_life_cycle.h"
#include "host/kvm/guest_memfd.h"
#include "host/kvm/memslot.h"
#include "host/kvm/pmu.h"
#include "host/kvm/psci.h"
#include "host/kvm/rmi.h"
#include "host/kvm/run.h"
#include "host/kvm/smccc_filter.h"
#include "host/kvm/vcpu_init.h"

namespace host::kvm {
namespace {

constexpr long kApiVersion = 12;        // KVM_API_VERSION
constexpr long kVcpuMmapSize = 0x2000;  // kvm_run and one page more, as Linux on arm64
constexpr unsigned kIrqTypeSpi = 1, kIrqTypePpi = 2;

Vm& vm_of(Host& host, const FileDescriptor& file) { return host.state.vms[file.vm]; }
Vcpu& vcpu_of(Host& host, const FileDescriptor& file) { return host.state.vms[file.vm].vcpus[file.index]; }

// Adapters from the table's signature to a handler of one argument type. The wrong type is a bad user pointer.
template <class T, class Handler>
long with(const IoctlArg& arg, Handler&& handler) {
  T* const* value = std::get_if<T*>(&arg);
  return value == nullptr || *value == nullptr ? -kEFAULT : static_cast<long>(handler(**value));
}
template <class Handler>
long with_number(const IoctlArg& arg, Handler&& handler) {
  const auto* value = std::get_if<std::uint64_t>(&arg);
  return value == nullptr ? -kEFAULT : static_cast<long>(handler(*value));
}
// Every ioctl of a vCPU runs under its mutex.
template <class Handler>
long locked(Host& host, const FileDescriptor& file, Handler&& handler) {
  Vcpu& vcpu = vcpu_of(host, file);
  rmm::port::LockGuard lock(host.port.sync, vcpu.mutex, "vcpu->mutex", step_object(StepObject::kVcpuMutex, vcpu));
  return handler(vcpu);
}

long kvm_vm_ioctl_irq_line(Host& host, Vm& vm, const IrqLevel& irq) {
  const unsigned type = irq.irq >> 24, vcpu = (irq.irq >> 16) & 0xff, number = irq.irq & 0xffff;
  if (!vm.vgic.dist.created) return -kENXIO;
  if (type == kIrqTypeSpi) {
    if (number < kVgicNrPrivateIrqs) return -kEINVAL;
    return VmVgic(host, vm)->kvm_vgic_inject_irq(0, number, irq.level != 0);
  }
  if (type == kIrqTypePpi) {
    if (vcpu >= vm.vcpus.size() || number < kVgicNrSgis || number >= kVgicNrPrivateIrqs) return -kEINVAL;
    return VmVgic(host, vm)->kvm_vgic_inject_irq(vcpu, number, irq.level != 0);
  }
  return -kEINVAL;
}

long kvm_ioctl_create_device(Host& host, Vm& vm, CreateDevice& device) {
  if (device.type != kDevTypeArmVgicV3) return -kENODEV;
  if ((device.flags & kCreateDeviceTest) != 0) return 0;
  if (const long e = VmVgic(host, vm)->kvm_vgic_create(vm.mmu.ia_bits); e != 0) return e;
  ++vm.users;
  device.fd = static_cast<std::uint32_t>(install_fd(host, {FdKind::kVgicDevice, vm.index, 0}).value);
  return 0;
}

long set_device_attr(Host& host, Vm& vm, const DeviceAttr& a) {
  // kvm->arch.config_lock keeps the vgic's shape still while it is initialised.
  rmm::port::LockGuard config(host.port.sync, vm.config_lock, "config_lock", step_object(StepObject::kConfigLock, vm));
  return VmVgic(host, vm)->vgic_v3_set_attr(a.group, a.attr, a.value != nullptr ? *a.value : 0);
}

// The PPIs of a vCPU's timers are fixed, and stolen time is hidden from realms and offered to nobody.
long set_vcpu_attr(Host& host, Vcpu& vcpu, const DeviceAttr& a) {
  return a.group == kVcpuGrpPmuV3Ctrl ? kvm_arm_pmu_v3_set_attr(host, vcpu, a) : -kENXIO;
}
long has_vcpu_attr(const Vcpu& vcpu, const DeviceAttr& a) {
  return a.group == kVcpuGrpPmuV3Ctrl ? kvm_arm_pmu_v3_has_attr(vcpu, a) : -kENXIO;
}
long get_vcpu_attr(Host& host, const Vcpu& vcpu, const DeviceAttr& a) {
  return a.group == kVcpuGrpPmuV3Ctrl ? kvm_arm_pmu_v3_get_attr(host, vcpu, a) : -kENXIO;
}

#define KVM_IOCTL(request, kind) \
  Ioctl::request, #request, FdKind::kind, [](Host & host, const FileDescriptor& file, const IoctlArg& arg) -> long
#define UNUSED(...) (void)std::tie(__VA_ARGS__)

constexpr IoctlRow kTable[] = {{KVM_IOCTL(KVM_GET_API_VERSION, kDevKvm){UNUSED(host, file, arg);
return kApiVersion;
}  // namespace
}  // namespace host::kvm
, {KVM_IOCTL(KVM_GET_VCPU_MMAP_SIZE, kDevKvm){UNUSED(host, file, arg);
return kVcpuMmapSize;
}
}
, {KVM_IOCTL(KVM_CREATE_VM, kDevKvm){UNUSED(file);
return with_number(arg, [&](std::uint64_t type) { return kvm_dev_ioctl_create_vm(host, type); });
}
}
, {KVM_IOCTL(KVM_CHECK_EXTENSION, kDevKvm){UNUSED(file);
return with_number(arg, [&](std::uint64_t cap) { return kvm_vm_ioctl_check_extension(host, nullptr, cap); });
}
}
, {KVM_IOCTL(KVM_CHECK_EXTENSION, kVm){return with_number(
      arg, [&](std::uint64_t cap) { return kvm_vm_ioctl_check_extension(host, &vm_of(host, file), cap); });
}
}
, {KVM_IOCTL(KVM_ENABLE_CAP, kVm){
      return with<EnableCap>(arg, [&](auto& a) { return kvm_vm_ioctl_enable_cap(host, vm_of(host, file), a); });
}
}
, {KVM_IOCTL(KVM_CREATE_VCPU, kVm){
      return with_number(arg, [&](std::uint64_t id) { return kvm_vm_ioctl_create_vcpu(host, vm_of(host, file), id); });
}
}
, {KVM_IOCTL(KVM_SET_USER_MEMORY_REGION2, kVm){return with<UserspaceMemoryRegion2>(
      arg, [&](auto& a) { return kvm_set_memory_region(host, vm_of(host, file), a); });
}
}
, {KVM_IOCTL(KVM_SET_MEMORY_ATTRIBUTES, kVm){return with<MemoryAttributes>(
      arg, [&](auto& a) { return kvm_vm_set_mem_attributes(host, vm_of(host, file), a); });
}
}
, {KVM_IOCTL(KVM_CREATE_GUEST_MEMFD, kVm){
      return with<CreateGuestMemfd>(arg, [&](auto& a) { return kvm_gmem_create(host, vm_of(host, file), a); });
}
}
, {KVM_IOCTL(KVM_ARM_RMI_POPULATE, kVm){if (explicit_life_cycle(host)) return -kENOTTY;
return with<ArmRmiPopulate>(arg, [&](auto& a) { return kvm_arm_rmi_populate(host, vm_of(host, file), a); });
}
}
, {KVM_IOCTL(KVM_ARM_PREFERRED_TARGET, kVm){UNUSED(host, file);
return with<VcpuInit>(arg, [](auto& a) { return kvm_arm_preferred_target(a); });
}
}
, {KVM_IOCTL(KVM_IRQ_LINE, kVm){
      return with<IrqLevel>(arg, [&](auto& a) { return kvm_vm_ioctl_irq_line(host, vm_of(host, file), a); });
}
}
, {KVM_IOCTL(KVM_CREATE_IRQCHIP, kVm){UNUSED(host, file, arg);
return -kENODEV;  // it means a GICv2
}
}
, {KVM_IOCTL(KVM_ARM_SET_COUNTER_OFFSET, kVm){UNUSED(host, file);
return with<CounterOffset>(arg, [](auto&) { return -kEINVAL; });
}
}
, {KVM_IOCTL(KVM_CREATE_DEVICE, kVm){
      return with<CreateDevice>(arg, [&](auto& a) { return kvm_ioctl_create_device(host, vm_of(host, file), a); });
}
}
, {KVM_IOCTL(KVM_RUN, kVcpu){UNUSED(arg);
return locked(host, file, [&](Vcpu& vcpu) { return kvm_vcpu_run(host, vcpu); });
}
}
, {KVM_IOCTL(KVM_ARM_VCPU_INIT, kVcpu){return locked(host, file, [&](Vcpu& vcpu) {
  return with<VcpuInit>(arg, [&](auto& a) { return kvm_arch_vcpu_ioctl_vcpu_init(host, vcpu, a); });
});
}
}
, {KVM_IOCTL(KVM_ARM_VCPU_FINALIZE, kVcpu){return locked(host, file, [&](Vcpu& vcpu) {
  return with<std::int32_t>(arg, [&](std::int32_t feature) { return kvm_arm_vcpu_finalize(host, vcpu, feature); });
});
}
}
, {KVM_IOCTL(KVM_SET_ONE_REG, kVcpu){return locked(host, file, [&](Vcpu& vcpu) {
  return with<OneReg>(arg, [&](auto& a) { return kvm_arm_set_reg(host, vcpu, a); });
});
}
}
, {KVM_IOCTL(KVM_GET_ONE_REG, kVcpu){return locked(host, file, [&](Vcpu& vcpu) {
  return with<OneReg>(arg, [&](auto& a) { return kvm_arm_get_reg(host, vcpu, a); });
});
}
}
, {KVM_IOCTL(KVM_GET_REG_LIST, kVcpu){return locked(host, file, [&](Vcpu& vcpu) {
  return with<RegList>(arg, [&](auto& a) { return kvm_arm_copy_reg_indices(host, vcpu, a); });
});
}
}
, {KVM_IOCTL(KVM_GET_MP_STATE, kVcpu){return locked(host, file, [&](Vcpu& vcpu) {
  return with<MpState>(arg, [&](auto& a) { return kvm_arch_vcpu_ioctl_get_mpstate(host, vcpu, a); });
});
}
}
, {KVM_IOCTL(KVM_SET_MP_STATE, kVcpu){return locked(host, file, [&](Vcpu& vcpu) {
  return with<MpState>(arg, [&](auto& a) { return kvm_arch_vcpu_ioctl_set_mpstate(host, vcpu, a); });
});
}
}
, {KVM_IOCTL(KVM_GET_VCPU_EVENTS, kVcpu){return locked(host, file, [&](Vcpu& vcpu) {
  return with<VcpuEvents>(arg, [&](auto& a) { return kvm_arm_vcpu_get_events(host, vcpu, a); });
});
}
}
, {KVM_IOCTL(KVM_SET_VCPU_EVENTS, kVcpu){return locked(host, file, [&](Vcpu& vcpu) {
  return with<VcpuEvents>(arg, [&](auto& a) { return kvm_arm_vcpu_set_events(host, vcpu, a); });
});
}
}
, {KVM_IOCTL(KVM_ARM_VCPU_RMI_PSCI_COMPLETE, kVcpu){return locked(host, file, [&](Vcpu& vcpu) {
  auto* const* args = std::get_if<RmiPsciComplete*>(&arg);
  return kvm_arm_vcpu_rmi_psci_complete(host, vcpu, args == nullptr ? nullptr : *args);
});
}
}
, {KVM_IOCTL(KVM_SET_DEVICE_ATTR,
             kVcpu){return with<DeviceAttr>(arg, [&](auto& a) { return set_vcpu_attr(host, vcpu_of(host, file), a); });
}
}
, {KVM_IOCTL(KVM_GET_DEVICE_ATTR,
             kVcpu){return with<DeviceAttr>(arg, [&](auto& a) { return get_vcpu_attr(host, vcpu_of(host, file), a); });
}
}
, {KVM_IOCTL(KVM_HAS_DEVICE_ATTR,
             kVcpu){return with<DeviceAttr>(arg, [&](auto& a) { return has_vcpu_attr(vcpu_of(host, file), a); });
}
}
, {KVM_IOCTL(KVM_SET_DEVICE_ATTR, kVm){
      return with<DeviceAttr>(arg, [&](auto& a) { return kvm_arm_vm_set_attr(host, vm_of(host, file), a); });
}
}
, {KVM_IOCTL(KVM_HAS_DEVICE_ATTR, kVm){UNUSED(host, file);
return with<DeviceAttr>(arg, kvm_arm_vm_has_attr);
}
}
, {KVM_IOCTL(KVM_SET_DEVICE_ATTR, kVgicDevice){
      return with<DeviceAttr>(arg, [&](auto& a) { return set_device_attr(host, vm_of(host, file), a); });
}
}
, {KVM_IOCTL(KVM_GET_DEVICE_ATTR, kVgicDevice){return with<DeviceAttr>(arg, [&](auto& a) -> long {
  if (a.value == nullptr) return -kEFAULT;
  return VmVgic(host, vm_of(host, file))->vgic_v3_get_attr(a.group, a.attr, *a.value);
});
}
}
, {KVM_IOCTL(KVM_HAS_DEVICE_ATTR, kVgicDevice){return with<DeviceAttr>(
      arg, [&](auto& a) { return VmVgic(host, vm_of(host, file))->vgic_v3_has_attr(a.group, a.attr); });
}
}
, {KVM_IOCTL(FALLOCATE_PUNCH_HOLE, kGuestMemfd){
      return with<PunchHole>(arg, [&](auto& a) { return kvm_gmem_punch_hole(host, file.index, a.offset, a.length); });
}
}
,
}
;

#undef KVM_IOCTL
#undef UNUSED

}  // namespace

std::span<const IoctlRow> ioctl_table() { return kTable; }

const IoctlRow* find_ioctl(Ioctl request, FdKind kind) {
  for (const auto& row : kTable) {
    if (row.request == request && row.kind == kind) return &row;
  }
  return nullptr;
}

std::string_view ioctl_name(Ioctl request) {
  for (const auto& row : kTable) {
    if (row.request == request) return row.name;
  }
  return {};
}

}  // namespace host::kvm
