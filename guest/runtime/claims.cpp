// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/runtime/claims.h"

#include "guest/runtime/console.h"
#include "guest/runtime/psci.h"

namespace guest {

void Claims::check(bool holds, std::string_view claim) {
  if (holds) {
    held_.fetch_add(1, std::memory_order_relaxed);
    if (this_cpu() == 0) print(claim, "\n");
    return;
  }
  print("cpu ", std::uint64_t{this_cpu()}, ": NOT: ", claim, "\n");
  if (!breaking_.test_and_set()) broken_ = claim;
}

void Claims::conclude() {
  print(held_.load(), " claims held\n");
  if (!breaking_.test()) {
    print(program_, ": passed\n");
  } else {
    print(program_, ": FAILED ", broken_, "\n");
  }
  system_off();
}

}  // namespace guest
