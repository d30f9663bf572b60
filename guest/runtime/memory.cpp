// SPDX-License-Identifier: GPL-2.0-or-later
// The functions that a compiler may call on its own account, even in a freestanding program.

#include <cstddef>

extern "C" {

void* memset(void* to, int value, std::size_t size) {
  auto* out = static_cast<volatile unsigned char*>(to);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<unsigned char>(value);
  return to;
}

void* memcpy(void* to, const void* from, std::size_t size) {
  auto* out = static_cast<volatile unsigned char*>(to);
  const auto* in = static_cast<const unsigned char*>(from);
  for (std::size_t i = 0; i < size; ++i) out[i] = in[i];
  return to;
}

int memcmp(const void* left, const void* right, std::size_t size) {
  const auto* a = static_cast<const volatile unsigned char*>(left);
  const auto* b = static_cast<const volatile unsigned char*>(right);
  for (std::size_t i = 0; i < size; ++i) {
    const int difference = a[i] - b[i];
    if (difference != 0) return difference;
  }
  return 0;
}

}  // extern "C"
