// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/check/taint.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace rmm::check {
namespace {

bool is_zero(std::span<const std::byte> granule) {
  std::uint64_t any = 0;
  for (std::size_t at = 0; at < granule.size(); at += sizeof any) {
    std::uint64_t word = 0;
    std::memcpy(&word, granule.data() + at, sizeof word);
    any |= word;
  }
  return any == 0;
}

}  // namespace

void Taint::transition(const port::GranuleTransition& event) {
  if (event.to != "DELEGATED" && event.to != "UNDELEGATED")
    users_[event.granule.frame()] = {event.to, event.owner};
  else if (event.to == "UNDELEGATED")
    users_.erase(event.granule.frame());
}

void Taint::expect_zero(abi::GranulePa granule, std::string_view moment) {
  if (platform_.gpt.pas(granule) != abi::Pas::kRealm) return;  // I1 speaks of that
  const auto bytes = platform_.memory.peek(granule);
  if (is_zero(bytes)) {
    findings_.expect("I3", true, "");
    return;
  }
  const auto first = std::find_if(bytes.begin(), bytes.end(), [](std::byte b) { return b != std::byte{0}; });
  const auto left = std::count_if(bytes.begin(), bytes.end(), [](std::byte b) { return b != std::byte{0}; });
  const auto user = users_.find(granule.frame());
  const std::string whose = user == users_.end() ? "the host or the monitor"
                                                 : fmt::format("its last use as {} by the realm with RD {:#x}",
                                                               user->second.state, user->second.rd.value);
  findings_.expect("I3", false,
                   "granule {:#x} was not wiped: {} bytes of {} are left in it {}; the first is {:#x} at offset {:#x}",
                   granule.pa().value, left, whose, moment, static_cast<unsigned>(*first), first - bytes.begin());
}

}  // namespace rmm::check
