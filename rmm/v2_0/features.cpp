// SPDX-License-Identifier: GPL-2.0-or-later
// RMM 2.0-bet1 RMI_FEATURES: registers 0 to 4. Devices (2), planes (3) and memory encryption contexts (4) are absent.
#include <array>
#include <bit>

#include "rmm/v2_0/commands.h"

namespace rmm::v2_0 {
namespace {

constexpr call::Parameter kIn[] = {{"index", 1}};
constexpr call::Parameter kOut[] = {{"value", 1}};
constexpr call::Command kCommand{.interface = port::Interface::kRmi,
                                 .name = "RMI_FEATURES",
                                 .fid = abi::v2_0::kRmiFeatures,
                                 .versions = call::kVersion20,
                                 .in = kIn,
                                 .out = kOut,
                                 .effect = "Reads a feature register; registers from 5 on are zero."};

constexpr std::uint8_t minus_one(std::uint8_t count) { return static_cast<std::uint8_t>(count - 1); }

// Bits that hold every physical address of the machine's memory.
unsigned address_bits(const port::Gpt& gpt) {
  const port::MemoryBank& highest = gpt.banks().back();
  return static_cast<unsigned>(std::bit_width(highest.base.value + highest.size - 1));
}

call::Outcome handle(call::Call<kCommand>& c) {
  const core::Limits& l = c.limits;
  const abi::v2_0::FeatureRegister0 reg0{
      .s2sz = l.s2sz, .num_bps = minus_one(l.num_bps), .num_wps = minus_one(l.num_wps)};
  const abi::v2_0::FeatureRegister1 reg1{.granule_4k = true,
                                         .hash_sha_256 = l.sha256,
                                         .hash_sha_512 = l.sha512,
                                         .max_recs_order = l.max_recs_order,
                                         .l0gptsz = abi::v2_0::kL0Gptsz30Bits,
                                         .pps = abi::v2_0::pps_for(address_bits(c.platform.gpt))};
  const std::array<std::uint64_t, abi::v2_0::kFeatureRegisters> registers{reg0.raw(), reg1.raw()};
  const std::uint64_t index = c.in<"index">();
  return c.done(index < registers.size() ? registers[index] : 0);
}

}  // namespace

constexpr Row kFeatures = make_row<kCommand, handle>();

}  // namespace rmm::v2_0
