// SPDX-License-Identifier: GPL-2.0-or-later
// PSCI_FEATURES (B6.3.5). A kernel looks for realm services only if SMCCC_VERSION is reported here.
#include <algorithm>

#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/run/psci/psci.h"

namespace rmm::run::psci {
namespace {

constexpr call::Parameter kIn[] = {{"psci_func_id", 1}};
constexpr std::uint64_t kIdMask = 0xffffffff;  // X1[31:0]; the rest is ignored (D3)

}  // namespace

constexpr call::Command kFeatures{.interface = port::Interface::kPsci,
                                  .name = "PSCI_FEATURES",
                                  .fid = abi::v1_0::kPsciFeatures,
                                  .in = kIn,
                                  .effect = "Returns 0 if the function is supported, else PSCI_NOT_SUPPORTED."};

Next features(Context& c, const abi::SmcRegs& regs) {
  call::Call<kFeatures> call(c.environment, c.pe, regs, c.rec_pa());
  const auto id = static_cast<std::uint32_t>(call.in<"psci_func_id">() & kIdMask);
  const auto all = services();
  const bool supported = std::any_of(all.begin(), all.end(), [id](const Service& s) {
    const bool psci_function = s.row->interface == port::Interface::kPsci && id != abi::v1_0::kSmcccArchFeatures;
    return psci_function && (s.row->fid == id || (s.row->fid32 != 0 && s.row->fid32 == id));
  });
  using abi::v1_0::PsciStatus;
  return answer(c, call, call.done_as(raw(supported ? PsciStatus::kSuccess : PsciStatus::kNotSupported)));
}

}  // namespace rmm::run::psci
