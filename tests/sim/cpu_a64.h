// SPDX-License-Identifier: GPL-2.0-or-later
// A64 instruction words for test programs: as many encodings as the tests need.
#pragma once

#include <cstdint>
#include <vector>

#include "rmm/abi/arch/sysreg.h"

namespace a64 {

using Word = std::uint32_t;
using Program = std::vector<Word>;

inline constexpr unsigned kSp = 31, kZr = 31;

constexpr Word movz(unsigned rd, unsigned imm, unsigned hw = 0) { return 0xd2800000 | hw << 21 | imm << 5 | rd; }
constexpr Word movk(unsigned rd, unsigned imm, unsigned hw) { return 0xf2800000 | hw << 21 | imm << 5 | rd; }
constexpr Word add(unsigned rd, unsigned rn, unsigned imm) { return 0x91000000 | imm << 10 | rn << 5 | rd; }
constexpr Word sub(unsigned rd, unsigned rn, unsigned imm) { return 0xd1000000 | imm << 10 | rn << 5 | rd; }
constexpr Word cbnz(unsigned rt, int words) { return 0xb5000000 | (static_cast<Word>(words) & 0x7ffff) << 5 | rt; }
constexpr Word cbz(unsigned rt, int words) { return 0xb4000000 | (static_cast<Word>(words) & 0x7ffff) << 5 | rt; }
constexpr Word b(int words) { return 0x14000000 | (static_cast<Word>(words) & 0x3ffffff); }
constexpr Word br(unsigned rn) { return 0xd61f0000 | rn << 5; }
constexpr Word blr(unsigned rn) { return 0xd63f0000 | rn << 5; }
inline constexpr Word kSevl = 0xd50320bf, kSev = 0xd503209f;
inline constexpr Word kRet = 0xd65f03c0, kNop = 0xd503201f, kYield = 0xd503203f, kWfe = 0xd503205f, kWfi = 0xd503207f,
                      kIsb = 0xd5033fdf, kDsb = 0xd5033f9f, kEret = 0xd69f03e0, kUdf = 0;
constexpr Word svc(unsigned imm) { return 0xd4000001 | imm << 5; }
constexpr Word hvc(unsigned imm) { return 0xd4000002 | imm << 5; }
constexpr Word smc(unsigned imm) { return 0xd4000003 | imm << 5; }
constexpr Word brk(unsigned imm) { return 0xd4200000 | imm << 5; }
constexpr Word system(std::uint32_t key, unsigned rt, bool read) {
  return 0xd5000000 | (read ? 1U << 21 : 0) | (key >> 14 & 3) << 19 | (key >> 11 & 7) << 16 | (key >> 7 & 15) << 12 |
         (key >> 3 & 15) << 8 | (key & 7) << 5 | rt;
}
constexpr Word mrs(unsigned rt, std::uint32_t key) { return system(key, rt, true); }
constexpr Word msr(std::uint32_t key, unsigned rt) { return system(key, rt, false); }
constexpr Word mrs(unsigned rt, abi::SysReg reg) { return mrs(rt, static_cast<std::uint32_t>(reg)); }
constexpr Word msr(abi::SysReg reg, unsigned rt) { return msr(static_cast<std::uint32_t>(reg), rt); }
constexpr Word sys(std::uint32_t key, unsigned rt) { return system(key, rt, false); }
constexpr Word daifclr(unsigned mask) { return 0xd50340ff | mask << 8; }
constexpr Word spsel(unsigned value) { return 0xd50040bf | value << 8; }
constexpr Word ldr(unsigned rt, unsigned rn, unsigned bytes = 0) {
  return 0xf9400000 | (bytes / 8) << 10 | rn << 5 | rt;
}
constexpr Word str(unsigned rt, unsigned rn, unsigned bytes = 0) {
  return 0xf9000000 | (bytes / 8) << 10 | rn << 5 | rt;
}
constexpr Word ldrw(unsigned rt, unsigned rn, unsigned bytes = 0) {
  return 0xb9400000 | (bytes / 4) << 10 | rn << 5 | rt;
}
constexpr Word strw(unsigned rt, unsigned rn, unsigned bytes = 0) {
  return 0xb9000000 | (bytes / 4) << 10 | rn << 5 | rt;
}
constexpr Word strb(unsigned rt, unsigned rn, unsigned bytes = 0) { return 0x39000000 | bytes << 10 | rn << 5 | rt; }
constexpr Word ldrsh_x(unsigned rt, unsigned rn) { return 0x79800000 | rn << 5 | rt; }
constexpr Word ldr_register(unsigned rt, unsigned rn, unsigned rm) { return 0xf8606800 | rm << 16 | rn << 5 | rt; }
constexpr Word ldr_post(unsigned rt, unsigned rn, unsigned bytes) { return 0xf8400400 | bytes << 12 | rn << 5 | rt; }
constexpr Word stur(unsigned rt, unsigned rn, int bytes) {
  return 0xf8000000 | (static_cast<Word>(bytes) & 0x1ff) << 12 | rn << 5 | rt;
}
constexpr Word ldp(unsigned rt, unsigned rt2, unsigned rn) { return 0xa9400000 | rt2 << 10 | rn << 5 | rt; }
constexpr Word stp(unsigned rt, unsigned rt2, unsigned rn) { return 0xa9000000 | rt2 << 10 | rn << 5 | rt; }
constexpr Word ldtr(unsigned rt, unsigned rn) { return 0xf8400800 | rn << 5 | rt; }
constexpr Word sttr(unsigned rt, unsigned rn) { return 0xf8000800 | rn << 5 | rt; }
constexpr Word ldar(unsigned rt, unsigned rn) { return 0xc8dffc00 | rn << 5 | rt; }
constexpr Word ldxr(unsigned rt, unsigned rn) { return 0xc85f7c00 | rn << 5 | rt; }
constexpr Word stxr(unsigned rs, unsigned rt, unsigned rn) { return 0xc8007c00 | rs << 16 | rn << 5 | rt; }
constexpr Word mov_from_sp(unsigned rd) { return 0x910003e0 | rd; }
constexpr Word mov_to_sp(unsigned rn) { return 0x9100001f | rn << 5; }

// rd := value, in four instructions whatever the value.
inline void append_mov(Program& program, unsigned rd, std::uint64_t value) {
  program.push_back(movz(rd, static_cast<unsigned>(value & 0xffff)));
  for (unsigned hw = 1; hw < 4; ++hw)
    program.push_back(movk(rd, static_cast<unsigned>((value >> (16 * hw)) & 0xffff), hw));
}

inline void append(Program& program, std::initializer_list<Word> words) { program.insert(program.end(), words); }

}  // namespace a64
