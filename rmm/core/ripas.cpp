// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/core/ripas.h"

#include "rmm/core/measurement.h"

namespace rmm::core {
namespace {

using abi::v1_0::Ripas;

// Reports runs of entries that had the same RIPAS as one change each.
class ChangeReport {
 public:
  ChangeReport(const Context& context, const Realm& realm, abi::Ipa base, Ripas to)
      : observer_(context.platform.observer), rd_(realm.rd.pa()), base_(base), to_(to) {}
  void entry(abi::Ipa ipa, Ripas from) {
    if (from == from_) return;
    flush(ipa);
    base_ = ipa;
    from_ = from;
  }
  void flush(abi::Ipa top) const {
    if (observer_ != nullptr && top.value > base_.value && from_ != to_)
      observer_->ripas_change({.rd = rd_, .range = {base_, top}, .from = name(from_), .to = name(to_)});
  }

 private:
  port::Observer* observer_;
  abi::Pa rd_;
  abi::Ipa base_;
  Ripas to_;
  Ripas from_ = to_;
};

// Calls change(entry) for the entries from `start` that lie wholly below `top`, until it returns false or the table
// ends. Returns the end of the range that was changed.
template <class Change>
abi::Ipa for_each_entry(const Context& context, const RttWalk& start, abi::Ipa top, Change&& change) {
  RttWalk at = start;
  for (;;) {
    if (at.ipa.value + at.size() > top.value || !change(at)) return at.ipa;
    at.ipa += at.size();
    if (++at.index == kRttEntries) return at.ipa;
    at.entry = decode(context.platform.memory.read64(at.descriptor_pa()), at.level);
  }
}

}  // namespace

abi::Ipa init_ripas(const Context& context, const LockedRealm& realm, const RttWalk& start, abi::Ipa top) {
  ChangeReport report(context, *realm, start.ipa, Ripas::kRam);
  const abi::Ipa end = for_each_entry(context, start, top, [&](const RttWalk& at) {
    if (at.entry.state != RttState::kUnassigned) return false;
    report.entry(at.ipa, at.entry.ripas);
    if (at.entry.ripas != Ripas::kRam) set_entry_ripas(context, realm, at, Ripas::kRam);
    if (realm->measures_ripas) extend_rim_ripas(*realm, at.range());
    return true;
  });
  report.flush(end);
  return end;
}

abi::Ipa set_ripas(const Context& context, const LockedRealm& realm, const RttWalk& start, abi::Ipa top, Ripas ripas,
                   bool change_destroyed) {
  ChangeReport report(context, *realm, start.ipa, ripas);
  const abi::Ipa end = for_each_entry(context, start, top, [&](const RttWalk& at) {
    if (at.entry.state != RttState::kUnassigned && at.entry.state != RttState::kAssigned) return false;
    if (at.entry.ripas == Ripas::kDestroyed && !change_destroyed) return false;
    report.entry(at.ipa, at.entry.ripas);
    if (at.entry.ripas != ripas) set_entry_ripas(context, realm, at, ripas);
    return true;
  });
  report.flush(end);
  return end;
}

}  // namespace rmm::core
