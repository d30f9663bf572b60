// SPDX-License-Identifier: GPL-2.0-or-later
// Provocations: versions, granules and unknown function ids.
#include "tests/rmm/conditions_suite.h"

namespace conditions {

using namespace rmi;

std::vector<Suite> granule_suites() {
  return {
      {"unknown",
       0xC400'0156,
       nullptr,
       {{"_unknown_fid", [](Scene&) {}, unsafe("without a row there is nothing else to do")}}},
      {"RMI_VERSION",
       kRmiVersion,
       [](Scene& s) { s.x[1] = kInterfaceVersion10; },
       {{"_version_lower", [](Scene& s) { s.x[1] = 0x10001; }, succeeds()},
        {"_version_higher", [](Scene& s) { s.x[1] = 0xffff; }, succeeds()}}},
      {"RMI_GRANULE_DELEGATE",
       kRmiGranuleDelegate,
       [](Scene& s) { s.x[1] = s.b.ns().value; },
       {{"gran_align", [](Scene& s) { s.x[1] += 8; }, succeeds()},
        {"gran_bound", [](Scene& s) { s.x[1] = kOutsideDram; }, unsafe(kNoRecord)},
        {"gran_state", [](Scene& s) { s.x[1] = s.b.delegated().value; }, unsafe(kWrongState)},
        {"gran_gpt", [](Scene& s) { s.b.platform.gpt.force({s.x[1]}, abi::Pas::kSecure); }, succeeds(), "Secure"},
        {"gran_gpt", [](Scene& s) { s.b.platform.gpt.force({s.x[1]}, abi::Pas::kRoot); }, succeeds(), "Root"}}},
      {"RMI_GRANULE_UNDELEGATE",
       kRmiGranuleUndelegate,
       [](Scene& s) { s.x[1] = s.b.delegated().value; },
       {{"gran_align", [](Scene& s) { s.x[1] += 8; }, succeeds()},
        {"gran_bound", [](Scene& s) { s.x[1] = kOutsideDram; }, unsafe(kNoRecord)},
        {"gran_state", [](Scene& s) { s.x[1] = s.b.ns().value; }, unsafe(kWrongState)}}},
  };
}

}  // namespace conditions
