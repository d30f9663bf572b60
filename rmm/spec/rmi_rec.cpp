// SPDX-License-Identifier: GPL-2.0-or-later
// DEN0137 1.0-rel0 B4.3.11 RMI_REC_AUX_COUNT, B4.3.12 RMI_REC_CREATE, B4.3.13 RMI_REC_DESTROY.
#include <algorithm>

#include "rmm/abi/layout.h"
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/abi/v1_0/structures.h"
#include "rmm/spec/command.h"
#include "rmm/spec/measurement.h"
#include "rmm/spec/mpidr.h"

namespace rmm::spec {

namespace {

using abi::v1_0::RecParams;
using enum Report;

struct RecAuxCount : Context {
  using Context::Context;
  static constexpr std::array kInputs{Register{"rd", 1}};
  static constexpr std::array kOutputs{Register{"aux_count", 1}};
  Pa rd() const { return pa(1); }
  static const Conditions<RecAuxCount>& conditions() {
    using C = RecAuxCount;
    static const Conditions<C> all{
        std::array{Condition<C>{"rd_align", kInput, kRdAlign}, Condition<C>{"rd_bound", kInput, kRdBound},
                   Condition<C>{"rd_state", kInput, kRdState}},
        std::array{Precedes{"rd_align", "rd_bound"}, Precedes{"rd_bound", "rd_state"}}};
    return all;
  }
  void succeed(std::vector<Outcome>& outcomes) const {
    outcomes.push_back(result(call, 0, kOutputs, {platform.rec_aux_count}));
  }
};

struct RecCreate : Context {
  using Context::Context;
  static constexpr std::array kInputs{Register{"rd", 1}, Register{"rec", 2}, Register{"params_ptr", 3}};
  static constexpr std::array<Register, 0> kOutputs{};
  mutable std::optional<std::optional<RecParams>> read{};

  Pa rd() const { return pa(1); }
  Pa rec() const { return pa(2); }
  Pa params_ptr() const { return pa(3); }
  const Realm& realm() const { return state.realms.at(rd()); }
  const std::optional<RecParams>& readable() const {
    if (!read) {
      const auto bytes = world.non_secure(params_ptr(), abi::Layout<RecParams>::kSize);
      read = bytes ? std::optional(abi::decode<RecParams>(*bytes)) : std::nullopt;
    }
    return *read;
  }
  const RecParams& params() const { return *readable(); }
  std::vector<Pa> aux() const {
    std::vector<Pa> granules;
    for (std::uint64_t i = 0; i < params().num_aux; ++i) granules.push_back({params().aux.at(i)});
    return granules;
  }
  bool aux_alias() const {  // B3.9
    std::vector<Pa> sorted = aux();
    sorted.push_back(rec());
    std::sort(sorted.begin(), sorted.end());
    return std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end();
  }

  static const Conditions<RecCreate>& conditions() {
    using C = RecCreate;
    static const Conditions<C> all{
        std::array{
            Condition<C>{"params_align", kInput, [](const C& c) { return !aligned(c.params_ptr()); }},
            Condition<C>{"params_bound", kInput, [](const C& c) { return !c.delegable(c.params_ptr()); }},
            Condition<C>{"params_pas", kInput,
                         [](const C& c) { return !c.accessible(c.params_ptr()) || !c.readable(); }},
            Condition<C>{"rec_align", kInput, kRecAlign},
            Condition<C>{"rec_bound", kInput, kRecBound},
            Condition<C>{"rec_state", kInput, [](const C& c) { return !c.is(c.rec(), GranuleState::kDelegated); }},
            Condition<C>{"rd_align", kInput, kRdAlign},
            Condition<C>{"rd_bound", kInput, kRdBound},
            Condition<C>{"rd_state", kInput, kRdState},
            Condition<C>{"realm_state", kRealm, [](const C& c) { return c.realm().state != RealmState::kNew; }},
            Condition<C>{
                "num_recs", kRealm,
                [](const C& c) { return c.realm().num_recs == (1ULL << c.platform.features.max_recs_order) - 1; }},
            Condition<C>{"mpidr_index", kInput,
                         [](const C& c) { return index_of_rmi_mpidr(c.params().mpidr) != c.realm().rec_index; }},
            Condition<C>{"num_aux", kInput, [](const C& c) { return c.params().num_aux != c.platform.rec_aux_count; }},
            Condition<C>{"aux_align", kInput,
                         [](const C& c) {
                           const auto granules = c.aux();
                           return std::any_of(granules.begin(), granules.end(), [](Pa pa) { return !aligned(pa); });
                         }},
            Condition<C>{"aux_alias", kInput, [](const C& c) { return c.aux_alias(); }},
            Condition<C>{"aux_state", kInput,
                         [](const C& c) {
                           const auto granules = c.aux();
                           return std::any_of(granules.begin(), granules.end(), [&c](Pa pa) {
                             return !c.delegable(pa) || !c.is(pa, GranuleState::kDelegated);
                           });
                         }},
        },
        std::array{Precedes{"rd_bound rd_state", "realm_state num_recs"},
                   Precedes{"params_pas rd_state", "mpidr_index num_aux"},
                   Precedes{"num_aux", "aux_align aux_alias aux_state"}, Precedes{"params_align", "params_bound"},
                   Precedes{"params_bound", "params_pas"}, Precedes{"rec_align", "rec_bound"},
                   Precedes{"rec_bound", "rec_state"}, Precedes{"rd_align", "rd_bound"},
                   Precedes{"rd_bound", "rd_state"}}};
    return all;
  }

