// SPDX-License-Identifier: GPL-2.0-or-later
// The EL2 translation regime: what a walk refuses and how the abort says so, and what TLB invalidations make true.

#include "guest/payload/runtime/stage1.h"
#include "guest/runtime/access.h"
#include "guest/runtime/claims.h"
#include "guest/runtime/exception.h"
#include "guest/runtime/image.h"
#include "guest/runtime/program.h"
#include "rmm/abi/addr.h"

namespace {

constinit guest::Claims claims("mmu");

struct alignas(abi::kGranuleSize) Granule {
  std::uint64_t words[abi::kGranuleSize / 8];
};
Granule first, second;
std::uint64_t at_first() { return reinterpret_cast<std::uintptr_t>(&first); }
std::uint64_t at_second() { return reinterpret_cast<std::uintptr_t>(&second); }

constexpr std::uint32_t kReturn = 0xd65f'03c0;  // the instruction RET

// Fault status codes (Arm ARM, ESR_ELx.DFSC and IFSC), without the level in bits 1:0.
constexpr std::uint64_t kTranslation = 0x04, kAccessFlagFault = 0x08, kPermission = 0x0c;

bool is_data_abort(const guest::Fault& fault, std::uint64_t status, std::uint64_t far, bool write = false) {
  return fault.is_data_abort() && (fault.esr & 0x3f) == status && fault.far == far && fault.is_write() == write;
}
bool is_fetch_abort(const guest::Fault& fault, std::uint64_t status, std::uint64_t far) {
  return fault.is_fetch_abort() && (fault.esr & 0x3f) == status && fault.far == far;
}
guest::Fault reading(std::uint64_t address) {
  return guest::fault_of([=] { guest::read64(address); });
}
guest::Fault writing(std::uint64_t address) {
  return guest::fault_of([=] { guest::write64(address, 1); });
}
guest::Fault fetching(std::uint64_t address) {
  return guest::fault_of([=] { guest::call(address); });
}

// Replaces an entry as the architecture wants it: invalid and invalidated in between (Arm ARM D8.14.1).
void replace(std::uint64_t& entry, std::uint64_t value, std::uint64_t address) {
  entry = 0;
  guest::invalidate(address);
  entry = value;
  asm volatile("dsb ish\nisb" ::: "memory");
}

// FEAT_HAFDBS: with TCR_EL2.HA the walk sets the flag itself.
void hardware_access_flag(const std::uint64_t& entry, std::uint64_t mapped) {
  std::uint64_t mmfr1 = 0, tcr = 0;
  asm("mrs %0, id_aa64mmfr1_el1\nmrs %1, tcr_el2" : "=r"(mmfr1), "=r"(tcr));
  if ((mmfr1 & 0xf) == 0) return;
  constexpr std::uint64_t kHa = 1ULL << 21;
  asm volatile("msr tcr_el2, %0\nisb" : : "r"(tcr | kHa) : "memory");
  guest::invalidate_all();
  claims.check(!reading(at_first()).taken && entry == mapped, "hardware sets the access flag if it is asked to");
  asm volatile("msr tcr_el2, %0\nisb" : : "r"(tcr) : "memory");
  guest::invalidate_all();
}

void pages() {
  std::uint64_t& entry = guest::page_entry(at_first());
  const std::uint64_t mapped = entry;

  claims.check(!reading(at_first()).taken && !writing(at_first()).taken, "a writable page can be read and written");
  replace(entry, 0, at_first());
  claims.check(is_data_abort(reading(at_first() + 8), kTranslation | 3, at_first() + 8), "read of an invalid page");
  claims.check(is_data_abort(writing(at_first() + 16), kTranslation | 3, at_first() + 16, true),
               "write to an invalid page");
  claims.check(is_fetch_abort(fetching(at_first()), kTranslation | 3, at_first()), "fetch from an invalid page");

  replace(entry, mapped | guest::kReadOnly, at_first());
  claims.check(!reading(at_first()).taken, "a read-only page can be read");
  claims.check(is_data_abort(writing(at_first()), kPermission | 3, at_first(), true), "and not be written");
  claims.check(is_fetch_abort(fetching(at_first()), kPermission | 3, at_first()),
               "an execute-never page can't be executed");

  replace(entry, mapped & ~guest::kAccessFlag, at_first());
  claims.check(is_data_abort(reading(at_first()), kAccessFlagFault | 3, at_first()), "a page without access flag");

  hardware_access_flag(entry, mapped);
  replace(entry, mapped, at_first());
  guest::write32(at_first(), kReturn);
  replace(entry, (mapped & ~guest::kNeverExecute) | guest::kReadOnly, at_first());
  asm volatile("ic iallu\ndsb ish\nisb" ::: "memory");
  claims.check(!fetching(at_first()).taken, "a page without execute-never runs");
  replace(entry, mapped, at_first());
}

void blocks_and_limits() {
  const std::uint64_t image = at_first();
  const std::uint64_t free_block = abi::align_down(image, guest::kLevel2Size) + 2 * guest::kLevel2Size;
  std::uint64_t& block = guest::block_entry(free_block);
  const std::uint64_t mapped = block;
  claims.check(!reading(free_block).taken, "a block of 2 MiB is mapped");
  replace(block, 0, free_block);
  claims.check(is_data_abort(reading(free_block), kTranslation | 2, free_block), "level 2 says where the walk ended");
  replace(block, mapped, free_block);

  const std::uint64_t free_gib = 256 * guest::kLevel1Size;
  replace(guest::root_entry(free_gib), 0, free_gib);
  claims.check(is_data_abort(reading(free_gib), kTranslation | 1, free_gib), "so does level 1");
  const std::uint64_t beyond = 1ULL << 39;
  claims.check(is_data_abort(reading(beyond), kTranslation, beyond), "no walk reaches beyond TCR_EL2.T0SZ");
}

void invalidations() {
  first.words[0] = 1;
  second.words[0] = 2;
  std::uint64_t& entry = guest::page_entry(at_first());
  const std::uint64_t to_first = entry, to_second = to_first - at_first() + at_second();
  replace(entry, to_second, at_first());
  claims.check(guest::read64(at_first()) == 2, "TLBI VAE2IS: the new mapping counts");
  guest::write64(at_first(), 3);
  claims.check(guest::read64(at_second()) == 3, "a write goes there too");
  entry = to_first;
  guest::invalidate_all();
  claims.check(guest::read64(at_first()) == 1, "TLBI ALLE2IS: the old one counts again");

  std::uint64_t par = 0;
  entry = to_second;
  guest::invalidate(at_first());
  asm volatile("at s1e2r, %1\nisb\nmrs %0, par_el1" : "=r"(par) : "r"(at_first()) : "memory");
  claims.check((par & 1) == 0 && (par & 0x000f'ffff'ffff'f000) == at_second(), "AT S1E2R tells the mapping");
  entry = 0;
  guest::invalidate(at_first());
  asm volatile("at s1e2w, %1\nisb\nmrs %0, par_el1" : "=r"(par) : "r"(at_first()) : "memory");
  claims.check((par & 1) == 1 && (par >> 1 & 0x3f) == (kTranslation | 3), "AT S1E2W tells why there is none");
  replace(entry, to_first, at_first());
}

void caches() {
  const guest::Fault fault = guest::fault_of([] {
    asm volatile(
        "dc civac, %0\n"
        "dc cvac, %0\n"
        "dc ivac, %0\n"
        "ic ivau, %0\n"
        "dsb ish\n"
        :
        : "r"(at_second())
        : "memory");
  });
  claims.check(!fault.taken, "cache maintenance by address");
  second.words[1] = 5;
  asm volatile("dc zva, %0" : : "r"(at_second()) : "memory");
  claims.check(guest::read64(at_second() + 8) == 0, "DC ZVA zeroes");
}

}  // namespace

void first_cpu() {
  first.words[0] = 7;
  guest::use_stage1();
  claims.check(guest::read64(at_first()) == 7, "what was written with the MMU off is there with it on");
  pages();
  blocks_and_limits();
  invalidations();
  caches();
  claims.conclude();
}

void secondary_cpu(std::uint64_t) {}
