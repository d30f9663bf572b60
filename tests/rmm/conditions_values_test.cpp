// SPDX-License-Identifier: GPL-2.0-or-later
// What an observer hears of a failed condition: the values of its operands, for every condition that is provoked.
#include <fmt/core.h>

#include "rmm/call/operand.h"
#include "tests/rmm/conditions_suite.h"

using namespace conditions;

namespace {

using rmm::call::Command;
using rmm::port::OperandValue;
using rmm::port::Shown;

std::string text(const OperandValue& v) {
  if (v.shown == Shown::kText) return fmt::format("{} = {}", v.name, v.text);
  if (v.shown == Shown::kDecimal) return fmt::format("{} = {}", v.name, static_cast<std::int64_t>(v.value));
  return fmt::format("{} = {:#x}", v.name, v.value);
}
std::string text(const std::vector<OperandValue>& values) {
  std::string out;
  for (const OperandValue& v : values) out += (out.empty() ? "" : ", ") + text(v);
  return out;
}

std::vector<std::string_view> operands_of(const Command& row, std::string_view id) {
  std::vector<std::string_view> out;
  rmm::call::for_each_id(row.conditions[rmm::call::find_condition(row, id)].operands,
                         [&](std::string_view name) { out.push_back(name); });
  return out;
}

std::unique_ptr<Scene> provoked(const Suite& suite, const Provocation& p) {
  auto s = std::make_unique<Scene>(p.limits);
  s->x[0] = suite.fid;
  if (suite.prepare != nullptr) suite.prepare(*s);
  p.spoil(*s);
  return s;
}

template <class Visit>
void for_each_provocation(Visit&& visit) {
  for (const Suite& suite : all_suites())
    for (const Provocation& p : suite.provocations) visit(suite, p);
}

// A value of this operand; list registers come one by one.
bool is_of(const OperandValue& value, std::string_view operand) {
  return value.name == operand || (operand == "enter.gicv3_lrs" && value.name.starts_with("enter.gicv3_lrs["));
}

}  // namespace

TEST_CASE("values: every condition of every row names what it looks at, and the monitor knows each name") {
  for (const Command* row : all_rows())
    for (const auto& condition : row->conditions) {
      INFO(row->name << '.' << condition.id);
      CHECK_FALSE(condition.operands.empty());
      rmm::call::for_each_id(condition.operands, [&](std::string_view operand) {
        INFO(operand);
        CHECK(rmm::call::operand_is_known(*row, operand));
      });
    }
  CHECK_FALSE(rmm::call::operand_is_known(row_of("RMI_RTT_CREATE"), "Granule(nobody).state"));
  CHECK_FALSE(rmm::call::operand_is_known(row_of("RMI_RTT_CREATE"), "Granule(rd).color"));
  CHECK_FALSE(rmm::call::operand_is_known(row_of("RMI_RTT_CREATE"), "src"));
}

TEST_CASE("values: every provoked condition comes with the values of its operands, in their order") {
  std::size_t conditions = 0;
  for_each_provocation([&](const Suite& suite, const Provocation& p) {
    const Command& row = row_of(suite.command);
    const auto s = provoked(suite, p);
    const Observed seen = make_call(*s, row.interface);
    INFO(suite.command << '.' << p.id << ' ' << p.variant << ": " << text(seen.values));
    CHECK(seen.condition == p.id);
    CHECK_FALSE(seen.values.empty());
    // The list registers of an entry may all be unused.
    std::size_t next = 0;
    for (const std::string_view operand : operands_of(row, p.id)) {
      const std::size_t before = next;
      while (next < seen.values.size() && is_of(seen.values[next], operand)) ++next;
      INFO(operand);
      CHECK((next > before || operand == "enter.gicv3_lrs"));
    }
    CHECK(next == seen.values.size());
    ++conditions;
  });
  CHECK(conditions >= 225);
}

TEST_CASE("values: a command that succeeds has none") {
  for (const Suite& suite : all_suites()) {
    if (suite.prepare == nullptr) continue;
    Scene s;
    s.x[0] = suite.fid;
    suite.prepare(s);
    INFO(suite.command);
    CHECK(make_call(s, row_of(suite.command).interface).values.empty());
  }
}

