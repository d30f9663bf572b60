// SPDX-License-Identifier: GPL-2.0-or-later
// Makes the next thing that happens to a monitor: about half of it valid in the state that the monitor is in, the rest
// valid but for one or two mutations. It looks at the monitor's state, which is cheap; what it sees only guides it,
// judges do not.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "rmm/abi/v1_0/structures.h"
#include "rmm/call/command.h"
#include "rmm/core/granule.h"
#include "rmm/core/rtt_walk.h"
#include "rmm/port/observer.h"
#include "sim/bare/machine.h"
#include "tests/fuzz/rmi/choices.h"

namespace fuzz {

namespace bare = sim::bare;

// A machine whose limits are drawn too.
bare::Settings draw_settings(Choices& choices);

class Generator : public rmm::port::Observer {
 public:
  // Observes `machine` from its begin.
  Generator(Choices& choices, bare::Machine& machine);

  // Realms' acts need a realm that runs: performed before the next one is asked for.
  bare::Turn next();

  void granule_transition(const rmm::port::GranuleTransition& event) override;

 private:
  static constexpr std::uint32_t kLowGranules = 448;  // of the low bank that are handed out
  static constexpr std::uint32_t kHighGranules = 16;
  static constexpr std::uint8_t kHostPes = 3;

  // An SMC of the host with the page it names.
  struct Draft {
    abi::SmcRegs regs;
    bare::HostWrite page;
  };
  struct Place {
    abi::Pa rd;
    const rmm::core::Realm* realm = nullptr;
    abi::Ipa ipa;
    rmm::core::RttWalk walk;
  };
  using Pool = std::vector<std::uint32_t>;  // slots

  // Granules by what they are.
  Pool& pool(rmm::core::GranuleState state) { return pools_.at(static_cast<std::size_t>(state)); }
  abi::Pa pa_of(std::uint32_t slot) const;
  std::optional<std::uint32_t> slot_of(abi::Pa pa) const;
  void move_slot(std::uint32_t slot, rmm::core::GranuleState to);
  std::optional<abi::Pa> any(rmm::core::GranuleState state);
  std::optional<abi::Pa> host_granule();  // UNDELEGATED, Non-secure
  abi::Pa any_granule();
  abi::Pa outside_dram();

  // Objects.
  const rmm::core::Realm* any_realm(std::optional<rmm::core::RealmState> state = std::nullopt);  // null: there is none
  Place place(const rmm::core::Realm& realm, bool is_protected, int to_level);
  abi::Ipa any_ipa(const rmm::core::Realm& realm, bool is_protected);
  template <class Fits>
  std::optional<Place> find(bool is_protected, int to_level, Fits&& fits,
                            std::optional<rmm::core::RealmState> state = std::nullopt);
  std::optional<abi::Ipa> realm_ram(const rmm::core::Realm& realm);

  // Valid calls; nothing if the state has no place for one.
  std::optional<Draft> draft(std::uint32_t fid);
  std::optional<Draft> granule_delegate();
  std::optional<Draft> realm_create();
  std::optional<Draft> rec_create();
  std::optional<Draft> enter_rec();
  std::optional<Draft> psci_complete();
  std::optional<Draft> data_create(bool unknown);
  std::optional<Draft> rtt_create();
  std::optional<Draft> rtt_destroy(bool fold);
  std::optional<Draft> rtt_read_entry();
  std::optional<Draft> rtt_map_unprotected();
  std::optional<Draft> rtt_init_ripas();
  std::optional<Draft> rtt_set_ripas();
  std::optional<Draft> teardown(abi::Pa rd);
  std::optional<Draft> teardown_table(abi::Pa rd, const rmm::core::Realm& realm, abi::GranulePa table, int level,
                                      abi::Ipa base);
  std::optional<Draft> draft_of_rec(std::uint32_t fid);

  // Mutations.
  void mutate(Draft& draft);
  void mutate_value(std::uint32_t fid, std::string_view name, std::array<std::uint64_t, 18>& x, unsigned reg,
                    std::span<const rmm::call::Parameter> in);
  void mutate_page(bare::Page& page, abi::SmcRegs& regs);
  std::uint64_t mutate_pa(std::uint64_t value, std::array<std::uint64_t, 18>& x,
                          std::span<const rmm::call::Parameter> in, std::string_view name);
  std::uint64_t mutate_ipa(std::uint64_t value);

  // Acts.
  void queue(std::uint8_t pe, const Draft& draft);
  bool host_turn();
  bare::Act realm_act(unsigned pe);
  bare::Act realm_call(const rmm::core::Realm& realm, const rmm::core::Rec& rec);
  bare::Act realm_exception();
  std::optional<unsigned> running_pe();
  std::uint8_t host_pe();
  bare::Schedule schedule();

  Choices& choose_;
  bare::Machine& machine_;
  std::array<Pool, 7> pools_;
  std::vector<std::uint32_t> position_;  // of a slot in its pool
  std::vector<rmm::core::GranuleState> state_;
  std::vector<bare::Turn> queue_;
  std::size_t next_ = 0;  // of queue_, to be handed out
  std::vector<abi::Pa> dying_;
  std::array<std::pair<abi::Pa, abi::Ipa>, 32> mapped_{};  // where data was mapped lately
  std::size_t mapped_next_ = 0;
  std::array<abi::Pa, kHostPes> run_pages_{};  // of the last entry, by PE
  std::vector<abi::Pa> stale_;                 // what was something once
};

}  // namespace fuzz
