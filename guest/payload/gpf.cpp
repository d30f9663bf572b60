// SPDX-License-Identifier: GPL-2.0-or-later
// Granule protection: what was delegated to the Realm world is out of the payload's reach until it comes back, wiped.

#include "guest/payload/runtime/rmi.h"
#include "guest/payload/runtime/stage1.h"
#include "guest/runtime/access.h"
#include "guest/runtime/claims.h"
#include "guest/runtime/exception.h"
#include "guest/runtime/program.h"
#include "rmm/abi/addr.h"

namespace {

constinit guest::Claims claims("gpf");

struct alignas(abi::kGranuleSize) Granule {
  std::uint64_t words[abi::kGranuleSize / 8];
};
Granule before, subject, after, table;

std::uint64_t address_of(const Granule& granule) { return reinterpret_cast<std::uintptr_t>(&granule); }
abi::Pa pa_of(const Granule& granule) { return {address_of(granule)}; }

// Granule Protection Fault, not on a table walk; and on one, at level 0 (Arm ARM, ESR_ELx.DFSC and IFSC).
constexpr std::uint64_t kGranuleProtection = 0x28, kOnWalk = 0x24;

bool is_gpf(const guest::Fault& fault, std::uint64_t far, bool write) {
  return fault.is_data_abort() && (fault.esr & 0x3f) == kGranuleProtection && fault.far == far &&
         fault.is_write() == write;
}

void delegated() {
  const std::uint64_t va = address_of(subject);
  before.words[511] = 1;
  after.words[0] = 2;
  subject.words[1] = 0x5ec4e7;
  claims.check(guest::delegate(pa_of(subject)).ok(), "a granule is delegated");
  claims.check(is_gpf(guest::fault_of([=] { guest::read64(va + 8); }), va + 8, false),
               "read: granule protection fault");
  claims.check(is_gpf(guest::fault_of([=] { guest::write8(va + 4095, 1); }), va + 4095, true),
               "write: granule protection fault");
  const guest::Fault again = guest::fault_of([=] { guest::read64(va); });
  claims.check(is_gpf(again, va, false), "and again");
  claims.check(guest::read64(address_of(before) + 8 * 511ULL) == 1 && guest::read64(address_of(after)) == 2,
               "the neighbours are as they were");
  claims.check(guest::undelegate(pa_of(subject)).ok(), "the granule comes back");
  claims.check(guest::read64(va + 8) != 0x5ec4e7, "without what was in it");
  guest::write64(va, 3);
  claims.check(guest::read64(va) == 3, "and can be used");
}

void executed() {
  const std::uint64_t va = address_of(subject);
  guest::write32(va, 0xd65f'03c0);  // RET
  std::uint64_t& entry = guest::page_entry(va);
  const std::uint64_t mapped = entry;
  entry = (mapped & ~guest::kNeverExecute) | guest::kReadOnly;
  guest::invalidate(va);
  asm volatile("ic iallu\ndsb ish\nisb" ::: "memory");
  claims.check(!guest::fault_of([=] { guest::call(va); }).taken, "code in the granule runs");
  claims.check(guest::delegate(pa_of(subject)).ok(), "it is delegated");
  const guest::Fault fault = guest::fault_of([=] { guest::call(va); });
  claims.check(fault.is_fetch_abort() && (fault.esr & 0x3f) == kGranuleProtection && fault.far == va,
               "fetch: granule protection fault");
  claims.check(guest::undelegate(pa_of(subject)).ok(), "and undelegated");
  entry = mapped;
  guest::invalidate(va);
}

// A level 3 table of the payload in a delegated granule.
void walked() {
  const std::uint64_t va = guest::kLevel2Size * 4 + abi::align_down(address_of(table), guest::kLevel2Size);
  std::uint64_t& entry = guest::block_entry(va);
  const std::uint64_t mapped = entry;
  table.words[0] = address_of(before) | guest::kData | guest::kPage;
  entry = 0;
  guest::invalidate(va);
  entry = address_of(table) | guest::kTable;
  asm volatile("dsb ish\nisb" ::: "memory");
  claims.check(guest::read64(va + 8 * 511ULL) == 1, "a table of the payload translates");
  claims.check(guest::delegate(pa_of(table)).ok(), "it is delegated");
  guest::invalidate_all();
  const guest::Fault fault = guest::fault_of([=] { guest::read64(va); });
  claims.check(fault.is_data_abort() && (fault.esr & 0x3f) == (kOnWalk | 3) && fault.far == va,
               "the walk at level 3: granule protection fault");
  claims.check(guest::undelegate(pa_of(table)).ok(), "and undelegated");
  entry = mapped;
  guest::invalidate(va);
}

}  // namespace

void first_cpu() {
  guest::use_stage1();
  delegated();
  executed();
  walked();
  claims.conclude();
}

void secondary_cpu(std::uint64_t) {}
