// SPDX-License-Identifier: GPL-2.0-or-later
// Single loads and stores of an exact form. A host emulates a device access from its syndrome alone, which only the
// plain forms provide (Arm ARM, ISS.ISV): the compiler must not choose another.
#pragma once

#include <cstdint>

namespace guest {

inline std::uint8_t read8(std::uint64_t va) {
  std::uint32_t value = 0;
  asm volatile("ldrb %w0, [%1]" : "+r"(value) : "r"(va) : "memory");
  return static_cast<std::uint8_t>(value);
}
inline std::uint16_t read16(std::uint64_t va) {
  std::uint32_t value = 0;
  asm volatile("ldrh %w0, [%1]" : "+r"(value) : "r"(va) : "memory");
  return static_cast<std::uint16_t>(value);
}
inline std::uint32_t read32(std::uint64_t va) {
  std::uint32_t value = 0;
  asm volatile("ldr %w0, [%1]" : "+r"(value) : "r"(va) : "memory");
  return value;
}
inline std::uint64_t read64(std::uint64_t va) {
  std::uint64_t value = 0;
  asm volatile("ldr %0, [%1]" : "+r"(value) : "r"(va) : "memory");
  return value;
}
inline void write8(std::uint64_t va, std::uint8_t value) {
  asm volatile("strb %w0, [%1]" : : "r"(value), "r"(va) : "memory");
}
inline void write16(std::uint64_t va, std::uint16_t value) {
  asm volatile("strh %w0, [%1]" : : "r"(value), "r"(va) : "memory");
}
inline void write32(std::uint64_t va, std::uint32_t value) {
  asm volatile("str %w0, [%1]" : : "r"(value), "r"(va) : "memory");
}
inline void write64(std::uint64_t va, std::uint64_t value) {
  asm volatile("str %0, [%1]" : : "r"(value), "r"(va) : "memory");
}

// Calls the code at `va`, which must keep to the procedure call standard.
inline void call(std::uint64_t va) {
  asm volatile("blr %0"
               :
               : "r"(va)
               : "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",
                 "x16", "x17", "x18", "x30", "cc", "memory");
}

}  // namespace guest
