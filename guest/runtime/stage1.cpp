// SPDX-License-Identifier: GPL-2.0-or-later
// The program's own translation: an identity map that lets nothing be both written and executed, and the devices.

#include <cstdint>

#include "guest/runtime/console.h"
#include "guest/runtime/gic.h"
#include "guest/runtime/image.h"
#include "guest/runtime/realm.h"
#include "guest/runtime/stage1.h"

namespace guest {

namespace {

// Descriptor bits of a 4 KiB granule, VMSAv8-64 stage 1 (Arm ARM D8.3).
constexpr std::uint64_t kTable = 3;
constexpr std::uint64_t kPage = 3;
constexpr std::uint64_t kBlock = 1;
constexpr std::uint64_t kAccessFlag = 1ULL << 10;
constexpr std::uint64_t kInnerShareable = 3ULL << 8;
constexpr std::uint64_t kReadOnly = 1ULL << 7;
constexpr std::uint64_t kNeverExecute = 3ULL << 53;  // PXN and UXN
constexpr std::uint64_t kDevice = 0ULL << 2;         // indices into MAIR_EL1
constexpr std::uint64_t kNormal = 1ULL << 2;

constexpr std::uint64_t kMair = 0x00U | (0xffU << 8);  // Device-nGnRnE; Normal write-back
// T0SZ: 39-bit addresses, walks start at level 1; non-cacheable walks, since the tables were written with the MMU off;
// no walks through TTBR1.
constexpr std::uint64_t kTcr = 25 | (3ULL << 12) | (1ULL << 23);
constexpr unsigned kTcrIpsShift = 32;
constexpr std::uint64_t kMaxIps = 5;                                                // 48 bits
constexpr std::uint64_t kSctlr = 0x30d0'0800 | (1U << 0) | (1U << 2) | (1U << 12);  // RES1 bits, M, C, I

constexpr std::uint64_t kLevel1Size = 1ULL << 30;
constexpr std::uint64_t kLevel2Size = 1ULL << 21;
constexpr unsigned kEntries = 512;

using Table = std::uint64_t[kEntries];
alignas(abi::kGranuleSize) Table level1;
alignas(abi::kGranuleSize) Table level2_devices;  // 0 .. 1 GiB
alignas(abi::kGranuleSize) Table level2_ram;      // the first GiB of RAM
alignas(abi::kGranuleSize) Table level3_image;    // the first 2 MiB of RAM, which hold the program

std::uint64_t table_at(const Table& table) { return ipa_of(&table).value | kTable; }

// Below the devices nothing else is mapped: the second half of the GiB is for map_block.
constexpr unsigned kFirstFreeBlock = kEntries / 2;
unsigned free_block = kFirstFreeBlock;

constexpr std::uint64_t kWritable = kAccessFlag | kInnerShareable | kNormal | kNeverExecute;

// Attributes of the granule of the image that begins at `address`.
std::uint64_t image_attributes(std::uint64_t address) {
  if (address < ipa_of(__rodata_start).value) return kAccessFlag | kInnerShareable | kNormal | kReadOnly;
  if (address < ipa_of(__data_start).value) return kWritable | kReadOnly;
  return kWritable;
}

}  // namespace

// All of RAM that 39 bits reach is mapped, whether it exists or not: stage 2 decides. A device keeps its address; in a
// realm it is reached through the unprotected alias.
extern "C" void build_stage1() {
  const std::uint64_t ram = kRam.value;
  level1[0] = table_at(level2_devices);
  level1[ram / kLevel1Size] = table_at(level2_ram);
  for (std::uint64_t i = ram / kLevel1Size + 1; i < kEntries; ++i) level1[i] = (i * kLevel1Size) | kWritable | kBlock;

  level2_ram[0] = table_at(level3_image);
  for (std::uint64_t i = 1; i < kEntries; ++i) level2_ram[i] = (ram + i * kLevel2Size) | kWritable | kBlock;
  for (std::uint64_t i = 0; i < kEntries; ++i) {
    const std::uint64_t address = ram + i * abi::kGranuleSize;
    level3_image[i] = address | image_attributes(address) | kPage;
  }
  const std::uint64_t alias = shared_alias();
  for (const std::uint64_t device : {kConsole.value, kDistributor.value, kDistributor.value + kLevel2Size})
    level2_devices[device / kLevel2Size] = device | alias | kAccessFlag | kDevice | kNeverExecute | kBlock;
}

extern "C" void enable_stage1() {
  std::uint64_t ips = 0;
  asm volatile("mrs %0, id_aa64mmfr0_el1" : "=r"(ips));
  ips &= 0xf;  // PARange, which TCR_EL1.IPS repeats
  if (ips > kMaxIps) ips = kMaxIps;
  asm volatile(
      "msr mair_el1, %0\n"
      "msr tcr_el1, %1\n"
      "msr ttbr0_el1, %2\n"
      "dsb sy\n"
      "tlbi vmalle1\n"
      "dsb sy\n"
      "isb\n"
      "msr sctlr_el1, %3\n"
      "isb\n"
      :
      : "r"(kMair), "r"(kTcr | (ips << kTcrIpsShift)), "r"(ipa_of(&level1).value), "r"(kSctlr)
      : "memory");
}

std::uint64_t map_block(abi::Ipa ipa, Mapping mapping) {
  constexpr std::uint64_t kExecutable = kAccessFlag | kInnerShareable | kNormal | kReadOnly;
  constexpr std::uint64_t kDeviceMemory = kAccessFlag | kDevice | kNeverExecute;
  const std::uint64_t entry = free_block++;
  level2_devices[entry] = ipa.value | (mapping == Mapping::kExecutable ? kExecutable : kDeviceMemory) | kBlock;
  asm volatile("dsb sy\nisb" ::: "memory");  // the entry was invalid: nothing to invalidate
  return entry * kLevel2Size;
}

}  // namespace guest
