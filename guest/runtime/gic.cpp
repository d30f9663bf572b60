// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/runtime/gic.h"

#include "guest/runtime/access.h"
#include "guest/runtime/places.h"
#include "guest/runtime/psci.h"

namespace guest::gic {

namespace {

// Distributor offsets; those of private interrupts are the same in a redistributor's second frame.
constexpr std::uint64_t kCtlr = 0x0;
constexpr std::uint64_t kGroup = 0x80, kSetEnable = 0x100, kClearEnable = 0x180, kSetPending = 0x200,
                        kClearPending = 0x280, kSetActive = 0x300, kPriority = 0x400, kRouter = 0x6000;
constexpr std::uint32_t kCtlrEnableGroup1 = 1U << 1, kCtlrAffinityRouting = 1U << 4;
constexpr std::uint64_t kSgiFrame = 0x10000;
constexpr std::uint64_t kEoiMode = 1U << 1;

std::uint64_t frame_of(unsigned intid) {
  if (intid >= kFirstSpi) return distributor().value;
  return redistributor(this_cpu()).value + kSgiFrame;
}

// The registers with one bit for each interrupt.
std::uint64_t word_of(std::uint64_t offset, unsigned intid) { return frame_of(intid) + offset + intid / 32 * 4ULL; }
std::uint32_t bit_of(unsigned intid) { return 1U << (intid % 32); }

}  // namespace

void start() {
  write32(distributor().value + kCtlr, kCtlrEnableGroup1 | kCtlrAffinityRouting);
  set_priority_mask(0xff);
  asm volatile("msr icc_igrpen1_el1, %0\nisb" : : "r"(1ULL));
}

void enable(unsigned intid, std::uint8_t priority) {
  const std::uint64_t group = word_of(kGroup, intid);
  write32(group, read32(group) | bit_of(intid));
  write8(frame_of(intid) + kPriority + intid, priority);
  if (intid >= kFirstSpi) write64(distributor().value + kRouter + intid * 8ULL, mpidr_of(this_cpu()).value);
  write32(word_of(kSetEnable, intid), bit_of(intid));
}

void disable(unsigned intid) { write32(word_of(kClearEnable, intid), bit_of(intid)); }
bool is_pending(unsigned intid) { return (read32(word_of(kSetPending, intid)) & bit_of(intid)) != 0; }
bool is_active(unsigned intid) { return (read32(word_of(kSetActive, intid)) & bit_of(intid)) != 0; }
void set_pending(unsigned intid) { write32(word_of(kSetPending, intid), bit_of(intid)); }
void clear_pending(unsigned intid) { write32(word_of(kClearPending, intid), bit_of(intid)); }

namespace {

// Out of X9, so that a host and a monitor that don't agree where the value is (D4) lose it; with X0 they would not.
void write_sgi1r(std::uint64_t value) {
  asm volatile("dsb ish\nmov x9, %0\nmsr icc_sgi1r_el1, x9\nisb" : : "r"(value) : "x9", "memory");
}

}  // namespace

void send_sgi(unsigned cpu, unsigned sgi) {
  const std::uint64_t mpidr = mpidr_of(cpu).value;
  const std::uint64_t aff1 = mpidr >> 8 & 0xff, aff2 = mpidr >> 16 & 0xff, list = 1ULL << (mpidr & 0xf);
  write_sgi1r(aff2 << 32 | std::uint64_t{sgi} << 24 | aff1 << 16 | list);
}

void send_sgi_to_others(unsigned sgi) { write_sgi1r(std::uint64_t{sgi} << 24 | 1ULL << 40); }

unsigned acknowledge() {
  std::uint64_t intid = 0;
  asm volatile("mrs %0, icc_iar1_el1\ndsb sy" : "=r"(intid) : : "memory");
  return static_cast<unsigned>(intid);
}

void end(unsigned intid) { asm volatile("msr icc_eoir1_el1, %0\nisb" : : "r"(std::uint64_t{intid}) : "memory"); }
void deactivate(unsigned intid) { asm volatile("msr icc_dir_el1, %0\nisb" : : "r"(std::uint64_t{intid}) : "memory"); }

void set_priority_mask(std::uint8_t priority) {
  asm volatile("msr icc_pmr_el1, %0\nisb" : : "r"(std::uint64_t{priority}) : "memory");
}

std::uint8_t running_priority() {
  std::uint64_t priority = 0;
  asm volatile("mrs %0, icc_rpr_el1" : "=r"(priority));
  return static_cast<std::uint8_t>(priority);
}

void split_end_and_deactivate(bool split) {
  asm volatile("msr icc_ctlr_el1, %0\nisb" : : "r"(split ? kEoiMode : 0) : "memory");
}

}  // namespace guest::gic
