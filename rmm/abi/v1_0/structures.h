// SPDX-License-Identifier: GPL-2.0-or-later
// Memory structures of RMM 1.0-rel0: one field table each (DEN0137 B4.4.12, .14, .16, .20, .21; B5.4.4, B5.4.8).
#pragma once

#include <array>
#include <cstdint>

#include "rmm/abi/layout.h"

namespace abi::v1_0 {

struct RealmParams {
  std::uint64_t flags = 0;
  std::uint8_t s2sz = 0;
  std::uint8_t sve_vl = 0;
  std::uint8_t num_bps = 0;
  std::uint8_t num_wps = 0;
  std::uint8_t pmu_num_ctrs = 0;
  std::uint8_t hash_algo = 0;
  std::array<std::uint8_t, 64> rpv{};
  std::uint16_t vmid = 0;
  std::uint64_t rtt_base = 0;
  std::int64_t rtt_level_start = 0;
  std::uint32_t rtt_num_start = 0;
};

struct RecParams {
  std::uint64_t flags = 0;
  std::uint64_t mpidr = 0;  // RmiRecMpidr: aff0 3:0, aff1 15:8, aff2 23:16, aff3 31:24
  std::uint64_t pc = 0;
  std::array<std::uint64_t, 8> gprs{};
  std::uint64_t num_aux = 0;
  std::array<std::uint64_t, 16> aux{};
};

struct RecEnter {
  std::uint64_t flags = 0;
  std::array<std::uint64_t, 31> gprs{};
  std::uint64_t gicv3_hcr = 0;
  std::array<std::uint64_t, 16> gicv3_lrs{};
};

struct RecExit {
  std::uint8_t exit_reason = 0;
  std::uint64_t esr = 0;
  std::uint64_t far = 0;
  std::uint64_t hpfar = 0;
  std::array<std::uint64_t, 31> gprs{};
  std::uint64_t gicv3_hcr = 0;
  std::array<std::uint64_t, 16> gicv3_lrs{};
  std::uint64_t gicv3_misr = 0;
  std::uint64_t gicv3_vmcr = 0;
  std::uint64_t cntp_ctl = 0;
  std::uint64_t cntp_cval = 0;
  std::uint64_t cntv_ctl = 0;
  std::uint64_t cntv_cval = 0;
  std::uint64_t ripas_base = 0;
  std::uint64_t ripas_top = 0;
  std::uint8_t ripas_value = 0;
  std::uint16_t imm = 0;
  std::uint8_t pmu_ovf_status = 0;
};

inline constexpr std::size_t kRecRunEnterOffset = 0x0;  // B4.4.20 RmiRecRun
inline constexpr std::size_t kRecRunExitOffset = 0x800;

struct RsiRealmConfig {
  std::uint64_t ipa_width = 0;
  std::uint8_t hash_algo = 0;
  std::array<std::uint8_t, 64> rpv{};
};

struct RsiHostCall {
  std::uint16_t imm = 0;
  std::array<std::uint64_t, 31> gprs{};
};

}  // namespace abi::v1_0

namespace abi {

template <>
struct Layout<v1_0::RealmParams> {
  using T = v1_0::RealmParams;
  static constexpr std::size_t kSize = 0x1000;
  static constexpr auto kFields = std::tuple{field("flags", 0x0, &T::flags),
                                             field("s2sz", 0x8, &T::s2sz),
                                             field("sve_vl", 0x10, &T::sve_vl),
                                             field("num_bps", 0x18, &T::num_bps),
                                             field("num_wps", 0x20, &T::num_wps),
                                             field("pmu_num_ctrs", 0x28, &T::pmu_num_ctrs),
                                             field("hash_algo", 0x30, &T::hash_algo),
                                             field("rpv", 0x400, &T::rpv),
                                             field("vmid", 0x800, &T::vmid),
                                             field("rtt_base", 0x808, &T::rtt_base),
                                             field("rtt_level_start", 0x810, &T::rtt_level_start),
                                             field("rtt_num_start", 0x818, &T::rtt_num_start)};
};
static_assert(layout_is_sound<v1_0::RealmParams>());

template <>
struct Layout<v1_0::RecParams> {
  using T = v1_0::RecParams;
  static constexpr std::size_t kSize = 0x1000;
  static constexpr auto kFields =
      std::tuple{field("flags", 0x0, &T::flags), field("mpidr", 0x100, &T::mpidr),     field("pc", 0x200, &T::pc),
                 field("gprs", 0x300, &T::gprs), field("num_aux", 0x800, &T::num_aux), field("aux", 0x808, &T::aux)};
};
static_assert(layout_is_sound<v1_0::RecParams>());

template <>
struct Layout<v1_0::RecEnter> {
  using T = v1_0::RecEnter;
  static constexpr std::size_t kSize = 0x800;
  static constexpr auto kFields =
      std::tuple{field("flags", 0x0, &T::flags), field("gprs", 0x200, &T::gprs),
                 field("gicv3_hcr", 0x300, &T::gicv3_hcr), field("gicv3_lrs", 0x308, &T::gicv3_lrs)};
};
static_assert(layout_is_sound<v1_0::RecEnter>());

template <>
struct Layout<v1_0::RecExit> {
  using T = v1_0::RecExit;
  static constexpr std::size_t kSize = 0x800;
  static constexpr auto kFields = std::tuple{field("exit_reason", 0x0, &T::exit_reason),
                                             field("esr", 0x100, &T::esr),
                                             field("far", 0x108, &T::far),
                                             field("hpfar", 0x110, &T::hpfar),
                                             field("gprs", 0x200, &T::gprs),
                                             field("gicv3_hcr", 0x300, &T::gicv3_hcr),
                                             field("gicv3_lrs", 0x308, &T::gicv3_lrs),
                                             field("gicv3_misr", 0x388, &T::gicv3_misr),
                                             field("gicv3_vmcr", 0x390, &T::gicv3_vmcr),
                                             field("cntp_ctl", 0x400, &T::cntp_ctl),
                                             field("cntp_cval", 0x408, &T::cntp_cval),
                                             field("cntv_ctl", 0x410, &T::cntv_ctl),
                                             field("cntv_cval", 0x418, &T::cntv_cval),
                                             field("ripas_base", 0x500, &T::ripas_base),
                                             field("ripas_top", 0x508, &T::ripas_top),
                                             field("ripas_value", 0x510, &T::ripas_value),
                                             field("imm", 0x600, &T::imm),
                                             field("pmu_ovf_status", 0x700, &T::pmu_ovf_status)};
};
static_assert(layout_is_sound<v1_0::RecExit>());

template <>
struct Layout<v1_0::RsiRealmConfig> {
  using T = v1_0::RsiRealmConfig;
  static constexpr std::size_t kSize = 0x1000;
  static constexpr auto kFields = std::tuple{field("ipa_width", 0x0, &T::ipa_width),
                                             field("hash_algo", 0x8, &T::hash_algo), field("rpv", 0x200, &T::rpv)};
};
static_assert(layout_is_sound<v1_0::RsiRealmConfig>());

template <>
struct Layout<v1_0::RsiHostCall> {
  using T = v1_0::RsiHostCall;
  static constexpr std::size_t kSize = 0x100;
  static constexpr auto kFields = std::tuple{field("imm", 0x0, &T::imm), field("gprs", 0x8, &T::gprs)};
};
static_assert(layout_is_sound<v1_0::RsiHostCall>());

}  // namespace abi
