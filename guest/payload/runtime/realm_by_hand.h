// SPDX-License-Identifier: GPL-2.0-or-later
// A small realm that a payload makes with single RMI commands: 40 bits of IPA space, tables from level 0, memory in one
// run of granules, some RECs.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "guest/payload/runtime/rmi.h"
#include "rmm/abi/addr.h"
#include "rmm/abi/v1_0/structures.h"

namespace guest {

class RealmByHand {
 public:
  static constexpr abi::Ipa kMemory{0x8000'0000};
  static constexpr abi::Ipa kShared{1ULL << 39};  // the first unprotected address
  static constexpr unsigned kMostGranules = 8, kMostRecs = 2;

  // REALM_CREATE, the tables of kMemory and of kShared, RIPAS RAM for `granules` granules. `event_counters`: it has a
  // PMU with so many.
  bool create(unsigned granules, std::optional<std::uint8_t> event_counters = std::nullopt);
  // DATA_CREATE of the granule `index` with the contents of `source`, of which `size` bytes count.
  bool fill(unsigned index, const void* source, std::size_t size);
  // DATA_CREATE_UNKNOWN.
  bool give(unsigned index);
  // RTT_MAP_UNPROTECTED of a granule of the payload at kShared, cacheable and writable.
  bool share(abi::Pa granule);
  // REC_CREATE; RECs are 0, 1, ... in the order they are made.
  bool add_rec(abi::Ipa entry, bool runnable);
  bool activate();

  abi::v1_0::RecEnter enter;  // what run hands over; the caller clears what shall not be handed over again
  abi::v1_0::RecExit exit;    // what it brought back
  RmiResult run(unsigned rec);

  // Everything in the order the monitor wants, each granule undelegated. False: something could not be destroyed, or a
  // granule that came back can't be written.
  bool destroy();

  abi::Pa rd() const { return rd_; }
  abi::Pa rec(unsigned index) const { return recs_[index]; }
  // The level 3 table of kMemory.
  abi::Pa table() const { return memory_tables_[2]; }
  // The IPA of a granule.
  static constexpr abi::Ipa ipa(unsigned index) { return kMemory + index * abi::kGranuleSize; }

 private:
  // Granules behind the image, each used once.
  abi::Pa take();
  abi::Pa take_delegated();
  bool create_tables(abi::Ipa ipa, std::array<abi::Pa, 3>& tables);

  abi::Pa next_, rd_, root_, params_, run_page_;
  std::array<abi::Pa, 3> memory_tables_, shared_tables_;  // levels 1 to 3
  std::array<abi::Pa, kMostGranules> data_;               // 0: not given
  std::array<abi::Pa, kMostRecs> recs_;
  std::array<std::array<abi::Pa, 16>, kMostRecs> aux_;
  std::uint64_t rec_count_ = 0, aux_count_ = 0;
  bool shares_ = false;
};

}  // namespace guest