TEST_CASE("values: what an observer reads, of one condition of each sort") {
  struct Spot {
    std::string_view command, id, variant, text;
  };
  static constexpr Spot kSpots[] = {
      {"RMI_RTT_CREATE", "rtt_walk", "", "walk.level = 1, level = 3"},
      {"RMI_RTT_CREATE", "level_bound", "below page level", "level = 4, realm.rtt_level_start = 1"},
      {"RMI_RTT_MAP_UNPROTECTED", "ipa_bound", "Protected", "ipa = 0x0, realm.ipa_width = 33"},
      {"RMI_RTT_MAP_UNPROTECTED", "addr_align", "", "rtte.addr = 0x40001000, level = 2"},
      {"RMI_DATA_CREATE", "realm_state", "SYSTEM_OFF", "realm.state = SYSTEM_OFF"},
      {"RMI_DATA_CREATE", "data_bound2", "", "data = 0x1000000000000, realm.feat_lpa2 = FALSE"},
      {"RMI_DATA_CREATE", "rtte_state", "", "walk.rtte.state = ASSIGNED, walk.level = 3"},
      {"RMI_REALM_CREATE", "vmid_valid", "in use", "params.vmid = 1, features.vmid16 = TRUE, vmid_in_use = TRUE"},
      {"RMI_REALM_CREATE", "rtt_state", "not delegable", "rtt = 0x2000, Granule(rtt).state = not delegable"},
      {"RMI_REALM_DESTROY", "realm_live", "REC", "realm.num_recs = 1, realm.live_entries = 0"},
      {"RMI_REC_CREATE", "num_aux", "too few", "params.num_aux = 0x1, RecAuxCount(rd) = 0x2"},
      {"RMI_REC_CREATE", "aux_state", "not delegable", "aux = 0x1000, Granule(aux).state = not delegable"},
      {"RMI_REC_CREATE", "mpidr_index", "", "RecIndex(params.mpidr) = 1, realm.rec_index = 0"},
      {"RMI_REC_ENTER", "rec_mmio", "", "enter.flags = 0x1, rec.emulatable_abort = NOT_EMULATABLE_ABORT"},
      {"RMI_REC_ENTER", "rec_gicv3", "list register", "enter.gicv3_hcr = 0x0, enter.gicv3_lrs[3] = 0x6000000000000028"},
      {"RMI_PSCI_COMPLETE", "target", "", "Rec(target_rec).mpidr = 0x1, Rec(calling_rec).gprs[1] = 0x2"},
      {"RMI_PSCI_COMPLETE", "status", "DENIED of a target that is on",
       "status = -3, Rec(calling_rec).gprs[0] = 0xc4000003, Rec(target_rec).flags.runnable = RUNNABLE"},
      {"RMI_RTT_SET_RIPAS", "base_align", "",
       "base = 0x40001000, walk.level = 1, walk.rtte.ripas = EMPTY, rec.ripas_value = RAM"},
      {"RSI_MEASUREMENT_EXTEND", "size_bound", "", "size = 0x41"},
      {"RSI_ATTESTATION_TOKEN_CONTINUE", "state", "", "rec.attest_state = NO_ATTEST_IN_PROGRESS"},
      {"PSCI_CPU_ON", "entry", "", "entry_point_address = 0x100000000, realm.ipa_width = 33"},
  };
  for (const Spot& spot : kSpots) {
    INFO(spot.command << '.' << spot.id << ' ' << spot.variant);
    std::size_t found = 0;
    for_each_provocation([&](const Suite& suite, const Provocation& p) {
      if (suite.command != spot.command || p.id != spot.id || p.variant != spot.variant) return;
      ++found;
      CHECK(text(make_call(*provoked(suite, p), row_of(suite.command).interface).values) == spot.text);
    });
    CHECK(found == 1);
  }
}

TEST_CASE("values: of a source granule that is not Non-secure its state in the granule protection table") {
  for_each_provocation([](const Suite& suite, const Provocation& p) {
    if (suite.command != "RMI_DATA_CREATE" || p.id != "src_pas") return;
    const auto s = provoked(suite, p);
    const std::uint64_t src = s->x[4];
    CHECK(text(make_call(*s, rmm::port::Interface::kRmi).values) ==
          fmt::format("src = {:#x}, Granule(src).gpt = GPT_REALM", src));
  });
}
