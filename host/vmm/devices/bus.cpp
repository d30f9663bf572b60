// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/vmm/devices/bus.h"

namespace host::vmm {

namespace {

constexpr std::size_t index_of(DeviceId id) { return static_cast<std::size_t>(id); }

// Names a device lock in scheduling steps: "VMM", the VM, the device.
constexpr std::uint64_t lock_object(unsigned vm, DeviceId id) {
  return 0x564D'4D00'0000'0000ULL | static_cast<std::uint64_t>(vm) << 8 | index_of(id);
}

}  // namespace

std::string_view to_string(DeviceId id) {
  switch (id) {
    case DeviceId::kPl011: return "PL011";
    case DeviceId::kEntropy: return "virtio-rng";
  }
  return "?";
}

std::uint64_t BusState::accesses() const {
  std::uint64_t sum = unclaimed;
  for (const BusSlot& slot : slots) sum += slot.reads + slot.writes;
  return sum;
}

void Bus::attach(DeviceId id, abi::Ipa base, std::uint64_t size, MmioDevice& device) {
  attached_[index_of(id)] = {base, size, &device};
}

const Bus::Attached* Bus::find(abi::Ipa ipa, unsigned size, DeviceId& id) const {
  for (std::size_t i = 0; i < kDeviceCount; ++i) {
    const Attached& a = attached_[i];
    if (a.device == nullptr || ipa < a.base || ipa - a.base >= a.size || size > a.size - (ipa - a.base)) continue;
    id = static_cast<DeviceId>(i);
    return &a;
  }
  return nullptr;
}

std::uint64_t Bus::read(abi::Ipa ipa, unsigned size) {
  DeviceId id{};
  const Attached* a = find(ipa, size, id);
  if (a == nullptr) {
    ++state_.unclaimed;
    report("unclaimed", ipa.value, 0, size, false);
    return 0;
  }
  const auto guard = hold(id, "vmm_mmio_read");
  ++state_.slots[index_of(id)].reads;
  const std::uint64_t value = a->device->read(ipa - a->base, size);
  report(to_string(id), ipa - a->base, value, size, false);
  return value;
}

void Bus::write(abi::Ipa ipa, std::uint64_t value, unsigned size) {
  DeviceId id{};
  const Attached* a = find(ipa, size, id);
  if (a == nullptr) {
    ++state_.unclaimed;
    report("unclaimed", ipa.value, value, size, true);
    return;
  }
  const auto guard = hold(id, "vmm_mmio_write");
  ++state_.slots[index_of(id)].writes;
  report(to_string(id), ipa - a->base, value, size, true);
  a->device->write(ipa - a->base, value, size);
}

rmm::port::LockGuard Bus::hold(DeviceId id, const char* point) {
  return {sync_, state_.slots[index_of(id)].lock, point, lock_object(vm_, id)};
}

void Bus::report(std::string_view device, std::uint64_t offset, std::uint64_t value, unsigned size, bool write) {
  if (observer_ != nullptr) observer_->device_access(vm_, device, offset, value, size, write);
}

}  // namespace host::vmm
