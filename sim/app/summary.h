// SPDX-License-Identifier: GPL-2.0-or-later
// What a run says at its end: for a person on standard error, for a script as JSON (--json).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/app/exit_codes.h"
#include "sim/trace/statistics.h"

namespace sim::app {

struct VmReport {
  std::string name;
  bool realm = true;
  std::string outcome;       // host::vmm::to_string(Outcome)
  std::string reason;        // empty for a plain power-off
  std::string command_line;  // as the guest kernel got it; empty for raw boots
  std::uint32_t resets = 0;
  std::string console_sha256;
};

struct PeReport {
  std::uint64_t affinity = 0;
  std::string power;  // "on", "off", ...
};

struct RunReport {
  ExitCode exit_code = ExitCode::kInternalError;
  std::string outcome;  // one line: why the run ended
  std::uint64_t instructions = 0;
  std::uint64_t virtual_ns = 0;
  std::uint64_t wall_ns = 0;
  std::uint64_t granules_left = 0;  // still delegated at the end
  std::uint64_t pages_leaked = 0;   // host pages given up because an undelegation failed
  std::uint64_t pages_in_use = 0;   // host pages not free at the end
  std::uint64_t tlb_fills = 0;
  std::uint64_t host_rec_enters = 0;  // REC_ENTER calls the host made and saw succeed
  std::uint64_t swept_granules = 0;   // --sweep
  std::uint64_t peak_rss_kib = 0;
  std::string console_sha256;                   // of all consoles in VM order
  std::string memory_sha256;                    // DRAM, granule protection table, monitor state
  std::map<std::string, std::uint64_t> checks;  // invariant evaluations by id (--check)
  std::vector<std::string> findings;
  std::vector<VmReport> vms;
  bool payload = false;       // a payload ran, no VM
  std::vector<PeReport> pes;  // its PEs
  std::uint64_t resets = 0;   // of its platform
};

// What --check and --sweep found, with the rules that were broken and where to read on; empty if nothing.
std::string findings_text(const RunReport& report);
std::string summary_text(const RunReport& report, const trace::Statistics& statistics);
std::string summary_json(const RunReport& report, const trace::Statistics& statistics);

}  // namespace sim::app
