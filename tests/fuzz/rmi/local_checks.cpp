// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/fuzz/rmi/local_checks.h"

#include <fmt/format.h>

#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/v1_0/table.h"

namespace fuzz {
namespace {

// RMI ids are dense.
const rmm::call::Command* row_of(std::uint32_t fid) {
  static const auto kRows = [] {
    std::array<const rmm::call::Command*, abi::v1_0::kRmiRttSetRipas - abi::v1_0::kRmiVersion + 1> rows{};
    for (const rmm::v1_0::Row* row : rmm::v1_0::rmi_rows())
      rows.at(row->command->fid - abi::v1_0::kRmiVersion) = row->command;
    return rows;
  }();
  const std::uint32_t index = fid - abi::v1_0::kRmiVersion;
  return index < kRows.size() ? kRows.at(index) : nullptr;
}

}  // namespace

void LocalChecks::ended(const sim::bare::Move& move, const sim::bare::Result& result) {
  if (!result.happened) return;
  // I25: not at the end of a command, and not while a realm runs.
  if (machine_.locks_held() != 0)
    findings_.push_back(fmt::format("I25: {} locks are held while nobody is in the monitor", machine_.locks_held()));
  if (const auto* call = std::get_if<sim::bare::HostCall>(&move.act); call != nullptr && result.answered)
    host_call(call->regs, result.regs);
}

// D1: X0 and the outputs are set, other X1..X3 are zero, X4 and above keep their value. The status is one of the
// command's.
void LocalChecks::host_call(const abi::SmcRegs& given, const abi::SmcRegs& got) {
  const rmm::call::Command* row = row_of(given.fid());
  if (row == nullptr) {
    if (got.x[0] != abi::kSmcNotSupported)
      findings_.push_back(fmt::format("D1: the unknown id {:#x} answers {:#x}", given.fid(), got.x[0]));
    return;
  }
  std::uint32_t outputs = 1;
  for (const rmm::call::Parameter& output : row->out) outputs |= 1U << output.reg;
  for (unsigned n = 1; n < got.x.size(); ++n) {
    if ((outputs & (1U << n)) != 0) continue;
    const std::uint64_t expected = n <= 3 ? 0 : given.x.at(n);
    if (got.x.at(n) != expected)
      findings_.push_back(fmt::format("D1: {} leaves {:#x} in X{}, not {:#x}", row->name, got.x.at(n), n, expected));
  }
  if (got.x[0] == 0) return;
  bool known = false;
  for (const rmm::call::Condition& condition : row->conditions)
    known = known || (got.x[0] & 0xff) == (condition.status & 0xff);
  if (!known || got.x[0] > 0xffff)
    findings_.push_back(fmt::format("D1: {} answers {:#x}, which none of its conditions reports", row->name, got.x[0]));
}

}  // namespace fuzz
