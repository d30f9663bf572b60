// SPDX-License-Identifier: GPL-2.0-or-later
// Touches RAM before it has set any RIPAS. Whether that works is the VMM's choice, made when it activated the realm
// (RMI_RTT_INIT_RIPAS); whatever it chose, RSI_IPA_STATE_GET tells the truth about it, and asking for RAM helps.

#include <string_view>

#include "guest/runtime/access.h"
#include "guest/runtime/claims.h"
#include "guest/runtime/console.h"
#include "guest/runtime/exception.h"
#include "guest/runtime/image.h"
#include "guest/runtime/program.h"
#include "guest/runtime/psci.h"
#include "guest/runtime/realm.h"

namespace {

using abi::v1_0::Ripas;

constinit guest::Claims claims("early");

constexpr std::uint64_t kValue = 0x0123'4567'89ab'cdef;

bool touch(abi::Ipa ipa) {
  return !guest::fault_of([ipa] { guest::write64(ipa.value, kValue); }).taken;
}

void prove(unsigned cpu) {
  const abi::IpaRange memory = guest::memory_of(cpu);
  const abi::IpaRange granule{memory.top - abi::kGranuleSize, memory.top};
  if (!guest::rsi_version().is_realm) {
    claims.check(touch(granule.base), "a plain VM's memory is there");
    return;
  }
  const bool early = touch(granule.base);
  constexpr std::string_view kRam = "is RAM\n", kEmpty = "is EMPTY and aborts\n";
  if (cpu == 0) guest::print("early: untouched memory ", early ? kRam : kEmpty);
  const guest::RipasRange state = guest::ripas(granule);
  claims.check(state.valid && early == (state.ripas == Ripas::kRam), "RAM can be touched and EMPTY cannot");
  claims.check(guest::set_ripas(granule, Ripas::kRam, guest::OfDestroyed::kKeep), "RAM can be asked for at any time");
  claims.check(guest::read64(granule.base.value) == kValue || !early, "that loses nothing");
  claims.check(touch(granule.base), "then it can be touched");
}

}  // namespace

extern "C" void first_cpu() {
  const unsigned cpus = guest::start_others();
  prove(0);
  guest::wait_for_others(cpus);
  claims.conclude();
}

extern "C" void secondary_cpu(std::uint64_t cpu) {
  prove(static_cast<unsigned>(cpu));
  guest::cpu_off();
}
