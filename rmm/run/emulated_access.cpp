// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/run/emulated_access.h"

#include "rmm/abi/arch/esr.h"
#include "rmm/abi/v1_0/types.h"
#include "rmm/run/enter.h"
#include "rmm/run/inject.h"

namespace rmm::run {
namespace {

namespace esr = abi::esr;

void complete_mmio(port::RealmCpu& cpu, const core::LastExit& last, const abi::v1_0::RecEnter& enter) {
  if ((last.esr & esr::kWnr) == 0) {
    const auto srt = static_cast<unsigned>((last.esr & esr::kSrtMask) >> esr::kSrtShift);
    set_operand(cpu, srt, loaded_value(last.esr, enter.gprs[0]));
  }
  advance_pc(cpu);
}

}  // namespace

bool mmio_entry_valid(const abi::v1_0::RecEnter& enter, const core::Rec& rec) {
  if ((enter.flags & abi::v1_0::kEnterInjectSea) != 0) return true;
  return (enter.flags & abi::v1_0::kEnterEmulMmio) == 0 || rec.last_exit.emulatable_abort;
}

std::uint64_t loaded_value(std::uint64_t syndrome, std::uint64_t data) {
  const auto size_shift = static_cast<unsigned>((syndrome & esr::kSasMask) >> esr::kSasShift);  // log2 of the bytes
  const unsigned unused = 64 - (8U << size_shift);
  std::uint64_t value = (data << unused) >> unused;
  if ((syndrome & esr::kSse) != 0)
    value = static_cast<std::uint64_t>(static_cast<std::int64_t>(data << unused) >> unused);
  // A load into Wt clears the upper half of Xt.
  return (syndrome & esr::kSf) != 0 ? value : value & 0xffffffffULL;
}

void complete_last_exit(Context& c, const abi::v1_0::RecEnter& enter) {
  const core::LastExit last = c.rec.last_exit;
  c.rec.last_exit = {};
  if ((enter.flags & abi::v1_0::kEnterInjectSea) != 0) {
    if (last.unprotected_data_abort) inject_abort(c.cpu, last.esr, abi::Va{last.far}, esr::kFscExternal);
  } else if ((enter.flags & abi::v1_0::kEnterEmulMmio) != 0 && last.emulatable_abort) {
    complete_mmio(c.cpu, last, enter);
  }
  if (!last.sysreg_read) return;
  if (const auto gpr = sysreg_gpr(c, last.sysreg_rt)) set_operand(c.cpu, last.sysreg_rt, enter.gprs[*gpr]);
}

}  // namespace rmm::run
