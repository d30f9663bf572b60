// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/runtime/realm.h"

#include <span>

#include "guest/runtime/image.h"
#include "guest/runtime/smc.h"
#include "rmm/abi/v1_0/function_ids.h"

namespace guest {

namespace {

namespace v1 = abi::v1_0;

bool succeeded(const SmcResult& result) { return result.x0 == static_cast<std::uint64_t>(v1::RsiStatus::kSuccess); }

// B5.3.6: the configuration is written to a granule of protected memory, and fills it.
alignas(abi::kGranuleSize) std::byte config_granule[abi::kGranuleSize];
v1::RsiRealmConfig config;

}  // namespace

RsiVersion rsi_version() {
  const SmcResult result = smc(v1::kRsiVersion, v1::kInterfaceVersion10);
  return {succeeded(result), result.x1, result.x2};
}

const v1::RsiRealmConfig& realm_config() {
  if (config.ipa_width == 0 && succeeded(smc(v1::kRsiRealmConfig, ipa_of(config_granule).value))) {
    config = abi::decode<v1::RsiRealmConfig>(config_granule);
  }
  return config;
}

RipasRange ripas(abi::IpaRange range) {
  const SmcResult result = smc(v1::kRsiIpaStateGet, range.base.value, range.top.value);
  return {succeeded(result), static_cast<v1::Ripas>(result.x2), abi::Ipa{result.x1}};
}

RipasChange ask_for_ripas(abi::IpaRange range, v1::Ripas ripas, OfDestroyed destroyed) {
  const std::uint64_t flags = destroyed == OfDestroyed::kChange ? v1::kRipasChangeDestroyed : 0;
  const SmcResult result =
      smc(v1::kRsiIpaStateSet, range.base.value, range.top.value, static_cast<std::uint64_t>(ripas), flags);
  const bool accepted = result.x2 == static_cast<std::uint64_t>(v1::RsiResponse::kAccept);
  return {succeeded(result), accepted, abi::Ipa{result.x1}};
}

bool set_ripas(abi::IpaRange range, v1::Ripas ripas, OfDestroyed destroyed) {
  while (range.base < range.top) {
    const RipasChange change = ask_for_ripas(range, ripas, destroyed);
    if (!change.valid || !change.accepted || change.reached <= range.base) return false;
    range.base = change.reached;
  }
  return true;
}

std::uint64_t shared_alias() { return rsi_version().is_realm ? std::uint64_t{1} << realm_config().ipa_width >> 1 : 0; }

}  // namespace guest
