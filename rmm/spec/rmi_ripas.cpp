// SPDX-License-Identifier: GPL-2.0-or-later
// DEN0137 1.0-rel0 B4.3.18 RMI_RTT_INIT_RIPAS (D5), B4.3.21 RMI_RTT_SET_RIPAS (D6).
#include <algorithm>

#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/spec/command.h"
#include "rmm/spec/measurement.h"

namespace rmm::spec {
namespace {

using enum Report;

// Where a scan of `at` from `base` ends: at the first entry that `ends`, or behind the table, but not beyond `top`;
// aligned down to the level (the form of B3.75).
template <class Ends>
Ipa scan(const Walk& at, Ipa base, Ipa top, Ends&& ends) {
  std::size_t i = entry_index(base, at.level);
  while (i < kEntries && !ends(at.table->entries[i])) ++i;
  return align_down(std::min(entry_ipa(at.key, i), top), at.level);
}

// The entries of `at` within [base, top), those that begin before `base` not.
void set_ripas(Delta& next, const Walk& at, Ipa base, Ipa top, Ripas ripas) {
  for (std::size_t i = entry_index(base, at.level); i < kEntries && entry_ipa(at.key, i) < top; ++i) {
    if (entry_ipa(at.key, i) < base) continue;
    Entry entry = at.table->entries[i];
    if (entry.ripas == ripas) continue;
    entry.ripas = ripas;
    next.entries.push_back({at.key, i, entry});
  }
}

struct InitRipas : Context {
  using Context::Context;
  static constexpr std::array kInputs{Register{"rd", 1}, Register{"base", 2}, Register{"top", 3}};
  static constexpr std::array kOutputs{Register{"out_top", 1}};
  mutable WalkOnce walked{};
  Pa rd() const { return pa(1); }
  Ipa base() const { return ipa(2); }
  Ipa top() const { return ipa(3); }
  const Realm& realm() const { return state.realms.at(rd()); }
  const Walk& walk() const {
    return walked.get([&] { return spec::walk(state, rd(), base(), kPageLevel); });
  }
  Ipa walk_top() const {  // D5
    return scan(walk(), base(), top(), [](const Entry& entry) { return entry.state != EntryState::kUnassigned; });
  }

  static const Conditions<InitRipas>& conditions() {
    using C = InitRipas;
    static const Conditions<C> all{
        std::array{
            Condition<C>{"rd_align", kInput, kRdAlign},
            Condition<C>{"rd_bound", kInput, kRdBound},
            Condition<C>{"rd_state", kInput, kRdState},
            Condition<C>{"size_valid", kInput, [](const C& c) { return c.top() <= c.base(); }},
            Condition<C>{"top_bound", kInput,
                         [](const C& c) { return !is_protected(c.top() - abi::kGranuleSize, c.realm()); }},
            Condition<C>{"realm_state", kRealm, [](const C& c) { return c.realm().state != RealmState::kNew; }},
            Condition<C>{"base_align", kRttWalk,
                         [](const C& c) { return !is_level_aligned(c.base().value, c.walk().level); }},
            Condition<C>{"rtte_state", kRttWalk,
                         [](const C& c) { return c.walk().entry.state != EntryState::kUnassigned; }},
            Condition<C>{"top_gran_align", kInput, [](const C& c) { return !aligned(c.top()); }},
            Condition<C>{"no_progress", kRttWalk, [](const C& c) { return c.base() == c.walk_top(); }},
        },
        std::array{Precedes{"rd_bound rd_state", "realm_state"}, Precedes{"rd_bound rd_state", "base_align rtte_state"},
                   Precedes{"rd_bound rd_state", "no_progress"}, Precedes{"top_gran_align", "no_progress"},
                   Precedes{"rd_state size_valid", "top_bound"},
                   Precedes{"top_bound", "base_align rtte_state no_progress"}, Precedes{"rd_align", "rd_bound"},
                   Precedes{"rd_bound", "rd_state"}}};
    return all;
  }
  void succeed(std::vector<Outcome>& outcomes) const {
    Outcome done = result(call, 0, kOutputs, {walk_top().value});
    Realm measured = realm();
    for (Ipa at = base(); at < walk_top(); at += level_size(walk().level)) {
      measured.measurements[0] = rim_extend_ripas(measured.hash_algo, measured.measurements[0], at,
                                                  std::min(at + level_size(walk().level), top()));
    }
    set_ripas(done.next, walk(), base(), walk_top(), Ripas::kRam);
    done.next.realms.emplace_back(rd(), measured);
    outcomes.push_back(std::move(done));
  }
};

struct SetRipas : Context {
  using Context::Context;
  static constexpr std::array kInputs{Register{"rd", 1}, Register{"rec_ptr", 2}, Register{"base", 3},
                                      Register{"top", 4}};
  static constexpr std::array kOutputs{Register{"out_top", 1}};
  mutable WalkOnce walked{};
  Pa rd() const { return pa(1); }
  Pa rec() const { return pa(2); }
  Ipa base() const { return ipa(3); }
  Ipa top() const { return ipa(4); }
  const Rec& object() const { return state.recs.at(rec()); }
  const Walk& walk() const {
    return walked.get([&] { return spec::walk(state, rd(), base(), kPageLevel); });
  }
  // Elsewhere there is no RIPAS: only base_bound holds.
  bool walkable() const { return is_protected(base(), state.realms.at(rd())); }
  bool differs() const { return walk().entry.ripas != object().ripas_value; }
  Ipa walk_top() const {
    const bool stop = !object().change_destroyed;
    return scan(walk(), base(), top(), [stop](const Entry& entry) {
      return entry.state == EntryState::kTable || (stop && entry.ripas == Ripas::kDestroyed);
    });
  }
  Ipa entry_top() const { return entry_ipa(walk().key, walk().index) + level_size(walk().level); }

