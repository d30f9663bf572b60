// SPDX-License-Identifier: GPL-2.0-or-later
// What only a realm knows. RMI_DATA_CREATE_UNKNOWN promises nothing about a granule's content (DEN0137 1.0-rel0 A5.2):
// here it is a secret, chosen by the run, that nobody but the realm may learn. It appears at the moment at which the
// granule becomes the realm's, as if the realm itself had written it there; nothing of the host takes part.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "rmm/port/observer.h"
#include "sim/mem/dram.h"

namespace sim::app {

// Between the first two each bit differs: what shows any one bit shows a difference. Zero is what memory is otherwise,
// and what a monitor might treat as special.
enum class Secret : std::uint8_t { kPattern, kComplement, kZero };

class Secrets : public rmm::port::Observer {
 public:
  // The number of the VM whose realm has this RD; nullopt: of none.
  using VmOf = std::function<std::optional<unsigned>(abi::GranulePa rd)>;

  // `of_vm`: one for each VM. The pattern depends on seed, VM and IPA.
  Secrets(Dram& dram, std::uint64_t seed, std::vector<Secret> of_vm, VmOf vm_of)
      : dram_(dram), seed_(seed), of_vm_(std::move(of_vm)), vm_of_(std::move(vm_of)) {}

  void command_begin(const rmm::port::CommandBegin& event) override;
  void granule_transition(const rmm::port::GranuleTransition& event) override;
  void command_end(const rmm::port::CommandEnd& event) override;

  std::uint64_t granules() const { return granules_; }  // that got a secret

 private:
  struct Creation {
    abi::Pa data;
    abi::Ipa ipa;
  };
  void fill(abi::GranulePa granule, unsigned vm, abi::Ipa ipa);

  Dram& dram_;
  std::uint64_t seed_;
  std::vector<Secret> of_vm_;
  VmOf vm_of_;
  std::map<std::uint16_t, Creation> creations_;  // in progress, by PE
  std::uint64_t granules_ = 0;
};

}  // namespace sim::app
