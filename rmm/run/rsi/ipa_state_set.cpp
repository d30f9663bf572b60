// SPDX-License-Identifier: GPL-2.0-or-later
// RSI_IPA_STATE_SET (B5.3.6, A5.4): the realm asks, the host acts by RMI_RTT_SET_RIPAS, the next entry answers.
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/run/exit.h"
#include "rmm/run/rsi/rsi.h"

namespace rmm::run::rsi {
namespace {

constexpr call::Parameter kIn[] = {{"base", 1}, {"top", 2}, {"ripas", 3}, {"flags", 4}};
constexpr call::Parameter kOut[] = {{"new_base", 1}, {"response", 2}};
constexpr call::Condition kConditions[] = {
    {"base_align", kErrorInput, "base is not aligned to a granule", "base"},
    {"top_align", kErrorInput, "top is not aligned to a granule", "top"},
    {"size_valid", kErrorInput, "top is not above base", "base top"},
    {"rgn_bound", kErrorInput, "the region is not in Protected IPA space", "base top realm.ipa_width"},
    {"ripas_valid", kErrorInput, "the RIPAS is neither EMPTY nor RAM", "ripas"},
};
constexpr std::uint64_t kRipasMask = 0xff;  // X3[7:0]; the rest is ignored (D3)

using abi::v1_0::Ripas;
using abi::v1_0::RmiResponse;
using abi::v1_0::RsiResponse;

// B3.40 RecRipasChangeResponse
RsiResponse change_response(const core::RipasRequest& request, RmiResponse response) {
  const bool rejected = request.value == Ripas::kRam && request.addr != request.top && response == RmiResponse::kReject;
  return rejected ? RsiResponse::kReject : RsiResponse::kAccept;
}

}  // namespace

constexpr call::Command kIpaStateSet{.interface = port::Interface::kRsi,
                                     .name = "RSI_IPA_STATE_SET",
                                     .fid = abi::v1_0::kRsiIpaStateSet,
                                     .in = kIn,
                                     .out = kOut,
                                     .conditions = kConditions,
                                     .effect = "REC exit; returns how far the host has changed the RIPAS."};

Next ipa_state_set(Context& c, const abi::SmcRegs& regs) {
  call::Call<kIpaStateSet> call(c.environment, c.pe, regs, c.rec_pa());
  const abi::Ipa base{call.in<"base">()};
  const abi::Ipa top{call.in<"top">()};
  const auto ripas = static_cast<Ripas>(call.in<"ripas">() & kRipasMask);
  if (call.fails<"base_align">(!abi::is_granule_aligned(base))) return answer(c, call, call.failed());
  if (call.fails<"top_align">(!abi::is_granule_aligned(top))) return answer(c, call, call.failed());
  if (call.fails<"size_valid">(top <= base)) return answer(c, call, call.failed());
  if (call.fails<"rgn_bound">(!range_is_protected(c.realm, base, top))) return answer(c, call, call.failed());
  if (call.fails<"ripas_valid">(ripas != Ripas::kEmpty && ripas != Ripas::kRam)) return answer(c, call, call.failed());
  call.tell_begin();
  c.rec.ripas = {.base = base,
                 .addr = base,
                 .top = top,
                 .value = ripas,
                 .change_destroyed = (call.in<"flags">() & abi::v1_0::kRipasChangeDestroyed) != 0,
                 .awaits_entry = true};
  advance_pc(c.cpu);
  return exit_ripas_change(c);
}

void finish_ipa_state_set(Context& c, RmiResponse response) {
  const core::RipasRequest request = c.rec.ripas;
  c.rec.ripas = {};  // A4.3.8: no exit but the one of a new request has an open window
  abi::SmcRegs regs;
  regs.x[0] = abi::v1_0::kRsiIpaStateSet;
  call::Call<kIpaStateSet> call(c.environment, c.pe, regs, c.rec_pa());
  answer_at_entry(c, call, call.done(request.addr.value, change_response(request, response)));
}

}  // namespace rmm::run::rsi
