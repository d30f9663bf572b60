// SPDX-License-Identifier: GPL-2.0-or-later
// Physical addresses that are not memory: devices of every access size, configuration space without a device, and
// addresses where nothing answers.

#include "guest/payload/runtime/machine.h"
#include "guest/payload/runtime/stage1.h"
#include "guest/runtime/access.h"
#include "guest/runtime/claims.h"
#include "guest/runtime/exception.h"
#include "guest/runtime/program.h"

namespace {

constinit guest::Claims claims("bus");

const guest::MachineMap& map = guest::machine_map;

void configuration_space() {
  const std::uint64_t ecam = map.ecam.value;
  claims.check(guest::read32(ecam) == ~0U && guest::read32(ecam + 0xfff'fffc) == ~0U,
               "configuration space without a device reads as ones, to its end");
  claims.check(guest::read8(ecam + 3) == 0xff && guest::read16(ecam + 2) == 0xffff && guest::read64(ecam) == ~0ULL,
               "in every size");
  guest::write32(ecam, 0);
  claims.check(guest::read32(ecam) == ~0U, "a write changes nothing");
}

// Forms of load and store that a device sees in the same way; nobody decodes them for the CPU.
void forms() {
  const std::uint64_t ecam = map.ecam.value;
  std::uint64_t address = ecam, low = 0, high = 0, extended = 0;
  asm volatile("ldr %w0, [%1], #8" : "=r"(low), "+r"(address) : : "memory");
  claims.check(low == 0xffff'ffff && address == ecam + 8, "post-index: the base moves");
  asm volatile("ldr %w0, [%1, #4]!" : "=r"(low), "+r"(address) : : "memory");
  claims.check(low == 0xffff'ffff && address == ecam + 12, "pre-index too");
  asm volatile("ldrsh %0, [%1]" : "=r"(extended) : "r"(ecam) : "memory");
  claims.check(extended == ~0ULL, "sign extension");
  asm volatile("ldp %w0, %w1, [%2]" : "=r"(low), "=r"(high) : "r"(ecam) : "memory");
  claims.check(low == 0xffff'ffff && high == 0xffff'ffff, "a pair");
  asm volatile("ldr %w0, [%1, %w2, uxtw #2]" : "=r"(low) : "r"(ecam), "r"(3) : "memory");
  claims.check(low == 0xffff'ffff, "register offset");
  low = 0;
  asm volatile("ldar %w0, [%1]" : "=r"(low) : "r"(ecam) : "memory");
  claims.check(low == 0xffff'ffff, "load-acquire");
}

// UARTPeriphID0..3 and UARTPCellID0..3 (DDI0183).
void identification() {
  std::uint32_t peripheral = 0, cell = 0;
  for (unsigned i = 0; i < 4; ++i) {
    peripheral |= guest::read32(map.uart.value + 0xfe0 + i * 4ULL) << (8 * i);
    cell |= guest::read32(map.uart.value + 0xff0 + i * 4ULL) << (8 * i);
  }
  claims.check((peripheral & 0xf'ffff) == 0x4'1011 && cell == 0xb105'f00d, "the UART is a PL011");
}

bool is_external(const guest::Fault& fault, std::uint64_t far, bool write) {
  return fault.is_data_abort() && fault.is_external() && fault.far == far && fault.is_write() == write;
}

void nothing() {
  const std::uint64_t nothing = map.nothing.value, beyond = map.ram.value + map.ram_size;
  claims.check(is_external(guest::fault_of([=] { guest::read32(nothing + 4); }), nothing + 4, false),
               "a read that nothing answers: external abort");
  claims.check(is_external(guest::fault_of([=] { guest::write64(nothing, 1); }), nothing, true), "a write too");
  const guest::Fault fetch = guest::fault_of([=] {
    std::uint64_t& entry = guest::root_entry(nothing);
    entry &= ~guest::kNeverExecute;
    guest::invalidate_all();
    guest::call(nothing);
  });
  claims.check(fetch.is_fetch_abort() && fetch.is_external() && fetch.far == nothing, "a fetch too");
  claims.check(is_external(guest::fault_of([=] { guest::read64(beyond); }), beyond, false),
               "behind the end of DRAM nothing answers");
}

}  // namespace

void first_cpu() {
  guest::use_stage1();
  configuration_space();
  forms();
  identification();
  nothing();
  claims.conclude();
}

void secondary_cpu(std::uint64_t) {}
