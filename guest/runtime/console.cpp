// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/runtime/console.h"

#include "guest/runtime/places.h"

namespace guest {

namespace {

// PL011 (DDI0183): data register, flag register, transmit queue full.
constexpr std::uint64_t kData = 0x00;
constexpr std::uint64_t kFlags = 0x18;
constexpr std::uint32_t kTransmitFull = 1U << 5;

// A host emulates a device access from its syndrome alone, which only the plain forms of load and store provide (Arm
// ARM, ISS.ISV): the compiler must not choose another.
void put(char character) {
  const std::uint64_t uart = console().value;
  std::uint32_t flags = 0;
  do {
    asm volatile("ldr %w0, [%1]" : "=r"(flags) : "r"(uart + kFlags) : "memory");
  } while ((flags & kTransmitFull) != 0);
  asm volatile("strb %w0, [%1]" : : "r"(character), "r"(uart + kData) : "memory");
}

void print_digits(std::uint64_t value, unsigned base) {
  char digits[20];
  unsigned count = 0;
  do {
    digits[count++] = "0123456789abcdef"[value % base];
    value /= base;
  } while (value != 0);
  while (count > 0) put(digits[--count]);
}

}  // namespace

void print_one(std::string_view text) {
  for (const char character : text) {
    if (character == '\n') put('\r');
    put(character);
  }
}

void print_one(std::uint64_t decimal) { print_digits(decimal, 10); }

void print_one(Hex hexadecimal) {
  print_one("0x");
  print_digits(hexadecimal.value, 16);
}

}  // namespace guest
