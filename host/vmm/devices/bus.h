// SPDX-License-Identifier: GPL-2.0-or-later
// Routes KVM_EXIT_MMIO to devices and counts what each of them answered. Each device has a lock of its own, as in
// kvmtool, because vCPU threads and the main thread reach it at the same time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tuple>

#include "host/port/observer.h"
#include "rmm/abi/addr.h"
#include "rmm/port/sync.h"

namespace host::vmm {

// What a device sees of an access. Offsets count from the start of its region; sizes are 1, 2, 4 or 8 bytes.
class MmioDevice {
 public:
  virtual ~MmioDevice() = default;
  virtual std::uint64_t read(std::uint64_t offset, unsigned size) = 0;
  virtual void write(std::uint64_t offset, std::uint64_t value, unsigned size) = 0;
};

enum class DeviceId : std::uint8_t { kPl011, kEntropy };
inline constexpr std::size_t kDeviceCount = 2;
std::string_view to_string(DeviceId id);

struct BusSlot {
  rmm::port::Lock lock;
  std::uint64_t reads = 0, writes = 0;
  auto members() { return std::tie(lock, reads, writes); }
};

struct BusState {
  std::array<BusSlot, kDeviceCount> slots;
  std::uint64_t unclaimed = 0;  // accesses that met no device: they read as zero and write nothing, as in kvmtool
  auto members() { return std::tie(slots, unclaimed); }
  // Every access that came out of KVM. Equals the number of KVM_EXIT_MMIO.
  std::uint64_t accesses() const;
};

class Bus {
 public:
  // `vm` is the index in observer calls and in scheduling steps.
  Bus(BusState& state, rmm::port::Sync& sync, port::Observer* observer, unsigned vm)
      : state_(state), sync_(sync), observer_(observer), vm_(vm) {}

  // [base, base + size) must not overlap another device.
  void attach(DeviceId id, abi::Ipa base, std::uint64_t size, MmioDevice& device);

  std::uint64_t read(abi::Ipa ipa, unsigned size);
  void write(abi::Ipa ipa, std::uint64_t value, unsigned size);

  // Holds the device's lock for the main thread's own work on it.
  rmm::port::LockGuard hold(DeviceId id, const char* point);

 private:
  struct Attached {
    abi::Ipa base;
    std::uint64_t size = 0;
    MmioDevice* device = nullptr;
  };
  const Attached* find(abi::Ipa ipa, unsigned size, DeviceId& id) const;
  void report(std::string_view device, std::uint64_t offset, std::uint64_t value, unsigned size, bool write);

  BusState& state_;
  rmm::port::Sync& sync_;
  port::Observer* observer_;
  unsigned vm_;
  std::array<Attached, kDeviceCount> attached_{};
};

}  // namespace host::vmm
