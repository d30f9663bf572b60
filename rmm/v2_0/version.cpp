// SPDX-License-Identifier: GPL-2.0-or-later
// RMM 2.0 RMI_VERSION. Every beta answers 2.0.
#include "rmm/call/version.h"

#include "rmm/v2_0/commands.h"

namespace rmm::v2_0 {
namespace {

using call::Agreement;

constexpr call::Revision kSupported[] = {call::Revision{abi::v2_0::kInterfaceVersion20}};

constexpr call::Parameter kIn[] = {{"req", 1}};
constexpr call::Parameter kOut[] = {{"lower", 1}, {"higher", 2}};
constexpr call::Condition kConditions[] = {
    {"_version_lower", kInput, "the requested revision is not supported, a lower one is"},
    {"_version_higher", kInput, "the requested revision is not supported, only a higher one is"},
};
constexpr call::Command kCommand{.interface = port::Interface::kRmi,
                                 .name = "RMI_VERSION",
                                 .fid = abi::v2_0::kRmiVersion,
                                 .versions = call::kVersion20,
                                 .in = kIn,
                                 .out = kOut,
                                 .conditions = kConditions,
                                 .effect = "Says which revisions of the interface are supported."};

call::Outcome handle(call::Call<kCommand>& c) {
  const call::Negotiation n = call::negotiate(kSupported, c.in<"req">());
  c.output<"lower">(n.lower.raw);
  c.output<"higher">(n.higher.raw);
  if (c.fails<"_version_lower">(n.agreement == Agreement::kOnlyLower)) return c.failed();
  if (c.fails<"_version_higher">(n.agreement == Agreement::kOnlyHigher)) return c.failed();
  return c.done();
}

}  // namespace

constexpr Row kVersion = make_row<kCommand, handle>();

}  // namespace rmm::v2_0
