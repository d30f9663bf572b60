// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/payload/runtime/stage1.h"

#include "guest/payload/runtime/machine.h"
#include "guest/runtime/image.h"

namespace guest {

namespace {

constexpr std::uint64_t kMair = 0x00U | (0xffU << 8);  // Device-nGnRnE; Normal write-back
// T0SZ: 39-bit addresses, walks start at level 1; non-cacheable walks, since the tables were written with the MMU off;
// RES1 bits.
constexpr std::uint64_t kTcr = 25 | (3ULL << 12) | (1ULL << 23) | (1ULL << 31);
constexpr unsigned kTcrPsShift = 16;
constexpr std::uint64_t kMaxPs = 5;                                                 // 48 bits
constexpr std::uint64_t kSctlr = 0x30c5'0830 | (1U << 0) | (1U << 2) | (1U << 12);  // RES1 bits, M, C, I

constexpr unsigned kEntries = 512;
using Table = std::uint64_t[kEntries];
alignas(abi::kGranuleSize) Table level1;
alignas(abi::kGranuleSize) Table level2;  // the GiB of the image
alignas(abi::kGranuleSize) Table level3;  // the 2 MiB of the image
bool built = false;

std::uint64_t table_at(const Table& table) { return ipa_of(&table).value | kTable; }

std::uint64_t image_attributes(std::uint64_t address) {
  constexpr std::uint64_t kCode = (kData & ~kNeverExecute) | kReadOnly;
  if (address < ipa_of(__rodata_start).value) return kCode;
  return address < ipa_of(__data_start).value ? kData | kReadOnly : kData;
}

// Outside DRAM everything is a device; whether it exists is the machine's matter.
std::uint64_t block_attributes(std::uint64_t address) {
  const std::uint64_t ram = abi::align_down(machine_map.ram.value, kLevel1Size);
  const bool is_ram = address >= ram && address < machine_map.ram.value + machine_map.ram_size;
  return is_ram ? kData : (kData & ~(kNormal | kInnerShareable)) | kDevice;
}

void build() {
  const std::uint64_t image_at = ipa_of(__text_start).value;
  const std::uint64_t gib = abi::align_down(image_at, kLevel1Size), base = abi::align_down(image_at, kLevel2Size);
  for (std::uint64_t i = 0; i < kEntries; ++i) {
    level1[i] = i * kLevel1Size | block_attributes(i * kLevel1Size) | kBlock;
    level2[i] = (gib + i * kLevel2Size) | block_attributes(gib) | kBlock;
    const std::uint64_t page = base + i * abi::kGranuleSize;
    level3[i] = page | image_attributes(page) | kPage;
  }
  block_entry(image_at) = table_at(level3);
  root_entry(image_at) = table_at(level2);
  built = true;
}

}  // namespace

std::uint64_t& page_entry(std::uint64_t address) { return level3[address / abi::kGranuleSize % kEntries]; }
std::uint64_t& block_entry(std::uint64_t address) { return level2[address / kLevel2Size % kEntries]; }
std::uint64_t& root_entry(std::uint64_t address) { return level1[address / kLevel1Size % kEntries]; }

void use_stage1() {
  if (!built) build();
  std::uint64_t ps = 0;
  asm volatile("mrs %0, id_aa64mmfr0_el1" : "=r"(ps));
  ps &= 0xf;  // PARange, which TCR_EL2.PS repeats
  if (ps > kMaxPs) ps = kMaxPs;
  asm volatile(
      "msr mair_el2, %0\n"
      "msr tcr_el2, %1\n"
      "msr ttbr0_el2, %2\n"
      "dsb sy\n"
      "tlbi alle2\n"
      "dsb sy\n"
      "isb\n"
      "msr sctlr_el2, %3\n"
      "isb\n"
      :
      : "r"(kMair), "r"(kTcr | (ps << kTcrPsShift)), "r"(ipa_of(&level1).value), "r"(kSctlr)
      : "memory");
}

}  // namespace guest
