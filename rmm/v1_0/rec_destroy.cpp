// SPDX-License-Identifier: GPL-2.0-or-later
// DEN0137 1.0-rel0 B4.3.13 RMI_REC_DESTROY
#include "rmm/core/rec_lifecycle.h"
#include "rmm/v1_0/commands.h"

namespace rmm::v1_0 {
namespace {

using core::GranuleState;

constexpr call::Parameter kIn[] = {{"rec_ptr", 1}};
constexpr call::Condition kConditions[] = {
    {"rec_align", kInput, "rec_ptr is not granule aligned", "rec_ptr"},
    {"rec_bound", kInput, "rec_ptr is not delegable", "rec_ptr"},
    {"rec_gran_state", kInput, "rec_ptr is not a REC", "rec_ptr Granule(rec_ptr).state"},
    {"rec_state", kRec, "the REC is running", "rec.state"},
};
constexpr call::Before kBefore[] = {{"rec_bound rec_gran_state", "rec_state"}};
constexpr call::Command kCommand{.interface = port::Interface::kRmi,
                                 .name = "RMI_REC_DESTROY",
                                 .fid = abi::v1_0::kRmiRecDestroy,
                                 .in = kIn,
                                 .conditions = kConditions,
                                 .before = kBefore,
                                 .effect = "REC and auxiliary granules become DELEGATED, wiped."};

call::Outcome handle(call::Call<kCommand>& c) {
  const abi::Pa rec_ptr{c.in<"rec_ptr">()};
  if (c.fails<"rec_align">(!aligned(rec_ptr))) return c.failed();
  if (c.fails<"rec_bound">(!delegable(c, rec_ptr))) return c.failed();
  const core::GranuleLocks locks(c.core(), {{granule(rec_ptr), GranuleState::kRec}}, "rec_destroy");
  if (c.fails<"rec_gran_state">(!locks.matches(0))) return c.failed();
  const auto locked = locks.as<GranuleState::kRec>(0);
  const core::RecState state =
      c.state.recs.at(locked.record().object).state.load(c.platform.sync, "rec_destroy", rec_ptr.value);
  if (c.fails<"rec_state">(state == core::RecState::kRunning)) return c.failed();
  core::destroy_rec(c.core(), locked);
  return c.done();
}

}  // namespace

constexpr Row kRecDestroy = make_row<kCommand, handle>();

}  // namespace rmm::v1_0
