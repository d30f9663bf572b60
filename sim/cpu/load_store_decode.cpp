// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/load_store_decode.h"

#include "rmm/abi/arch/esr.h"

namespace sim {
namespace {

constexpr std::uint32_t field(std::uint32_t value, unsigned high, unsigned low) {
  return (value >> low) & ((1U << (high - low + 1)) - 1);
}

constexpr std::uint64_t sign_extend(std::uint64_t value, unsigned bits) {
  const std::uint64_t sign = 1ULL << (bits - 1);
  return (value ^ sign) - sign;
}

struct Decoder {
  std::uint32_t insn;
  std::uint64_t pc;
  const RegisterReader& read;

  std::uint64_t base() const { return read(field(insn, 9, 5), true); }
  bool simd() const { return field(insn, 26, 26) != 0; }

  // opc: 0 store, 1 load, 2 load sign-extended to 64 bits, 3 to 32 bits.
  std::uint64_t syndrome(unsigned size, unsigned opc, bool acquire_release) const {
    const bool sign = opc >= 2;
    const bool sixty_four = sign ? opc == 2 : size == 3;
    return abi::esr::kIsv | (std::uint64_t{size} << abi::esr::kSasShift) | (sign ? abi::esr::kSse : 0) |
           (std::uint64_t{field(insn, 4, 0)} << abi::esr::kSrtShift) | (sixty_four ? abi::esr::kSf : 0) |
           (acquire_release ? abi::esr::kAr : 0);
  }

  RegisterTransfer transfer(unsigned bytes, bool load) const {
    return {.rt = field(insn, 4, 0), .size = bytes, .load = load, .simd = simd()};
  }
  // `opc` as in syndrome().
  RegisterTransfer integer(unsigned size, unsigned opc) const {
    auto out = transfer(1U << size, opc != 0);
    out.sign_extends = opc >= 2;
    out.sixty_four = opc == 2;
    return out;
  }
  std::optional<std::pair<unsigned, std::uint64_t>> base_becomes(std::uint64_t value) const {
    return std::pair{field(insn, 9, 5), value};
  }

  std::optional<MemoryAccess> literal() const {
    const unsigned opc = field(insn, 31, 30);
    const auto address = pc + sign_extend(std::uint64_t{field(insn, 23, 5)} << 2, 21);
    if (simd()) return MemoryAccess{address, 4U << opc, 0, transfer(4U << opc, true)};
    if (opc == 2) return MemoryAccess{address, 4, syndrome(2, 2, false), integer(2, 2)};  // LDRSW
    return MemoryAccess{address, 4U << opc, syndrome(2 + opc, 1, false), integer(2 + opc, 1)};
  }

  // Exclusives, compare-and-swap, and the ordered loads and stores, of which only the last have a syndrome.
  std::optional<MemoryAccess> exclusive_or_ordered() const {
    const unsigned size = field(insn, 31, 30);
    const bool pair = field(insn, 21, 21) != 0;
    const bool ordered = field(insn, 23, 23) != 0 && !pair;
    const unsigned load = field(insn, 22, 22);
    if (!ordered) return MemoryAccess{base(), (pair ? 2U : 1U) << size, 0, std::nullopt};
    return MemoryAccess{base(), 1U << size, syndrome(size, load, field(insn, 15, 15) != 0), integer(size, load)};
  }

  std::optional<MemoryAccess> pair() const {
    const unsigned opc = field(insn, 31, 30);
    const unsigned scale = simd() ? 2 + opc : 2 + (opc >> 1);
    const unsigned index = field(insn, 24, 23);  // 0 non-temporal, 1 post-index, 2 offset, 3 pre-index
    const auto offset = sign_extend(field(insn, 21, 15), 7) << scale;
    auto moved = transfer(1U << scale, field(insn, 22, 22) != 0);
    moved.rt2 = field(insn, 14, 10);
    moved.sign_extends = moved.sixty_four = !simd() && opc == 1;  // LDPSW
    if ((index & 1) != 0) moved.new_base = base_becomes(base() + offset);
    return MemoryAccess{base() + (index == 1 ? 0 : offset), 2U << scale, 0, moved};
  }

