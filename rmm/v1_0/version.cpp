// SPDX-License-Identifier: GPL-2.0-or-later
// DEN0137 1.0-rel0 B4.3.23 RMI_VERSION
#include "rmm/call/version.h"

#include "rmm/v1_0/commands.h"

namespace rmm::v1_0 {
namespace {

using call::Agreement;

constexpr call::Revision kSupported[] = {call::Revision{abi::v1_0::kInterfaceVersion10}};

constexpr call::Parameter kIn[] = {{"req", 1}};
constexpr call::Parameter kOut[] = {{"lower", 1}, {"higher", 2}};
// The page names no condition, yet two outcomes are RMI_ERROR_INPUT (D12).
constexpr call::Condition kConditions[] = {
    {"_version_lower", kInput, "the requested revision is not supported, a lower one is", "req"},
    {"_version_higher", kInput, "the requested revision is not supported, only a higher one is", "req"},
};
constexpr call::Command kCommand{.interface = port::Interface::kRmi,
                                 .name = "RMI_VERSION",
                                 .fid = abi::v1_0::kRmiVersion,
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

}  // namespace rmm::v1_0
