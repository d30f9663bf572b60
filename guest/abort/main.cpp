// SPDX-License-Identifier: GPL-2.0-or-later
// Accesses that cannot succeed, and the abort that each becomes (DEN0137 1.0-rel0 A5.2): no memory, memory that is
// shared and fetched from, an address beyond the IPA space, a device access that the host refuses.

#include "guest/runtime/access.h"
#include "guest/runtime/claims.h"
#include "guest/runtime/console.h"
#include "guest/runtime/exception.h"
#include "guest/runtime/image.h"
#include "guest/runtime/program.h"
#include "guest/runtime/psci.h"
#include "guest/runtime/realm.h"
#include "guest/runtime/stage1.h"

namespace {

using abi::v1_0::Ripas;
using guest::Fault;
using guest::OfDestroyed;

constinit guest::Claims claims("abort");

constexpr std::uint32_t kRet = 0xd65f'03c0;      // the instruction RET
constexpr std::uint64_t kBeyondVm = 1ULL << 38;  // beyond 33 bits of IPA, inside what stage 1 maps
constexpr abi::Ipa kNowhere{0x7000'0000};        // protected, below RAM, no device

std::uint64_t code_mapping, nowhere_mapping;  // of CPU 0's memory, executable, and of kNowhere

Fault load_fault(std::uint64_t va) {
  return guest::fault_of([va] { guest::read64(va); });
}
Fault call_fault(std::uint64_t va) {
  return guest::fault_of([va] { guest::call(va); });
}
bool is_external_load(const Fault& fault, std::uint64_t va) {
  return fault.is_data_abort() && fault.is_external() && fault.far == va;
}
bool is_external_fetch(const Fault& fault, std::uint64_t va) {
  return fault.is_fetch_abort() && fault.is_external() && fault.far == va;
}

// The granule of this CPU among those that `code_mapping` shows.
std::uint64_t own_code(unsigned cpu) { return cpu * abi::kGranuleSize; }

bool change(unsigned cpu, Ripas ripas) {
  const abi::Ipa granule = guest::memory_of(0).base + own_code(cpu);
  return guest::set_ripas({granule, granule + abi::kGranuleSize}, ripas, OfDestroyed::kChange);
}

void write_code(std::uint64_t va) {
  guest::write32(va, kRet);
  asm volatile("dsb ish\nic ialluis\ndsb ish\nisb" ::: "memory");
}

void fetches(unsigned cpu) {
  const std::uint64_t code = code_mapping + own_code(cpu), data = guest::memory_of(0).base.value + own_code(cpu);
  write_code(data);
  claims.check(!call_fault(code).taken, "code in protected memory runs");
  if (!guest::rsi_version().is_realm) return;
  claims.check(change(cpu, Ripas::kEmpty) && is_external_fetch(call_fault(code), code), "a fetch from EMPTY aborts");
  const std::uint64_t shared = code + guest::kBlockSize;
  write_code(data | guest::shared_alias());
  claims.check(guest::read32(data | guest::shared_alias()) == kRet, "code can be written to shared memory");
  claims.check(is_external_fetch(call_fault(shared), shared), "a fetch from there aborts");
  claims.check(change(cpu, Ripas::kRam), "the granule is protected again");
  write_code(data);
  claims.check(!call_fault(code).taken, "and holds code that runs");
}

void beyond(bool is_realm) {
  const Fault fault = load_fault(kBeyondVm);
  const bool expected = is_realm ? fault.is_data_abort() && fault.is_address_size() && fault.far == kBeyondVm
                                 : is_external_load(fault, kBeyondVm);
  claims.check(expected, is_realm ? "beyond the IPA space is an Address Size fault" : "beyond the IPA space aborts");
}

void device_refused() {
  std::uint64_t a = 0, b = 0;
  const std::uint64_t flags = guest::kConsole.value + 0x18;
  const Fault fault = guest::fault_of([&] { asm volatile("ldp %0, %1, [%2]" : "+r"(a), "+r"(b) : "r"(flags)); });
  claims.check(is_external_load(fault, flags), "a device access that the host can't emulate aborts");
}

void prove(unsigned cpu) {
  const bool is_realm = guest::rsi_version().is_realm;
  fetches(cpu);
  beyond(is_realm);
  if (!is_realm) return;
  claims.check(is_external_load(load_fault(nowhere_mapping), nowhere_mapping),
               "a protected address without RAM aborts");
  claims.check(is_external_fetch(call_fault(nowhere_mapping), nowhere_mapping), "so does a fetch from it");
  device_refused();
}

}  // namespace

extern "C" void first_cpu() {
  const abi::Ipa memory = guest::memory_of(0).base;
  code_mapping = guest::map_block(memory, guest::Mapping::kExecutable);
  guest::map_block(memory + guest::shared_alias(), guest::Mapping::kExecutable);  // the block behind it
  nowhere_mapping = guest::map_block(kNowhere, guest::Mapping::kExecutable);
  const unsigned cpus = guest::start_others();
  prove(0);
  guest::wait_for_others(cpus);
  claims.conclude();
}

extern "C" void secondary_cpu(std::uint64_t cpu) {
  prove(static_cast<unsigned>(cpu));
  guest::cpu_off();
}
