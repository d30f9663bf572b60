// SPDX-License-Identifier: GPL-2.0-or-later
// All state of the monitor outside DRAM: values only, indices instead of pointers, copyable as a whole.
#pragma once

#include <bitset>
#include <cstdint>
#include <map>
#include <tuple>

#include "rmm/core/granule_table.h"
#include "rmm/core/realm.h"
#include "rmm/core/rec.h"

namespace rmm::core {

struct MonitorState {
  GranuleTable granules;
  std::map<std::uint32_t, Realm> realms;  // key: index, allocated lowest free first
  std::map<std::uint32_t, Rec> recs;      // node based: references stay valid while other objects come and go
  std::bitset<65536> vmids;               // in use; released after the last RTT and TLB entry are gone (I17)
  port::Lock vmid_lock;
  auto members() { return std::tie(granules, realms, recs, vmids, vmid_lock); }
};

// What the platform's integrator fixes: limits that feature register 0 reports (A3.1).
struct Limits {
  std::uint8_t s2sz = 48;                 // bits
  std::uint8_t num_bps = 2, num_wps = 2;  // real counts (D11: 2 + 2 advertised)
  std::uint8_t num_lrs = 16;              // list registers
  std::uint8_t max_recs_order = 9;        // MAX_RECS = 2^n - 1
  std::uint8_t num_rec_aux = 2;           // auxiliary granules per REC
  bool vmid16 = true;                     // FEAT_VMID16
  bool sha256 = true, sha512 = true;
  bool pmu = false;               // A3.1.5
  std::uint8_t pmu_num_ctrs = 0;  // event counters
  // The value of a trapped system register is in gprs[Rt] of RecRun, as hosts of RMM 2.0 read it, not in gprs[0] (D4).
  bool sysreg_gprs_rt = false;
  bool pauth = false;  // realms see pointer authentication (ID_AA64ISAR1/2_EL1); hidden by default: it costs speed
};

}  // namespace rmm::core
