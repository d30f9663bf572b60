// SPDX-License-Identifier: GPL-2.0-or-later
// A realm gives memory back and takes it again (DEN0137 1.0-rel0 A5.4): RAM, EMPTY, RAM, and DESTROYED, which a host
// makes by taking memory that it wasn't given. Each CPU does so with memory of its own.
//
// Every request says CHANGE_DESTROYED where content may get lost: this host, as Linux's, takes the memory away before
// it asks the monitor for EMPTY, and taking it makes it DESTROYED (B4.3.4).

#include "guest/runtime/access.h"
#include "guest/runtime/claims.h"
#include "guest/runtime/exception.h"
#include "guest/runtime/image.h"
#include "guest/runtime/program.h"
#include "guest/runtime/psci.h"
#include "guest/runtime/realm.h"

namespace {

using abi::v1_0::Ripas;
using guest::Fault;
using guest::OfDestroyed;

constinit guest::Claims claims("ripas");

constexpr std::uint64_t kSize = abi::kGranuleSize;
constexpr std::uint64_t kGranules = 4;
std::uint64_t pattern(abi::Ipa ipa) { return ipa.value ^ 0x5a5a'0000'c0de'0000; }

bool has(abi::IpaRange range, Ripas ripas) {
  const guest::RipasRange run = guest::ripas(range);
  return run.valid && run.ripas == ripas && run.top == range.top;
}

Fault load_fault(abi::Ipa ipa) {
  return guest::fault_of([ipa] { guest::read64(ipa.value); });
}
Fault store_fault(abi::Ipa ipa) {
  return guest::fault_of([ipa] { guest::write64(ipa.value, 0); });
}
bool is_external_abort_at(const Fault& fault, abi::Ipa ipa) {
  return fault.is_data_abort() && fault.is_external() && fault.far == ipa.value;
}

// Four granules with content; the two in the middle are given away and come back.
void give_and_take(abi::IpaRange all) {
  const abi::IpaRange middle{all.base + kSize, all.base + 3 * kSize};
  for (abi::Ipa ipa = all.base; ipa < all.top; ipa += kSize) guest::write64(ipa.value, pattern(ipa));
  claims.check(has(all, Ripas::kRam), "memory is RAM at first");

  claims.check(guest::set_ripas(middle, Ripas::kEmpty, OfDestroyed::kChange), "RAM becomes EMPTY");
  claims.check(has(middle, Ripas::kEmpty), "IPA_STATE_GET says EMPTY");
  claims.check(has({middle.top, all.top}, Ripas::kRam), "the granule behind is RAM still");
  const Fault load = load_fault(middle.base + 8), store = store_fault(middle.base + kSize);
  claims.check(is_external_abort_at(load, middle.base + 8) && !load.is_write(), "a load from EMPTY aborts");
  claims.check(is_external_abort_at(store, middle.base + kSize) && store.is_write(), "a store to EMPTY aborts");

  claims.check(guest::set_ripas(middle, Ripas::kRam, OfDestroyed::kChange), "EMPTY becomes RAM");
  claims.check(has(all, Ripas::kRam), "IPA_STATE_GET says RAM");
  bool gone = true;
  for (abi::Ipa ipa = middle.base; ipa < middle.top; ipa += kSize) gone &= guest::read64(ipa.value) != pattern(ipa);
  claims.check(gone, "its content is gone");
  claims.check(guest::read64(all.base.value) == pattern(all.base), "its neighbour's content is not");
  claims.check(guest::set_ripas(all, Ripas::kRam, OfDestroyed::kKeep), "RAM may become RAM");
  claims.check(guest::read64(all.base.value) == pattern(all.base), "and keeps its content");
}

// An access to the shared alias makes this host take the protected granule away.
void let_the_host_destroy(abi::IpaRange range) {
  guest::write64(range.base.value, pattern(range.base));
  guest::write64(range.base.value | guest::shared_alias(), 1);
  claims.check(has(range, Ripas::kDestroyed), "memory that the host took is DESTROYED");
  const guest::RipasChange kept = guest::ask_for_ripas(range, Ripas::kRam, OfDestroyed::kKeep);
  claims.check(kept.valid && kept.reached == range.base, "DESTROYED doesn't become RAM unnoticed");
  claims.check(guest::set_ripas(range, Ripas::kRam, OfDestroyed::kChange), "with CHANGE_DESTROYED it does");
  claims.check(guest::read64(range.base.value) != pattern(range.base), "the content of DESTROYED is gone");
}

void refuse_nonsense(abi::IpaRange range) {
  const auto fails = [](abi::IpaRange asked, Ripas ripas) {
    return !guest::ask_for_ripas(asked, ripas, OfDestroyed::kKeep).valid;
  };
  const abi::Ipa outside{guest::shared_alias()};
  claims.check(fails({range.base + 8, range.top}, Ripas::kRam), "an unaligned base is refused");
  claims.check(fails({range.base, range.top + 8}, Ripas::kRam), "an unaligned top is refused");
  claims.check(fails({range.base, range.base}, Ripas::kRam), "an empty range is refused");
  claims.check(fails({range.base, outside + kSize}, Ripas::kRam), "unprotected memory has no RIPAS to set");
  claims.check(fails(range, Ripas::kDestroyed), "nobody can ask for DESTROYED");
}

void prove(unsigned cpu) {
  const abi::Ipa base = guest::memory_of(cpu).base;
  if (!guest::rsi_version().is_realm) {
    claims.check(!guest::set_ripas({base, base + kSize}, Ripas::kRam, OfDestroyed::kKeep), "a plain VM has no RIPAS");
    return;
  }
  give_and_take({base, base + kGranules * kSize});
  let_the_host_destroy({base + kGranules * kSize, base + (kGranules + 1) * kSize});
  refuse_nonsense({base, base + kSize});
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
