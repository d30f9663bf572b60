// SPDX-License-Identifier: GPL-2.0-or-later
// RSI_HOST_CALL (B5.3.4, A4.5): registers travel through a structure in the realm's memory, never in the realm's own.
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/run/exit.h"
#include "rmm/run/realm_memory.h"
#include "rmm/run/rsi/rsi.h"

namespace rmm::run::rsi {
namespace {

using abi::v1_0::RsiHostCall;
using Layout = abi::Layout<RsiHostCall>;

constexpr call::Parameter kIn[] = {{"addr", 1}};
constexpr call::Condition kConditions[] = {
    {"addr_align", kErrorInput, "addr is not aligned to 256 bytes", "addr"},
    {"addr_bound", kErrorInput, "addr is not a Protected IPA", "addr realm.ipa_width"},
    {"_addr_empty", kErrorInput, "the RIPAS of addr is EMPTY (D10)", "addr"},
};

// The structure lies inside one granule: its size is its alignment.
RsiHostCall read(Context& c, abi::Pa pa) {
  std::array<std::byte, Layout::kSize> bytes{};
  c.platform().memory.read(pa, bytes);
  return abi::decode<RsiHostCall>(bytes);
}

// imm is the realm's: only the registers are written.
void write_gprs(Context& c, abi::Pa pa, const std::array<std::uint64_t, 31>& gprs) {
  constexpr std::uint64_t kGprsOffset = 8;
  c.platform().memory.write(pa + kGprsOffset, std::as_bytes(std::span(gprs)));
}

}  // namespace

constexpr call::Command kHostCall{.interface = port::Interface::kRsi,
                                  .name = "RSI_HOST_CALL",
                                  .fid = abi::v1_0::kRsiHostCall,
                                  .in = kIn,
                                  .conditions = kConditions,
                                  .effect = "REC exit; the next entry writes the host's registers to the structure."};

Next host_call(Context& c, const abi::SmcRegs& regs) {
  call::Call<kHostCall> call(c.environment, c.pe, regs, c.rec_pa());
  const abi::Ipa addr{call.in<"addr">()};
  if (call.fails<"addr_align">(!abi::is_aligned(addr.value, Layout::kSize))) return answer(c, call, call.failed());
  if (call.fails<"addr_bound">(!c.realm.is_protected(addr))) return answer(c, call, call.failed());
  Reach reach{};
  int level = 0;
  RsiHostCall data;
  {
    const RealmGranule granule(c, addr, "host_call");
    reach = granule.reach();
    level = granule.level();
    if (reach == Reach::kMapped) data = read(c, granule.pa());
  }
  if (reach == Reach::kMissing) return exit_rsi_data_abort(c, addr, level);
  if (call.fails<"_addr_empty">(reach == Reach::kEmpty)) return answer(c, call, call.failed());
  call.tell_begin();
  c.rec.host_call_pending = true;
  c.rec.host_call_ipa = addr;
  advance_pc(c.cpu);
  return exit_host_call(c, data);
}

Next finish_host_call(Context& c, const std::array<std::uint64_t, 31>& gprs) {
  Reach reach{};
  int level = 0;
  {
    const RealmGranule granule(c, c.rec.host_call_ipa, "host_call");
    reach = granule.reach();
    level = granule.level();
    if (reach == Reach::kMapped) write_gprs(c, granule.pa(), gprs);
  }
  if (reach == Reach::kMissing) return exit_rsi_data_abort(c, c.rec.host_call_ipa, level);
  abi::SmcRegs regs;
  regs.x[0] = abi::v1_0::kRsiHostCall;
  regs.x[1] = c.rec.host_call_ipa.value;
  c.rec.host_call_pending = false;
  c.rec.host_call_ipa = {};
  call::Call<kHostCall> call(c.environment, c.pe, regs, c.rec_pa());
  const bool lost = call.fails<"_addr_empty">(reach == Reach::kEmpty);
  answer_at_entry(c, call, lost ? call.failed() : call.done());
  return Next::kResume;
}

}  // namespace rmm::run::rsi
