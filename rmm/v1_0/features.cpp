// SPDX-License-Identifier: GPL-2.0-or-later
// DEN0137 1.0-rel0 B4.3.4 RMI_FEATURES
#include "rmm/v1_0/commands.h"

namespace rmm::v1_0 {
namespace {

constexpr call::Parameter kIn[] = {{"index", 1}};
constexpr call::Parameter kOut[] = {{"value", 1}};
constexpr call::Command kCommand{.interface = port::Interface::kRmi,
                                 .name = "RMI_FEATURES",
                                 .fid = abi::v1_0::kRmiFeatures,
                                 .in = kIn,
                                 .out = kOut,
                                 .effect = "Reads a feature register; registers other than 0 are zero."};

constexpr std::uint8_t minus_one(std::uint8_t count) { return static_cast<std::uint8_t>(count - 1); }

call::Outcome handle(call::Call<kCommand>& c) {
  if (c.in<"index">() != 0) return c.done(0);
  const core::Limits& l = c.limits;
  return c.done(abi::v1_0::FeatureRegister0{.s2sz = l.s2sz,
                                            .lpa2 = false,
                                            .sve = false,
                                            .sve_vl = 0,
                                            .num_bps = minus_one(l.num_bps),
                                            .num_wps = minus_one(l.num_wps),
                                            .pmu = l.pmu,
                                            .pmu_num_ctrs = l.pmu_num_ctrs,
                                            .hash_sha_256 = l.sha256,
                                            .hash_sha_512 = l.sha512,
                                            .gicv3_num_lrs = minus_one(l.num_lrs),
                                            .max_recs_order = l.max_recs_order}
                    .raw());
}

}  // namespace

constexpr Row kFeatures = make_row<kCommand, handle>();

}  // namespace rmm::v1_0
