// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/mem/ns_view.h"

#include <algorithm>
#include <cstring>

namespace sim {
namespace {

using Result = tl::expected<void, host::port::GranuleProtectionFault>;

// Cuts [pa, pa + size) at granule boundaries; stops before the first piece whose granule isn't Non-secure.
template <class Piece>
Result for_each_piece(const Gpt& gpt, abi::Pa pa, std::size_t size, Piece&& piece) {
  for (std::size_t done = 0; done < size;) {
    const abi::Pa at = pa + done;
    const std::size_t offset = at.value & (abi::kGranuleSize - 1);
    const std::size_t length = std::min<std::size_t>(size - done, abi::kGranuleSize - offset);
    const auto granule = abi::GranulePa::containing(at);
    if (const abi::Pas pas = gpt.pas(granule); pas != abi::Pas::kNonSecure)
      return tl::unexpected(host::port::GranuleProtectionFault{at, pas});
    piece(granule, offset, done, length);
    done += length;
  }
  return {};
}

}  // namespace

NsView::NsView(Dram& dram, const Gpt& gpt) : dram_(dram), gpt_(gpt) {
  for (const auto& bank : dram_.banks()) banks_.push_back({bank.base, bank.size});
}

Result NsView::read(abi::Pa pa, std::span<std::byte> out) {
  return for_each_piece(gpt_, pa, out.size(),
                        [&](abi::GranulePa granule, std::size_t offset, std::size_t done, std::size_t length) {
                          std::memcpy(out.data() + done, dram_.bytes(granule) + offset, length);
                        });
}

Result NsView::write(abi::Pa pa, std::span<const std::byte> in) {
  return for_each_piece(gpt_, pa, in.size(),
                        [&](abi::GranulePa granule, std::size_t offset, std::size_t done, std::size_t length) {
                          std::memcpy(dram_.write_native(granule) + offset, in.data() + done, length);
                        });
}

Result NsView::zero(abi::GranulePa granule) {
  return for_each_piece(gpt_, granule.pa(), abi::kGranuleSize,
                        [&](abi::GranulePa whole, std::size_t, std::size_t, std::size_t) {
                          // A granule that nobody ever wrote is zero already and stays free of host memory.
                          if (dram_.touched(whole)) std::memset(dram_.write_native(whole), 0, abi::kGranuleSize);
                        });
}

}  // namespace sim