  void succeed(std::vector<Outcome>& outcomes) const {
    Rec created;
    created.runnable = (params().flags & abi::v1_0::kRecFlagRunnable) != 0;
    created.mpidr = params().mpidr & kRmiMpidrMask;
    created.owner = rd();
    created.pc = params().pc;
    std::copy(params().gprs.begin(), params().gprs.end(), created.gprs.begin());
    const std::vector<Pa> granules = aux();
    std::copy(granules.begin(), granules.end(), created.aux.begin());
    created.num_aux = granules.size();

    Realm owner = realm();
    ++owner.rec_index;
    ++owner.num_recs;
    if (created.runnable) {  // D8
      owner.measurements[0] = rim_extend_rec(owner.hash_algo, owner.measurements[0], params());
    }
    Outcome done = result(call, 0);
    done.next.granules.emplace_back(rec(), GranuleState::kRec);
    for (const Pa granule : granules) done.next.granules.emplace_back(granule, GranuleState::kRecAux);
    done.next.realms.emplace_back(rd(), owner);
    done.next.recs.emplace_back(rec(), created);
    outcomes.push_back(std::move(done));
  }
};

struct RecDestroy : Context {
  using Context::Context;
  static constexpr std::array kInputs{Register{"rec_ptr", 1}};
  static constexpr std::array<Register, 0> kOutputs{};
  Pa rec() const { return pa(1); }
  const Rec& object() const { return state.recs.at(rec()); }
  static const Conditions<RecDestroy>& conditions() {
    using C = RecDestroy;
    static const Conditions<C> all{
        std::array{
            Condition<C>{"rec_align", kInput, kRecAlign},
            Condition<C>{"rec_bound", kInput, kRecBound},
            Condition<C>{"rec_gran_state", kInput, kRecGranState},
            Condition<C>{"rec_state", kRec, [](const C& c) { return c.object().running; }},
        },
        std::array{Precedes{"rec_bound rec_gran_state", "rec_state"}, Precedes{"rec_align", "rec_bound"},
                   Precedes{"rec_bound", "rec_gran_state"}}};
    return all;
  }
  void succeed(std::vector<Outcome>& outcomes) const {
    Outcome done = result(call, 0);
    Realm owner = state.realms.at(object().owner);
    --owner.num_recs;
    done.next.granules.emplace_back(rec(), GranuleState::kDelegated);
    for (std::uint64_t i = 0; i < object().num_aux; ++i) {
      done.next.granules.emplace_back(object().aux.at(i), GranuleState::kDelegated);
    }
    done.next.realms.emplace_back(object().owner, owner);
    done.next.recs.emplace_back(rec(), std::nullopt);
    outcomes.push_back(std::move(done));
  }
};

}  // namespace

std::vector<Command> rec_commands() {
  return {row<RecAuxCount>("RMI_REC_AUX_COUNT", abi::v1_0::kRmiRecAuxCount, Interface::kRmi),
          row<RecCreate>("RMI_REC_CREATE", abi::v1_0::kRmiRecCreate, Interface::kRmi),
          row<RecDestroy>("RMI_REC_DESTROY", abi::v1_0::kRmiRecDestroy, Interface::kRmi)};
}

}  // namespace rmm::spec
