// SPDX-License-Identifier: GPL-2.0-or-later
// Writes one word into each granule of a fixed amount of memory behind the program and reads them back: a load of
// stage 2 faults whose size doesn't depend on how much memory the guest has.

#include "guest/runtime/console.h"
#include "guest/runtime/image.h"
#include "guest/runtime/program.h"
#include "guest/runtime/psci.h"

namespace {

using guest::print;

constexpr std::uint64_t kMiB = 1ULL << 20;
constexpr abi::IpaRange kTouched{guest::kRam + 16 * kMiB, guest::kRam + 80 * kMiB};

volatile std::uint64_t& word_at(abi::Ipa ipa) { return *reinterpret_cast<volatile std::uint64_t*>(ipa.value); }

}  // namespace

extern "C" void first_cpu() {
  for (abi::Ipa ipa = kTouched.base; ipa < kTouched.top; ipa += abi::kGranuleSize) word_at(ipa) = ipa.value;
  std::uint64_t wrong = 0;
  for (abi::Ipa ipa = kTouched.base; ipa < kTouched.top; ipa += abi::kGranuleSize) {
    if (word_at(ipa) != ipa.value) ++wrong;
  }
  print("touched ", kTouched.size() / kMiB, " MiB, ", wrong, " granules lost their content\n");
  guest::system_off();
}

extern "C" void secondary_cpu(std::uint64_t) { guest::cpu_off(); }
