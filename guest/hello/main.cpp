// SPDX-License-Identifier: GPL-2.0-or-later
// The smallest realm: says who it is, looks at the state of its own memory and powers off.

#include "guest/runtime/console.h"
#include "guest/runtime/image.h"
#include "guest/runtime/program.h"
#include "guest/runtime/psci.h"
#include "guest/runtime/realm.h"

namespace {

using guest::Hex;
using guest::print;

constexpr std::string_view name(abi::v1_0::Ripas ripas) {
  switch (ripas) {
    case abi::v1_0::Ripas::kEmpty: return "EMPTY";
    case abi::v1_0::Ripas::kRam: return "RAM";
    case abi::v1_0::Ripas::kDestroyed: return "DESTROYED";
  }
  return "unknown";
}

void print_version(std::uint64_t version) { print(version >> 16, ".", version & 0xffff); }

// Every run of granules with one RIPAS, as RSI_IPA_STATE_GET reports them.
void print_ripas(abi::IpaRange range) {
  while (range.base < range.top) {
    const guest::RipasRange run = guest::ripas(range);
    if (!run.valid || run.top <= range.base) {
      print("RSI_IPA_STATE_GET failed at ", Hex{range.base.value}, "\n");
      return;
    }
    print("RIPAS of ", Hex{range.base.value}, "..", Hex{run.top.value}, ": ", name(run.ripas), "\n");
    range.base = run.top;
  }
}

void introduce_realm(const guest::RsiVersion& version) {
  const abi::v1_0::RsiRealmConfig& config = guest::realm_config();
  print("Hello from a realm, RSI ");
  print_version(version.higher);
  print(", IPA width ", config.ipa_width, ", RPV begins with ", Hex{config.rpv[0]}, "\n");
  print_ripas(guest::image());
}

}  // namespace

extern "C" void first_cpu() {
  const guest::RsiVersion version = guest::rsi_version();
  if (version.is_realm) {
    introduce_realm(version);
  } else {
    print("Hello from a plain VM\n");
  }
  guest::system_off();
}

extern "C" void secondary_cpu(std::uint64_t) { guest::cpu_off(); }
