// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/runtime/claims.h"

#include "guest/runtime/console.h"
#include "guest/runtime/psci.h"

namespace guest {

void Claims::check(bool holds, std::string_view claim) {
  constexpr std::string_view kYes = ": yes\n", kNo = ": NO\n";
  while (console_.test_and_set(std::memory_order_acquire)) asm volatile("yield");
  print("cpu ", std::uint64_t{this_cpu()}, ": ", claim, holds ? kYes : kNo);
  if (!holds && broken_.empty()) broken_ = claim;
  console_.clear(std::memory_order_release);
}

void Claims::conclude() {
  if (broken_.empty()) {
    print(program_, ": passed\n");
  } else {
    print(program_, ": FAILED ", broken_, "\n");
  }
  system_off();
}

}  // namespace guest
