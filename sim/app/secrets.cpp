// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/app/secrets.h"

#include <cstring>

#include "rmm/abi/v1_0/function_ids.h"
#include "sim/dev/random_state.h"

namespace sim::app {

void Secrets::command_begin(const rmm::port::CommandBegin& event) {
  if (event.interface != rmm::port::Interface::kRmi || event.fid != abi::v1_0::kRmiDataCreateUnknown) return;
  Creation& creation = creations_[event.pe.value];
  for (const auto& argument : event.args) {
    if (argument.name == "data") creation.data = {argument.value};
    if (argument.name == "ipa") creation.ipa = {argument.value};
  }
}

void Secrets::granule_transition(const rmm::port::GranuleTransition& event) {
  if (event.to != "DATA") return;
  for (const auto& [pe, creation] : creations_)
    if (creation.data == event.granule.pa())
      if (const auto vm = vm_of_(abi::GranulePa::containing(event.owner))) fill(event.granule, *vm, creation.ipa);
}

void Secrets::command_end(const rmm::port::CommandEnd& event) {
  if (event.fid == abi::v1_0::kRmiDataCreateUnknown) creations_.erase(event.pe.value);
}

void Secrets::fill(abi::GranulePa granule, unsigned vm, abi::Ipa ipa) {
  if (vm >= of_vm_.size()) return;
  ++granules_;
  RandomState random(seed_ ^ ipa.value, vm);
  const std::uint64_t flip = of_vm_[vm] == Secret::kComplement ? ~0ULL : 0;
  std::byte* bytes = dram_.write_native(granule);
  for (std::size_t at = 0; at < abi::kGranuleSize; at += sizeof(std::uint64_t)) {
    const std::uint64_t word = of_vm_[vm] == Secret::kZero ? 0 : random.next() ^ flip;
    std::memcpy(bytes + at, &word, sizeof word);
  }
}

}  // namespace sim::app
