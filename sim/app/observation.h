// SPDX-License-Identifier: GPL-2.0-or-later
// What an onlooker could see of a machine, one observation after the other, and two runs compared by it. A run keeps
// digests alone; the observation at which two runs part is seen again in another run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace sim::app {

enum class SightKind : std::uint8_t {
  kCall,               // X0..X17 of an SMC; where: the PE
  kResult,             // X0..X17 that came back
  kTime,               // virtual time in ns
  kListRegisters,      // abi::gic::IchState; where: the PE
  kRunPage,            // where: PA
  kGranule,            // where: PA
  kHostRead,           // what the host read; where: PA
  kGeneralRegisters,   // X0..X30, PC, PSTATE of a REC; where: its MPIDR
  kSystemRegisters,    // kWatchedRegisters, in this order; where: its MPIDR
  kVirtualInterrupts,  // abi::gic::IchState as a realm meets it; where: its MPIDR
  kRealmMemory,        // a granule of a realm; where: IPA
};

struct Sight {
  SightKind kind{};
  std::uint64_t where = 0;
  std::vector<std::byte> bytes;
};

// Everything that is seen at one moment.
class Observation {
 public:
  void see(SightKind kind, std::uint64_t where, std::span<const std::byte> bytes);
  template <class Value>
  void see_value(SightKind kind, std::uint64_t where, const Value& value) {
    see(kind, where, std::as_bytes(std::span(&value, 1)));
  }
  std::span<const Sight> sights() const { return {sights_.data(), used_}; }
  // Of kinds, places and bytes.
  std::uint64_t digest() const;
  void clear() { used_ = 0; }  // its memory is used again

 private:
  std::vector<Sight> sights_;
  std::size_t used_ = 0;
};

// The observations of one run, in order.
class ObservationLog {
 public:
  // Compares from now on with what `other` has; `parted` is called at the first observation that differs.
  void compare_with(const ObservationLog& other, std::function<void()> parted);
  // Keeps the observation with this number; `seen` is called then.
  void keep(std::size_t number, std::function<void()> seen);
  void add(const Observation& observation);

  std::size_t size() const { return digests_.size(); }
  // The number of the first observation that differs. Once the run is over, also where one ended before the other.
  std::optional<std::size_t> difference(bool run_is_over) const;
  // The one that differs, or that was asked for; nullopt: the run ended before it.
  const std::optional<Observation>& kept() const { return kept_; }

 private:
  std::vector<std::uint64_t> digests_;
  std::span<const std::uint64_t> expected_;
  bool compares_ = false;
  std::optional<std::size_t> difference_, wanted_;
  std::optional<Observation> kept_;
  std::function<void()> hook_;
};

// How two observations differ, in words: which sight, where in it, both values. nullopt for a run that had ended.
// `first`, `second`: what the runs are called.
std::string difference_in_words(const std::optional<Observation>& a, const std::optional<Observation>& b,
                                std::pair<std::string_view, std::string_view> runs);

}  // namespace sim::app
