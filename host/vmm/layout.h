// SPDX-License-Identifier: GPL-2.0-or-later
// Where things are in the guest's physical address space.
//
//     0x0000_0000  nothing
//     0x0800_0000  GICD                     64 KiB
//     0x080A_0000  GICR, 1..123 vCPUs       128 KiB each
//     0x0900_0000  PL011                    4 KiB        SPI 1
//     0x0A00_0000  virtio-mmio              512 B each   SPI 16 + n
//     0x1000_0000  GICR, more than 123      128 KiB each
//     0x8000_0000  RAM
//       + 0          free (kernels may use it)
//       + 2 MiB      kernel, plus its text_offset; an ELF file goes where its segments say
//       next 2 MiB   initrd
//       next 2 MiB   device tree (at most 2 MiB)
//     0x8000_0000 + memory
//
// A realm sees every device only on the shared alias of these addresses: bit (ipa_bits - 1) set.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "rmm/abi/addr.h"

namespace host::vmm {

inline constexpr abi::Ipa kGicDistributor{0x08000000};
inline constexpr std::uint64_t kGicDistributorSize = 0x10000;
inline constexpr abi::Ipa kGicRedistributors{0x080A0000};
inline constexpr std::uint64_t kGicRedistributorSize = 0x20000;
inline constexpr std::uint32_t kMaxLowRedistributors = 123;  // up to the PL011
inline constexpr abi::Ipa kGicRedistributorsHigh{0x10000000};
inline constexpr abi::Ipa kPl011{0x09000000};
inline constexpr std::uint64_t kPl011Size = 0x1000;
inline constexpr std::uint32_t kPl011Spi = 1;
inline constexpr abi::Ipa kVirtioMmio{0x0A000000};
inline constexpr std::uint64_t kVirtioMmioSize = 0x200;
inline constexpr std::uint32_t kVirtioMmioFirstSpi = 16;
inline constexpr abi::Ipa kRamBase{0x80000000};
inline constexpr std::uint64_t kBlockSize = 0x200000;  // the alignment of the arm64 boot protocol
inline constexpr std::uint64_t kMaxDeviceTree = 0x200000;
inline constexpr std::uint32_t kMaxVcpus = 512;
inline constexpr std::uint32_t kFirstPpi = 16, kPmuInterrupt = 23;  // INTIDs; Arm BSA 3.8.3
inline constexpr std::uint32_t kFirstSpi = 32;                      // INTID of SPI 0
inline constexpr std::uint32_t kNumInterrupts = 96;                 // INTIDs that the vGIC is told to have

// 0x080A_0000, or 0x1000_0000 when the redistributors of so many vCPUs don't fit below the PL011.
constexpr abi::Ipa redistributor_base(std::uint32_t vcpus) {
  return vcpus <= kMaxLowRedistributors ? kGicRedistributors : kGicRedistributorsHigh;
}

// Affinity of a vCPU as KVM assigns it: sixteen vCPUs to an Aff0 cluster.
constexpr abi::Mpidr mpidr_of(std::uint32_t vcpu) {
  return {(vcpu & 0xf) | ((vcpu >> 4) & 0xff) << 8 | ((vcpu >> 12) & 0xff) << 16};
}

// The device region that `ipa` (without the alias bit) lies in: "GICD", "GICR", "PL011", "virtio-mmio".
std::optional<std::string_view> device_region_at(abi::Ipa ipa, std::uint32_t vcpus);

// Where one boot puts its images. Sizes are 0 for what isn't there.
struct Layout {
  abi::Ipa kernel;
  std::uint64_t kernel_size = 0;  // bytes in memory, with BSS
  abi::Ipa initrd;
  std::uint64_t initrd_size = 0;  // bytes of the file
  abi::Ipa dtb;
  bool has_dtb = false;
};

}  // namespace host::vmm