  unsigned register_scale() const {
    const unsigned size = field(insn, 31, 30);
    return simd() ? (field(insn, 23, 23) << 2 | size) : size;
  }

  MemoryAccess single(std::uint64_t address, std::optional<std::uint64_t> new_base = {}) const {
    const unsigned size = field(insn, 31, 30), opc = field(insn, 23, 22);
    auto moved = simd() ? transfer(1U << register_scale(), (opc & 1) != 0) : integer(size, opc);
    if (new_base) moved.new_base = base_becomes(*new_base);
    const bool valid = !simd() && !new_base;
    return {address, 1U << register_scale(), valid ? syndrome(size, opc, false) : 0, moved};
  }

  std::uint64_t extended_offset() const {
    const std::uint64_t value = read(field(insn, 20, 16), false);
    const unsigned shift = field(insn, 12, 12) != 0 ? register_scale() : 0;
    switch (field(insn, 15, 13)) {
      case 2: return (value & 0xffffffffULL) << shift;                 // UXTW
      case 6: return sign_extend(value & 0xffffffffULL, 32) << shift;  // SXTW
      default: return value << shift;                                  // LSL, SXTX
    }
  }

  std::optional<MemoryAccess> single_register() const {
    if (field(insn, 24, 24) != 0) return single(base() + (std::uint64_t{field(insn, 21, 10)} << register_scale()));
    const unsigned kind = field(insn, 11, 10);
    const auto offset = sign_extend(field(insn, 20, 12), 9);
    if (field(insn, 21, 21) == 0) {
      if (kind == 1) return single(base(), base() + offset);
      if (kind == 3) return single(base() + offset, base() + offset);
      return single(base() + offset);
    }
    if (kind == 2) return single(base() + extended_offset());
    if (kind != 0) return std::nullopt;     // LDRAA, LDRAB: the address is authenticated
    if ((insn & 0x3ffffc00) == 0x38bfc000)  // LDAPR
      return MemoryAccess{base(), 1U << field(insn, 31, 30), syndrome(field(insn, 31, 30), 1, true),
                          integer(field(insn, 31, 30), 1)};
    return MemoryAccess{base(), 1U << field(insn, 31, 30), 0, std::nullopt};  // atomics
  }

  std::optional<MemoryAccess> ordered_unscaled() const {  // LDAPUR, STLUR
    auto access = single(base() + sign_extend(field(insn, 20, 12), 9));
    access.iss |= abi::esr::kAr;
    return access;
  }
};

}  // namespace

std::optional<MemoryAccess> decode_memory_access(std::uint32_t instruction, std::uint64_t pc,
                                                 const RegisterReader& read) {
  const Decoder decoder{instruction, pc, read};
  constexpr unsigned kMaxStructureBytes = 64;
  if ((instruction & 0xffffffe0) == 0xd50b7420)  // DC ZVA
    return MemoryAccess{read(field(instruction, 4, 0), false), 1, 0, std::nullopt};
  if ((instruction & 0x3b000000) == 0x18000000) return decoder.literal();
  if ((instruction & 0x3f000000) == 0x08000000) return decoder.exclusive_or_ordered();
  if ((instruction & 0x3a000000) == 0x28000000) return decoder.pair();
  if ((instruction & 0x3f200c00) == 0x19000000) return decoder.ordered_unscaled();
  if ((instruction & 0x3a000000) == 0x38000000) return decoder.single_register();
  if ((instruction & 0xbe000000) == 0x0c000000)
    return MemoryAccess{decoder.base(), kMaxStructureBytes, 0, std::nullopt};  // LD1-4, ST1-4
  return std::nullopt;
}

}  // namespace sim
