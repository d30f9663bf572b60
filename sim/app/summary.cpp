// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/app/summary.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "rmm/check/rules.h"

namespace sim::app {
namespace {

double mips(const RunReport& report) {
  return report.wall_ns == 0 ? 0
                             : static_cast<double>(report.instructions) * 1000.0 / static_cast<double>(report.wall_ns);
}

std::uint64_t total(const trace::Statistics::Counts& counts) {
  std::uint64_t sum = 0;
  for (const auto& [key, n] : counts) sum += n;
  return sum;
}

std::string listed(const trace::Statistics::Counts& counts) {
  std::string out;
  for (const auto& [key, n] : counts)
    fmt::format_to(std::back_inserter(out), "{}{} {}", out.empty() ? "" : ", ", key, n);
  return out.empty() ? "none" : out;
}

void add_calls(std::string& out, std::string_view title, const trace::Statistics::CallCounts& calls) {
  if (calls.empty()) return;
  fmt::format_to(std::back_inserter(out), "  {}\n", title);
  for (const auto& [name, by_status] : calls)
    fmt::format_to(std::back_inserter(out), "    {:<28} {:>9}  {}\n", name, total(by_status), listed(by_status));
}

// What the native host would count is not there.
void add_payload(std::string& out, const RunReport& report, const trace::Statistics& statistics) {
  auto at = std::back_inserter(out);
  std::string pes;
  for (const auto& pe : report.pes)
    fmt::format_to(std::back_inserter(pes), "{}{:#x} {}", pes.empty() ? "" : ", ", pe.affinity, pe.power);
  fmt::format_to(at, "  PEs: {}; {} resets of the platform\n", pes, report.resets);
  fmt::format_to(at, "  REC exits: {}\n", listed(statistics.monitor_exits()));
  fmt::format_to(at, "  {} RTT writes; {} TLB fills\n", statistics.rtt_writes(), report.tlb_fills);
}

}  // namespace

std::string findings_text(const RunReport& report) {
  std::string out;
  auto at = std::back_inserter(out);
  std::vector<const rmm::check::Rule*> broken;
  for (const auto& finding : report.findings) {
    fmt::format_to(at, "  FINDING {}\n", finding);
    const rmm::check::Rule* rule = rmm::check::find_rule(finding.substr(0, finding.find(':')));
    if (rule != nullptr && std::find(broken.begin(), broken.end(), rule) == broken.end()) broken.push_back(rule);
  }
  for (const auto* rule : broken) fmt::format_to(at, "  rule {}: {}\n", rule->id, rule->holds);
  if (!broken.empty())
    fmt::format_to(at, "  next: 'ccasim explain {}', or all rules in docs/invariants.md\n", broken.front()->id);
  return out;
}

std::string summary_text(const RunReport& report, const trace::Statistics& statistics) {
  std::string out;
  auto at = std::back_inserter(out);
  fmt::format_to(at, "ccasim: {}\n", report.outcome);
  for (const auto& vm : report.vms) {
    fmt::format_to(at, "  {} '{}': {}{}{}\n", vm.realm ? "realm" : "VM", vm.name, vm.outcome,
                   vm.reason.empty() ? "" : ": ", vm.reason);
    if (!vm.command_line.empty()) fmt::format_to(at, "    command line: {}\n", vm.command_line);
  }
  fmt::format_to(at, "  {} instructions, {:.6f} s virtual, {:.3f} s wall, {:.0f} MIPS\n", report.instructions,
                 static_cast<double>(report.virtual_ns) / 1e9, static_cast<double>(report.wall_ns) / 1e9, mips(report));
  if (report.payload) {
    add_payload(out, report, statistics);
  } else {
    fmt::format_to(at, "  exits: {}\n", listed(statistics.host_exits()));
    fmt::format_to(at, "  KVM_RUN returns: {}\n", listed(statistics.kvm_exits()));
    fmt::format_to(at, "  device accesses: {}\n", listed(statistics.devices()));
    fmt::format_to(at, "  stage 2 faults: {} private, {} shared; {} RTT writes; {} TLB fills\n",
                   statistics.private_faults(), statistics.shared_faults(), statistics.rtt_writes(), report.tlb_fills);
  }
  add_calls(out, "RMI calls", statistics.rmi());
  add_calls(out, "RSI calls", statistics.rsi());
  add_calls(out, "PSCI calls", statistics.psci());
  fmt::format_to(at, "  granules: {} delegated, {} left delegated, {} host pages leaked\n",
                 statistics.granules_delegated(), report.granules_left, report.pages_leaked);
  if (report.swept_granules != 0)
    fmt::format_to(at, "  sweep: {} granules written through the Non-secure view\n", report.swept_granules);
  if (!report.checks.empty()) {
    fmt::format_to(at, "  checks:");
    for (const auto& [id, n] : report.checks) fmt::format_to(at, " {} {}", id, n);
    fmt::format_to(at, "; {} findings\n", report.findings.size());
  }
  out += findings_text(report);
  fmt::format_to(at, "  console {}\n  memory  {}\n", report.console_sha256, report.memory_sha256);
  return out;
}

std::string summary_json(const RunReport& report, const trace::Statistics& statistics) {
  nlohmann::ordered_json out;
  out["exit_code"] = static_cast<int>(report.exit_code);
  out["outcome"] = report.outcome;
  out["instructions"] = report.instructions;
  out["virtual_ns"] = report.virtual_ns;
  out["wall_ns"] = report.wall_ns;
  out["mips"] = mips(report);
  out["exits"] = statistics.host_exits();
  out["monitor_exits"] = statistics.monitor_exits();
  out["kvm_exits"] = statistics.kvm_exits();
  out["devices"] = statistics.devices();
  out["host_rec_enters"] = report.host_rec_enters;
  out["monitor_rec_enters"] = statistics.monitor_rec_enters();
  out["private_faults"] = statistics.private_faults();
  out["shared_faults"] = statistics.shared_faults();
  out["rtt_writes"] = statistics.rtt_writes();
  out["tlb_fills"] = report.tlb_fills;
  out["rmi"] = statistics.rmi();
  out["rsi"] = statistics.rsi();
  out["psci"] = statistics.psci();
  out["granules_delegated"] = statistics.granules_delegated();
  out["granules_left"] = report.granules_left;
  out["pages_leaked"] = report.pages_leaked;
  out["pages_in_use"] = report.pages_in_use;
  out["swept_granules"] = report.swept_granules;
  out["peak_rss_kib"] = report.peak_rss_kib;
  out["checks"] = report.checks;
  out["findings"] = report.findings;
  out["console_sha256"] = report.console_sha256;
  out["memory_sha256"] = report.memory_sha256;
  out["command_line"] = report.vms.empty() ? "" : report.vms.front().command_line;
  out["vms"] = nlohmann::ordered_json::array();
  for (const auto& vm : report.vms)
    out["vms"].push_back({{"name", vm.name},
                          {"realm", vm.realm},
                          {"outcome", vm.outcome},
                          {"reason", vm.reason},
                          {"resets", vm.resets},
                          {"command_line", vm.command_line},
                          {"console_sha256", vm.console_sha256}});
  if (report.payload) {
    out["resets"] = report.resets;
    out["pes"] = nlohmann::ordered_json::array();
    for (const auto& pe : report.pes) out["pes"].push_back({{"affinity", pe.affinity}, {"power", pe.power}});
  }
  // A panic's words and the names of files need not be UTF-8.
  return out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace sim::app
