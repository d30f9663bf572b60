// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/app/inspect.h"

#include <iterator>
#include <limits>
#include <sstream>
#include <type_traits>

#include <fmt/format.h>

#include "rmm/core/rtt_entry.h"
#include "rmm/core/rtt_walk.h"
#include "sim/app/text.h"

namespace sim::app {
namespace {

using rmm::core::RttEntry;
using rmm::core::RttState;

constexpr std::string_view kQueryForms =
    "\"granule ADDRESS\", \"walk REALM IPA\", \"rtt REALM\", \"realm REALM\" or \"rec REALM N\"";

std::string describe(const RttEntry& entry) {
  switch (entry.state) {
    case RttState::kUnassigned: return fmt::format("UNASSIGNED {}", rmm::core::name(entry.ripas));
    case RttState::kAssigned:
      return fmt::format("ASSIGNED {} -> {:#x}", rmm::core::name(entry.ripas), entry.address.value);
    case RttState::kAssignedNs: return fmt::format("ASSIGNED_NS -> {:#x}", entry.address.value);
    case RttState::kUnassignedNs: return "UNASSIGNED_NS";
    case RttState::kTable: return fmt::format("TABLE -> {:#x}", entry.address.value);
  }
  return "?";
}

// Entries that follow each other in a listing as one line: the same kind, and addresses that continue.
bool continues(const RttEntry& first, const RttEntry& next, std::uint64_t distance) {
  if (first.state != next.state || first.state == RttState::kTable) return false;
  if (first.state == RttState::kUnassigned) return first.ripas == next.ripas;
  if (first.state == RttState::kUnassignedNs) return true;
  return first.ripas == next.ripas && next.address.value == first.address.value + distance;
}

std::string digest(const rmm::core::Measurement& measurement, std::size_t size) {
  std::string out;
  for (std::size_t i = 0; i < size; ++i) fmt::format_to(std::back_inserter(out), "{:02x}", measurement[i]);
  return out;
}

std::string no_realm(std::string_view name) {
  return fmt::format(
      "'{}' has no realm now: it is a plain VM, not yet created or already destroyed; try an earlier --until\n", name);
}

}  // namespace

tl::expected<Query, std::string> parse_query(std::string_view text) {
  std::istringstream stream{std::string(text)};
  const std::vector<std::string> words{std::istream_iterator<std::string>(stream), {}};
  const auto wrong = [&] {
    return tl::unexpected(fmt::format("no such query: \"{}\"; a query is {}", text, kQueryForms));
  };
  if (words.size() == 2 && words[0] == "granule") {
    const auto address = parse_number(words[1]);
    if (!address) return wrong();
    return GranuleQuery{abi::GranulePa::containing(abi::Pa{*address})};
  }
  if (words.size() == 2 && words[0] == "rtt") return RttQuery{words[1]};
  if (words.size() == 2 && words[0] == "realm") return RealmQuery{words[1]};
  if (words.size() == 3 && (words[0] == "walk" || words[0] == "rec")) {
    const auto number = parse_number(words[2]);
    if (!number) return wrong();
    if (words[0] == "walk") return WalkQuery{words[1], abi::Ipa{*number}};
    if (*number > std::numeric_limits<unsigned>::max()) return wrong();
    return RecQuery{words[1], static_cast<unsigned>(*number)};
  }
  return wrong();
}

std::string_view realm_of(const Query& query) {
  return std::visit(
      [](const auto& one) -> std::string_view {
        if constexpr (std::is_same_v<std::decay_t<decltype(one)>, GranuleQuery>)
          return {};
        else
          return one.realm;
      },
      query);
}

std::string Inspector::answer(const Query& query) {
  return std::visit([this](const auto& one) { return answer_to(one); }, query);
}

std::string Inspector::answer_to(const GranuleQuery& query) {
  const abi::Pa pa = query.granule.pa();
  if (!state_.granules.is_delegable(pa)) return fmt::format("granule {:#x}: not in DRAM\n", pa.value);
  const rmm::core::Granule& granule = state_.granules.peek(query.granule);
  std::string out =
      fmt::format("granule {:#x}: {}, {} references\n", pa.value, rmm::core::name(granule.state), granule.refcount);
  for (const auto& event : history_.life(query.granule))
    fmt::format_to(std::back_inserter(out), "  {:>12.6f} s  {} -> {}{}\n", static_cast<double>(event.ns) / 1e9,
                   event.from, event.to,
                   event.owner.value != 0 ? fmt::format("  realm with RD {:#x}", event.owner.value) : "");
  return out;
}

std::string Inspector::answer_to(const WalkQuery& query) {
  const auto* realm = find_realm_(query.realm);
  if (realm == nullptr) return no_realm(query.realm);
  if (query.ipa >= realm->ipa_end())
    return fmt::format("IPA {:#x} is beyond the {}-bit IPA space\n", query.ipa.value, realm->ipa_width);
  rmm::core::Context context{platform_, state_};
  std::string out = fmt::format("walk of IPA {:#x} ({} half) of realm '{}'\n", query.ipa.value,
                                realm->is_protected(query.ipa) ? "protected" : "unprotected", query.realm);
  for (int level = realm->rtt_level_start; level <= rmm::core::kPageLevel; ++level) {
    const auto step = rmm::core::walk(context, *realm, query.ipa, level);
    if (step.level < level) break;
    fmt::format_to(std::back_inserter(out), "  level {}  table {:#x}[{}]  descriptor {:#018x}  {}\n", level,
                   step.table.pa().value, step.index, platform_.memory.read64(step.descriptor_pa()),
                   describe(step.entry));
  }
  return out;
}

void Inspector::table(const rmm::core::Realm& realm, abi::GranulePa table_pa, int level, abi::Ipa base,
                      std::string& out) {
  const auto indent = static_cast<std::size_t>(level - realm.rtt_level_start + 1) * 2;
  const std::uint64_t size = rmm::core::level_size(level);
  const auto read = [&](unsigned i) {
    return rmm::core::decode(platform_.memory.read64(table_pa.pa() + i * 8ULL), level);
  };
  for (unsigned i = 0; i < rmm::core::kRttEntries && base + i * size < realm.ipa_end();) {
    const RttEntry entry = read(i);
    unsigned end = i + 1;
    while (end < rmm::core::kRttEntries && base + end * size < realm.ipa_end() &&
           continues(entry, read(end), (end - i) * size))
      ++end;
    fmt::format_to(std::back_inserter(out), "{:{}}[{:#x}, {:#x}) level {} {}\n", "", indent, (base + i * size).value,
                   (base + end * size).value, level, describe(entry));
    if (entry.state == RttState::kTable)
      table(realm, abi::GranulePa::containing(entry.address), level + 1, base + i * size, out);
    i = end;
  }
}

std::string Inspector::answer_to(const RttQuery& query) {
  const auto* realm = find_realm_(query.realm);
  if (realm == nullptr) return no_realm(query.realm);
  std::string out = fmt::format("translation tables of realm '{}': {} starting tables at {:#x}, level {}\n",
                                query.realm, realm->rtt_num_start, realm->rtt_base.value, realm->rtt_level_start);
  const std::uint64_t per_table = rmm::core::level_size(realm->rtt_level_start) * rmm::core::kRttEntries;
  for (std::uint32_t i = 0; i < realm->rtt_num_start; ++i)
    table(*realm, abi::GranulePa::containing(realm->rtt_base + i * abi::kGranuleSize), realm->rtt_level_start,
          abi::Ipa{i * per_table}, out);
  return out;
}

std::string Inspector::answer_to(const RealmQuery& query) {
  const auto* realm = find_realm_(query.realm);
  if (realm == nullptr) return no_realm(query.realm);
  const std::size_t size = realm->hash_algo == abi::v1_0::HashAlgorithm::kSha512 ? 64 : 32;
  std::string out =
      fmt::format("realm '{}': RD {:#x}, {}, VMID {}, {}-bit IPA space, {} RECs\n  RIM    {}\n", query.realm,
                  realm->rd.pa().value, rmm::core::name(realm->state.peek()), realm->vmid.value, realm->ipa_width,
                  realm->num_recs.peek(), digest(realm->measurements[0], size));
  for (unsigned i = 1; i < realm->measurements.size(); ++i)
    fmt::format_to(std::back_inserter(out), "  REM[{}] {}\n", i - 1, digest(realm->measurements[i], size));
  return out;
}

std::string Inspector::answer_to(const RecQuery& query) {
  const auto* realm = find_realm_(query.realm);
  if (realm == nullptr) return no_realm(query.realm);
  unsigned seen = 0;
  for (const auto& [index, rec] : state_.recs) {
    if (rec.owner != realm->rd || seen++ != query.index) continue;
    const auto& cpu = platform_.cpus.at(rec.cpu);
    std::string out = fmt::format("REC {} of realm '{}': granule {:#x}, MPIDR {:#x}, {}, {}\n", query.index,
                                  query.realm, rec.granule.pa().value, rec.mpidr.value,
                                  rec.state.peek() == rmm::core::RecState::kRunning ? "running" : "ready",
                                  rec.runnable.peek() ? "runnable" : "not runnable");
    if (rec.psci.pending)
      fmt::format_to(std::back_inserter(out), "  waits for RMI_PSCI_COMPLETE of {:#x}\n", rec.psci.fid);
    if (rec.ripas.addr != rec.ripas.top)
      fmt::format_to(std::back_inserter(out), "  RIPAS change to {} of [{:#x}, {:#x}) at {:#x}\n",
                     rmm::core::name(rec.ripas.value), rec.ripas.base.value, rec.ripas.top.value, rec.ripas.addr.value);
    if (rec.host_call_pending) out += "  host call pending\n";
    for (unsigned n = 0; n <= 30; ++n)
      fmt::format_to(std::back_inserter(out), "  x{:<2} {:016x}{}", n, cpu.x(n), n % 4 == 3 ? "\n" : "");
    fmt::format_to(std::back_inserter(out), "\n  pc  {:016x}  pstate {:x}  vbar_el1 {:x}  esr_el1 {:x}  far_el1 {:x}\n",
                   cpu.pc(), cpu.pstate(), cpu.sysreg(abi::SysReg::kVbarEl1), cpu.sysreg(abi::SysReg::kEsrEl1),
                   cpu.sysreg(abi::SysReg::kFarEl1));
    return out;
  }
  return fmt::format("realm '{}' has {} RECs; there is no REC {}\n", query.realm, seen, query.index);
}

}  // namespace sim::app
