// SPDX-License-Identifier: GPL-2.0-or-later
// The judge: the model's state, and a monitor that is watched. For whoever sees a real monitor and wants each of its
// steps compared with DEN0137.
//
// What the watcher provides
//   * Platform: what the implementation is free to choose, once.
//   * World: the PAS of a granule, Non-secure memory, a realm's memory, as the monitor saw them. non_secure() is asked
//     inside begin() and refresh() only, so the pages of a call must not have changed between the monitor's read and
//     those (or the watcher keeps a copy).
//   * the registers of each call and of each return, and the id of the condition that the monitor says failed;
//   * on demand, an abstraction of the monitor's objects as a State (fields as in state.h), to be compared.
//
// The sequence on one PE
//   RMI command         begin(pe, call)  ...  end(pe, observed)
//   RMI_REC_ENTER       begin(pe, call)  [ entered(pe, gprs, pc)  realm's calls...  left(pe, cause, shown) ]
//                       end(pe, observed). The part in brackets is there if the checks passed, also if an interrupt
//                       prevents the realm from running: then gprs and pc are what the realm would have got.
//                       If the host call's data could not be written, entered() is left out and left() says
//                       kEntryAccess.
//   RSI, PSCI call      between entered and left: begin(pe, call with rec)  ...  end(pe, observed) if it returns to the
//                       realm; call_exits(pe) if the REC exits for it, then left(pe, {kCall or kRealmAccess}, shown):
//                       what the call asks the host is known here.
//
// Each returns a Verdict: findings (empty: the monitor did what the text allows) and `touched`, the objects that the
// transition may have changed. Read those back, with every object that the monitor wrote meanwhile, and compare():
// an object that the monitor wrote and the model did not touch is compared too, which is the footprint rule.
//
// Under concurrency a call is judged at one moment, in the order of those moments: when it has acted and the first of
// the locks for that is about to be released. Its result is not known to the watcher then, but what it did to the
// objects is:
//   refresh(pe)          then, if the state or what the World shows was another one at begin(); the World answers as if
//                        the call had not acted
//   settle(pe, monitor)  keeps the results that fit the objects, and the model's state moves. end() then compares
//                        registers only. What a call of a realm does to its own REC is not looked at.
//   give_back(pe, granule, monitor)
//                        before it, when the call lets go of one granule that it has changed and goes on with others:
//                        another PE may take it, so that this part of the next state holds from now on
//   claim(pe)            instead of it, when RMI_REC_ENTER has made the REC its own: it runs, for all others
//   open_entry(pe)       when the entry writes to the realm's memory, under the lock for it; entered() may come later
//   rested(pe)           after left(), when the monitor lets others have the REC again
// A failure may be reported for the state of the begin or of that moment, and a REC be entered: the checks come before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "rmm/spec/describe.h"
#include "rmm/spec/outcome.h"
#include "rmm/spec/rec_exit.h"

namespace rmm::spec {

struct Observed {
  abi::SmcRegs regs;
  std::uint32_t seen = kAllRegisters;  // bit n: regs shows Xn
  std::string_view condition;          // what the monitor says failed; empty on success or if it doesn't say
  bool exit_fault = false;             // RMI_REC_ENTER: writing RmiRecExit met a granule protection fault (D14)
};

struct Verdict {
  std::vector<std::string> findings;
  Scope touched;
  std::vector<Pa> wiped;  // granules whose content from before the call must not be found any more (A2.2.4)
  bool ok() const { return findings.empty(); }
};

// The monitor's objects within a scope, as it has them now.
using Abstraction = std::function<State(const Scope&)>;

class Judge {
 public:
  // Keeps the last `history` lines of the script, 0: none.
  Judge(Platform platform, const World& world, std::size_t history = 0);

  State& state() { return state_; }  // to begin from a monitor that isn't fresh
  const State& state() const { return state_; }

  void begin(unsigned pe, const Call& call);
  // The realm that RMI_REC_ENTER of `pe` runs takes an exception that is no call: for the history.
  void excepts(unsigned pe, const abi::Exception& exception);
  void refresh(unsigned pe);
  // `held`: what other PEs have locked and may have half changed; it is compared when they let it go.
  Verdict settle(unsigned pe, const Abstraction& monitor, const Scope& held = {});
  Verdict give_back(unsigned pe, Pa granule, const Abstraction& monitor);
  Verdict claim(unsigned pe);
  Verdict open_entry(unsigned pe);
  void rested(unsigned pe);
  // What the open call may result in.
  const std::vector<Outcome>& allowed(unsigned pe) const;
  Verdict end(unsigned pe, const Observed& observed);
  const Call& call(unsigned pe) const { return open_.at(pe).back().call; }
  bool is_settled(unsigned pe) const { return open_.at(pe).back().settled; }

  Verdict entered(unsigned pe, const Gprs& gprs, std::uint64_t pc);
  Verdict call_exits(unsigned pe);
  Verdict left(unsigned pe, const ExitCause& seen, const ExitShown& shown);

  // The monitor's abstraction against the model within `scope`.
  std::vector<std::string> compare(const State& monitor, const Scope& scope) const {
    return diff(state_, monitor, scope);
  }
  const std::deque<std::string>& history() const { return history_; }
  // Changes whenever the model's state moves.
  std::uint64_t version() const { return version_; }

 private:
  struct Open {
    Call call;
    std::vector<Outcome> outcomes;
    std::vector<Outcome> earlier;  // failures allowed at the begin
    std::set<Pa> given_back;       // of `next`, what holds already
    std::uint64_t version = 0;     // of the state that `outcomes` are about
    bool enterable = false;        // RMI_REC_ENTER: might go on at the begin
    bool settled = false;          // `next` of the outcome holds already
    bool claimed = false;
    bool opened = false;
    bool entered = false;
    bool exited = false;
    std::optional<ExitCause> call_exit;  // RMI_REC_ENTER: of the realm's call that left
  };
  Open& top(unsigned pe);
  Verdict take(const Call& call, const Outcome& outcome);
  const Outcome* find(const std::vector<Outcome>& outcomes, const Observed& observed, bool& other_name) const;
  Verdict end_of_enter(const Open& open, const Observed& observed) const;
  void remember(unsigned pe, const Call& call);
  void remember(std::string line);
  bool matches(const Outcome& outcome, const Observed& observed) const;

  Platform platform_;
  const World& world_;
  State state_;
  std::uint64_t version_ = 0;
  std::map<unsigned, std::vector<Open>> open_;  // by PE: RMI_REC_ENTER, and in it the realm's call
  std::size_t history_limit_ = 0;
  std::deque<std::string> history_;
};

// A history is a script of docs/rmi-script.md. Its first line: memory and limits of the machine.
std::string script_machine(const Platform& platform);
// The script lines of a call: the structure it names first (`RmiRealmParams at=0x... s2sz=40 ...`, non-zero fields),
// then the command.
std::vector<std::string> script_lines(const Call& call, const World& world);
// What else a realm takes to the monitor, `rec` runs it.
std::string script_line(const abi::Exception& exception, Pa rec);

}  // namespace rmm::spec
