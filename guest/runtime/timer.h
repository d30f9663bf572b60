// SPDX-License-Identifier: GPL-2.0-or-later
// The two generic timers of a CPU and its counter (Arm ARM D11).
#pragma once

#include <cstdint>

namespace guest {

inline constexpr std::uint64_t kTimerEnable = 1, kTimerMask = 2, kTimerFired = 4;  // CTL: ENABLE, IMASK, ISTATUS

inline std::uint64_t counter() {
  std::uint64_t count = 0;
  asm volatile("isb\nmrs %0, cntvct_el0" : "=r"(count) : : "memory");
  return count;
}

inline std::uint64_t physical_counter() {
  std::uint64_t count = 0;
  asm volatile("isb\nmrs %0, cntpct_el0" : "=r"(count) : : "memory");
  return count;
}

struct VirtualTimer {
  static void set_compare(std::uint64_t count) { asm volatile("msr cntv_cval_el0, %0\nisb" : : "r"(count) : "memory"); }
  static void set_delay(std::int32_t counts) {
    asm volatile("msr cntv_tval_el0, %0\nisb" : : "r"(static_cast<std::int64_t>(counts)) : "memory");
  }
  static void set_control(std::uint64_t value) { asm volatile("msr cntv_ctl_el0, %0\nisb" : : "r"(value) : "memory"); }
  static std::uint64_t control() {
    std::uint64_t value = 0;
    asm volatile("mrs %0, cntv_ctl_el0" : "=r"(value) : : "memory");
    return value;
  }
};

struct PhysicalTimer {
  static void set_compare(std::uint64_t count) { asm volatile("msr cntp_cval_el0, %0\nisb" : : "r"(count) : "memory"); }
  static void set_delay(std::int32_t counts) {
    asm volatile("msr cntp_tval_el0, %0\nisb" : : "r"(static_cast<std::int64_t>(counts)) : "memory");
  }
  static void set_control(std::uint64_t value) { asm volatile("msr cntp_ctl_el0, %0\nisb" : : "r"(value) : "memory"); }
  static std::uint64_t control() {
    std::uint64_t value = 0;
    asm volatile("mrs %0, cntp_ctl_el0" : "=r"(value) : : "memory");
    return value;
  }
};

}  // namespace guest
