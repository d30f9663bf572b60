// SPDX-License-Identifier: GPL-2.0-or-later
// DEN0137 1.0-rel0 B4.3.11 RMI_REC_AUX_COUNT
#include "rmm/core/granule_locks.h"
#include "rmm/v1_0/commands.h"

namespace rmm::v1_0 {
namespace {

constexpr call::Parameter kIn[] = {{"rd", 1}};
constexpr call::Parameter kOut[] = {{"aux_count", 1}};
constexpr call::Condition kConditions[] = {
    {"rd_align", kInput, "rd is not granule aligned", "rd"},
    {"rd_bound", kInput, "rd is not delegable", "rd"},
    {"rd_state", kInput, "rd is not an RD", "rd Granule(rd).state"},
};
constexpr call::Command kCommand{.interface = port::Interface::kRmi,
                                 .name = "RMI_REC_AUX_COUNT",
                                 .fid = abi::v1_0::kRmiRecAuxCount,
                                 .in = kIn,
                                 .out = kOut,
                                 .conditions = kConditions,
                                 .effect = "Says how many auxiliary granules a REC of the realm needs."};

call::Outcome handle(call::Call<kCommand>& c) {
  const abi::Pa rd{c.in<"rd">()};
  if (c.fails<"rd_align">(!aligned(rd))) return c.failed();
  if (c.fails<"rd_bound">(!delegable(c, rd))) return c.failed();
  const core::GranuleLocks locks(c.core(), {{granule(rd), core::GranuleState::kRd}}, "rec_aux_count");
  if (c.fails<"rd_state">(!locks.matches(0))) return c.failed();
  return c.done(c.limits.num_rec_aux);
}

}  // namespace

constexpr Row kRecAuxCount = make_row<kCommand, handle>();

}  // namespace rmm::v1_0