  static const Conditions<SetRipas>& conditions() {
    using C = SetRipas;
    static const Conditions<C> all{
        std::array{
            Condition<C>{"rd_align", kInput, kRdAlign},
            Condition<C>{"rd_bound", kInput, kRdBound},
            Condition<C>{"rd_state", kInput, kRdState},
            Condition<C>{"rec_align", kInput, kRecAlign},
            Condition<C>{"rec_bound", kInput, kRecBound},
            Condition<C>{"rec_gran_state", kInput, kRecGranState},
            Condition<C>{"rec_state", kRec, [](const C& c) { return c.object().running; }},
            Condition<C>{"rec_owner", kRec, [](const C& c) { return c.object().owner != c.rd(); }},
            Condition<C>{"size_valid", kInput, [](const C& c) { return c.top() <= c.base(); }},
            Condition<C>{"base_bound", kInput, [](const C& c) { return c.base() != c.object().ripas_addr; }},
            Condition<C>{"top_bound", kInput, [](const C& c) { return c.top() > c.object().ripas_top; }},
            Condition<C>{"base_align", kRttWalk,
                         [](const C& c) {
                           return c.walkable() && !is_level_aligned(c.base().value, c.walk().level) && c.differs();
                         }},
            Condition<C>{"top_gran_align", kInput, [](const C& c) { return !aligned(c.top()); }},
            Condition<C>{"no_progress", kRttWalk,
                         [](const C& c) { return c.walkable() && c.base() == c.walk_top() && c.differs(); }},
        },
        std::array{Precedes{"rd_bound rd_state", "base_align"}, Precedes{"rd_bound rd_state", "no_progress"},
                   Precedes{"rec_bound rec_gran_state", "rec_state rec_owner"}, Precedes{"base_bound", "base_align"},
                   Precedes{"top_gran_align", "no_progress"},
                   Precedes{"rec_gran_state", "base_bound top_bound base_align no_progress"},
                   Precedes{"rd_align", "rd_bound"}, Precedes{"rd_bound", "rd_state"},
                   Precedes{"rec_align", "rec_bound"}, Precedes{"rec_bound", "rec_gran_state"}}};
    return all;
  }

  Outcome progress(Ipa to) const {
    Outcome done = result(call, 0, kOutputs, {to.value});
    Rec next = object();
    next.ripas_addr = to;
    done.next.recs.emplace_back(rec(), next);
    set_ripas(done.next, walk(), base(), to, object().ripas_value);
    return done;
  }
  void succeed(std::vector<Outcome>& outcomes) const {
    // MinAddress(top, walk_top) of the page, where that is progress; and D6, where nothing needs to change at base.
    const Ipa page = std::min(top(), walk_top());
    if (page > base()) outcomes.push_back(progress(page));
    const Ipa unchanged = std::min(top(), entry_top());
    if (!differs() && (page <= base() || unchanged != page)) outcomes.push_back(progress(unchanged));
  }
};

}  // namespace

std::vector<Command> ripas_commands() {
  return {row<InitRipas>("RMI_RTT_INIT_RIPAS", abi::v1_0::kRmiRttInitRipas, Interface::kRmi),
          row<SetRipas>("RMI_RTT_SET_RIPAS", abi::v1_0::kRmiRttSetRipas, Interface::kRmi)};
}

}  // namespace rmm::spec
