// SPDX-License-Identifier: GPL-2.0-or-later
// Several granule locks at once, and the proof that a granule is locked in a state.
//
// Granules that a command names are locked in ascending PA order. A granule found in another state than expected is
// unlocked again before anything else is waited for: whoever waits for a lock therefore holds only granules that are
// in the state their command needs, and no cycle with the locks taken below an RD (RTT, DATA, REC_AUX) is possible.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "rmm/abi/addr.h"
#include "rmm/core/context.h"

namespace rmm::core {

// Proof that a granule is locked and in state kState. Made by GranuleLocks only; valid as long as it lives.
template <GranuleState kState>
class LockedGranule {
 public:
  abi::GranulePa granule() const { return granule_; }
  abi::Pa pa() const { return granule_.pa(); }
  Granule& record() const { return *record_; }

 private:
  friend class GranuleLocks;
  LockedGranule(abi::GranulePa granule, Granule& record) : granule_(granule), record_(&record) {}
  abi::GranulePa granule_;
  Granule* record_;
};

struct WantedGranule {
  abi::GranulePa granule;  // delegable
  GranuleState state;
};

class GranuleLocks {
 public:
  static constexpr std::size_t kMax = 20;  // REC_CREATE: RD, REC and 16 auxiliary granules

  // Locks all of `wanted` (in any order, at most kMax), or none if one of them is in another state.
  GranuleLocks(const Context& context, std::span<const WantedGranule> wanted, const char* point);
  GranuleLocks(const Context& context, std::initializer_list<WantedGranule> wanted, const char* point)
      : GranuleLocks(context, std::span(wanted.begin(), wanted.size()), point) {}
  ~GranuleLocks() { release(); }
  GranuleLocks(const GranuleLocks&) = delete;
  GranuleLocks& operator=(const GranuleLocks&) = delete;

  // Whether the i-th wanted granule was found in the wanted state.
  bool matches(std::size_t i) const { return found_[i] == wanted_[i].state; }
  GranuleState found(std::size_t i) const { return found_[i]; }
  // The i-th wanted granule, locked. Precondition: all matched and its wanted state is kState.
  template <GranuleState kState>
  LockedGranule<kState> as(std::size_t i) const {
    require(i, kState);
    return {wanted_[i].granule, context_.state.granules.at(wanted_[i].granule)};
  }

  // Unlocks all; called by the destructor.
  void release();

 private:
  void require(std::size_t i, GranuleState state) const;
  void unlock(std::size_t order_index);

  Context context_;
  const char* point_;
  std::size_t count_ = 0;
  bool held_ = false;
  std::array<WantedGranule, kMax> wanted_{};
  std::array<GranuleState, kMax> found_{};
  std::array<std::uint8_t, kMax> order_{};  // indices into wanted_ by ascending PA
};

}  // namespace rmm::core
