// SPDX-License-Identifier: GPL-2.0-or-later
// What makes a valid call hostile: arguments by the names that their rows give them, structures by their field tables.
#include <algorithm>
#include <bit>
#include <span>
#include <type_traits>

#include "rmm/abi/arch/gic.h"
#include "rmm/abi/layout.h"
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/v1_0/table.h"
#include "tests/fuzz/rmi/generator.h"

namespace fuzz {
namespace {

using namespace abi::v1_0;  // NOLINT: function ids and structures of the version under test
using rmm::core::GranuleState;

constexpr std::uint64_t kPage = abi::kGranuleSize;

const rmm::call::Command* command(std::uint32_t fid) {
  for (const rmm::v1_0::Row* row : rmm::v1_0::rmi_rows())
    if (row->command->fid == fid) return row->command;
  return nullptr;
}

bool is_pa(std::string_view name) {
  for (const std::string_view pa :
       {"rd", "rec", "data", "rtt", "src", "params_ptr", "run_ptr", "rec_ptr", "calling_rec", "target_rec", "addr"})
    if (name == pa) return true;
  return false;
}
bool is_ipa(std::string_view name) { return name == "ipa" || name == "base" || name == "top"; }

std::uint64_t boundary(Choices& choose) {
  const auto shift = static_cast<unsigned>(choose.below(64));
  const std::uint64_t power = 1ULL << shift;
  return choose.one_of<std::uint64_t>({0, 1, power, power - 1, ~power, ~0ULL, choose.bits()});
}

template <class Integer>
void mutate_integer(Choices& choose, Integer& value) {
  const std::uint64_t old = static_cast<std::uint64_t>(value);
  value = static_cast<Integer>(choose.one_of<std::uint64_t>(
      {old + 1, old - 1, old ^ (1ULL << choose.below(8 * sizeof value)), boundary(choose), old + 8}));
}

// One field of the structure's table, one element of it if it is an array.
template <class Struct>
void mutate_field(Choices& choose, Struct& page) {
  const std::size_t chosen = choose.below(std::tuple_size_v<decltype(abi::Layout<Struct>::kFields)>);
  std::size_t n = 0;
  std::apply(
      [&](const auto&... field) {
        const auto visit = [&](auto& member) {
          if (n++ != chosen) return;
          if constexpr (std::is_integral_v<std::remove_cvref_t<decltype(member)>>)
            mutate_integer(choose, member);
          else
            mutate_integer(choose, choose.element(member));
        };
        (visit(page.*field.member), ...);
      },
      abi::Layout<Struct>::kFields);
}

}  // namespace

void Generator::mutate(Draft& draft) {
  const std::uint32_t fid = draft.regs.fid();
  if (choose_.one_in(200)) {  // an id that there is not
    draft.regs.x[0] = choose_.one_of<std::uint64_t>(
        {0xC4000156, 0xC4000160, 0xC400016A, 0xC400018F, fid ^ 0x40000000U, 0x84000000, choose_.bits()});
    return;
  }
  const bool has_page =
      !std::holds_alternative<std::monostate>(draft.page.page) && !std::holds_alternative<bare::Fill>(draft.page.page);
  if (has_page && choose_.percent(fid == kRmiRecEnter ? 30 : 60)) {
    mutate_page(draft.page.page, draft.regs);
    return;
  }
  const rmm::call::Command* row = command(fid);
  if (row == nullptr || row->in.empty()) return;
  const rmm::call::Parameter& parameter = choose_.element(row->in);
  mutate_value(fid, parameter.name, draft.regs.x, parameter.reg, row->in);
}

void Generator::mutate_value(std::uint32_t fid, std::string_view name, std::array<std::uint64_t, 18>& x, unsigned reg,
                             std::span<const rmm::call::Parameter> in) {
  std::uint64_t& value = x.at(reg);
  if (name == "level") {
    value = static_cast<std::uint64_t>(choose_.one_of<std::int64_t>(
        {-1, 0, 1, 2, 3, 4, static_cast<std::int64_t>(value) + 1, 1LL << 32, -(1LL << 62)}));
  } else if (name == "desc") {
    value = choose_.one_of<std::uint64_t>({value | 0x10, value | 1, value ^ (1ULL << choose_.below(64)), value | kPage,
                                           value | (1ULL << 48), value | (1ULL << 54), value | 0x20,
                                           value | (1ULL << 48) | (1ULL << 49), choose_.bits()});
  } else if (name == "status") {
    value = static_cast<std::uint64_t>(choose_.one_of<std::int64_t>({0, -1, -2, -3, -4, 1, -9, 1LL << 32}));
  } else if (is_pa(name)) {
    value = mutate_pa(value, x, in, name);
  } else if (is_ipa(name)) {
    value = name == "top" && choose_.one_in(6) ? value - 8 : mutate_ipa(value);
    // A range that leads out of the realm's half, aligned and not.
    if (fid == kRmiRttInitRipas && choose_.one_in(6)) x.at(reg) = 1ULL << choose_.below(56);
  } else {
    mutate_integer(choose_, value);
  }
}

std::uint64_t Generator::mutate_pa(std::uint64_t value, std::array<std::uint64_t, 18>& x,
                                   std::span<const rmm::call::Parameter> in, std::string_view name) {
  if ((name == "target_rec" || name == "rec" || name == "rec_ptr") && choose_.one_in(6))
    if (const auto rec = any(GranuleState::kRec)) return rec->value;
  if ((name == "rec" || name == "rec_ptr") && choose_.one_in(name == "rec" ? 3 : 2))
    if (const auto pe = running_pe()) return machine_.runs(*pe)->value;
  switch (choose_.below(12)) {
    case 0:
    case 1: return value + 1 + choose_.below(kPage - 1);
    case 2:
    case 3: return outside_dram().value;
    case 4: return any_granule().value;
    case 5: {  // another realm or REC where one is meant, else one in a state of its own
      const bool rec = name == "rec" || name == "rec_ptr" || name == "target_rec" || name == "calling_rec";
      const auto state = name == "rd" ? GranuleState::kRd
                         : rec        ? GranuleState::kRec
                                      : static_cast<GranuleState>(choose_.below(7));
      const auto pa = any(state);
      return pa ? pa->value : value;
    }
    case 6:
    case 7: {  // another argument's
      for (unsigned tries = 0; tries < 4; ++tries) {
        const rmm::call::Parameter& other = choose_.element(in);
        if (other.name != name && is_pa(other.name)) return x.at(other.reg);
      }
      return value ^ kPage;
    }
    case 8: return pa_of(kLowGranules - 1 - static_cast<std::uint32_t>(choose_.below(4))).value;  // Secure, Root
    case 9: {  // above what a realm without LPA2 can map
      for (std::uint32_t slot = kLowGranules; slot < state_.size(); ++slot)
        if (state_[slot] == GranuleState::kDelegated) return pa_of(slot).value;
      return bare::kHighDram.value;
    }
    case 10: return stale_.empty() ? value : choose_.element(stale_).value;
    default: {  // the same kind of thing, of somebody else
      const auto slot = slot_of({value});
      const auto pa = slot ? any(state_[*slot]) : std::nullopt;
      return pa ? pa->value : value;
    }
  }
}

std::uint64_t Generator::mutate_ipa(std::uint64_t value) {
  const rmm::core::Realm* realm = any_realm();
  const std::uint64_t half = realm != nullptr ? realm->unprotected_base().value : 1ULL << 32;
  switch (choose_.below(13)) {
    case 10: return value - 1 - choose_.below(kPage - 1);
    case 11: return realm != nullptr ? any_ipa(*realm, true).value : value;
    case 12: return choose_.element(mapped_).second.value;
    case 0: return value + 1 + choose_.below(kPage - 1);
    case 1: return value + kPage;
    case 2: return value ^ (1ULL << 21);
    case 3: return value | half;
    case 4: return value & ~half;
    case 5: return half * 2 + choose_.one_of<std::uint64_t>({0, kPage, 1ULL << 30});
    case 6: return half - choose_.one_of<std::uint64_t>({0, kPage, 1ULL << 21});
    case 7: return boundary(choose_);
    case 8: return boundary(choose_) & ~(kPage - 1);
    default: return value - kPage;
  }
}

void Generator::mutate_page(bare::Page& page, abi::SmcRegs& regs) {
  if (auto* realm = std::get_if<RealmParams>(&page)) {
    switch (choose_.below(10)) {
      case 9: realm->hash_algo = static_cast<std::uint8_t>(2 + choose_.below(254)); break;
      case 0: realm->rtt_base += choose_.one_of<std::uint64_t>({8, kPage, 1ULL << 32}); break;
      case 1: realm->rtt_base = abi::align_down(regs.x[1], kPage * std::max(realm->rtt_num_start, 1U)); break;
      case 2: realm->vmid = static_cast<std::uint16_t>(choose_.one_in(2) ? 256 + choose_.below(1000) : 0); break;
      case 3: {
        if (machine_.state().realms.empty()) return;
        realm->vmid = machine_.state().realms.begin()->second.vmid.value;
        break;
      }
      case 4:
        realm->rtt_num_start = static_cast<std::uint32_t>(choose_.one_of<std::uint64_t>({0, 2, 16, 17, ~0ULL}));
        break;
      case 5: realm->rtt_level_start = choose_.one_of<std::int64_t>({-1, 0, 1, 2, 3, 4, 1LL << 40}); break;
      case 6: realm->rtt_base = abi::align_down(any_granule().value, kPage * std::max(realm->rtt_num_start, 1U)); break;
      default: mutate_field(choose_, *realm);
    }
  } else if (auto* rec = std::get_if<RecParams>(&page)) {
    const std::size_t n = rec->num_aux == 0 || rec->num_aux > 16 ? 0 : choose_.below(rec->num_aux);
    switch (choose_.below(9)) {
      case 0: rec->aux.at(n) += 8; break;
      case 1: rec->aux.at(n) = choose_.one_in(2) ? regs.x[2] : rec->aux[0]; break;
      case 2: rec->aux.at(n) = any_granule().value; break;
      case 3: rec->aux.at(n) = outside_dram().value; break;
      case 4: rec->num_aux = choose_.one_of<std::uint64_t>({0, 1, 2, 3, 16, 17, ~0ULL}); break;
      case 5: rec->mpidr = choose_.below(0x200); break;
      default: mutate_field(choose_, *rec);
    }
  } else if (auto* enter = std::get_if<RecEnter>(&page)) {
    switch (choose_.below(6)) {
      case 0: enter->flags ^= kEnterEmulMmio; break;
      case 1: enter->flags = choose_.bits(); break;
      case 2: enter->gicv3_hcr = choose_.bits(); break;
      case 3: choose_.element(enter->gicv3_lrs) = choose_.bits(); break;
      case 4:
        enter->gicv3_lrs[0] = abi::gic::kLrPending | 40;
        enter->gicv3_lrs[1] = abi::gic::kLrPending | (choose_.one_in(2) ? 40 : 1021);
        break;
      default: mutate_field(choose_, *enter);
    }
  }
}

}  // namespace fuzz
