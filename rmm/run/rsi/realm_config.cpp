// SPDX-License-Identifier: GPL-2.0-or-later
// RSI_REALM_CONFIG (B5.3.9).
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/run/exit.h"
#include "rmm/run/realm_memory.h"
#include "rmm/run/rsi/rsi.h"

namespace rmm::run::rsi {
namespace {

constexpr call::Parameter kIn[] = {{"addr", 1}};
constexpr call::Condition kConditions[] = {
    {"addr_align", kErrorInput, "addr is not aligned to a granule", "addr"},
    {"addr_bound", kErrorInput, "addr is not a Protected IPA", "addr realm.ipa_width"},
    {"_addr_empty", kErrorInput, "the RIPAS of addr is EMPTY (D10)", "addr"},
};

using abi::v1_0::RsiRealmConfig;
using Layout = abi::Layout<RsiRealmConfig>;

// The whole granule is written: what the structure does not name is zero.
void write(Context& c, abi::Pa pa) {
  const RsiRealmConfig config{
      .ipa_width = c.realm.ipa_width, .hash_algo = static_cast<std::uint8_t>(c.realm.hash_algo), .rpv = c.realm.rpv};
  std::array<std::byte, Layout::kSize> bytes{};
  abi::encode(config, bytes);
  c.platform().memory.write(pa, bytes);
}

}  // namespace

constexpr call::Command kRealmConfig{.interface = port::Interface::kRsi,
                                     .name = "RSI_REALM_CONFIG",
                                     .fid = abi::v1_0::kRsiRealmConfig,
                                     .in = kIn,
                                     .conditions = kConditions,
                                     .effect = "Writes the RsiRealmConfig structure to addr."};

Next realm_config(Context& c, const abi::SmcRegs& regs) {
  call::Call<kRealmConfig> call(c.environment, c.pe, regs, c.rec_pa());
  const abi::Ipa addr{call.in<"addr">()};
  if (call.fails<"addr_align">(!abi::is_granule_aligned(addr))) return answer(c, call, call.failed());
  if (call.fails<"addr_bound">(!c.realm.is_protected(addr))) return answer(c, call, call.failed());
  Reach reach{};
  int level = 0;
  {
    const RealmGranule granule(c, addr, "realm_config");
    reach = granule.reach();
    level = granule.level();
    if (reach == Reach::kMapped) write(c, granule.pa());
  }
  if (reach == Reach::kMissing) return exit_rsi_data_abort(c, addr, level);
  if (call.fails<"_addr_empty">(reach == Reach::kEmpty)) return answer(c, call, call.failed());
  return answer(c, call, call.done());
}

}  // namespace rmm::run::rsi
