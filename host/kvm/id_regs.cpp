// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/kvm/id_regs.h"

#include "rmm/abi/arch/sysreg.h"

namespace host::kvm {
namespace {

constexpr std::uint32_t id(unsigned crm, unsigned op2) { return abi::sysreg_key(3, 0, 0, crm, op2); }

// A field of an ID register and the value the guest sees. `absent` is what says "not implemented".
struct HiddenField {
  std::uint32_t key;
  unsigned shift, width;
  std::uint64_t absent;
};

constexpr HiddenField kHidden[] = {
    {id(4, 0), 8, 4, 0},   // ID_AA64PFR0_EL1.EL2: no nested virtualisation
    {id(4, 0), 12, 4, 0},  // .EL3: not for the guest to see
    {id(4, 0), 28, 4, 0},  // .RAS
    {id(4, 0), 32, 4, 0},  // .SVE
    {id(4, 0), 40, 4, 0},  // .MPAM
    {id(4, 0), 44, 4, 0},  // .AMU
    {id(4, 0), 52, 4, 0},  // .RME
    {id(4, 1), 8, 4, 0},   // ID_AA64PFR1_EL1.MTE
    {id(4, 1), 24, 4, 0},  // .SME
    {id(4, 4), 0, 64, 0},  // ID_AA64ZFR0_EL1: SVE
    {id(4, 5), 0, 64, 0},  // ID_AA64SMFR0_EL1: SME
    {id(5, 0), 8, 4, 0},   // ID_AA64DFR0_EL1.PMUVer
    {id(5, 0), 32, 4, 0},  // .PMSVer: SPE
    {id(5, 0), 44, 4, 0},  // .TraceBuffer
    {id(6, 0), 60, 4, 0},  // ID_AA64ISAR0_EL1.RNDR
    {id(6, 1), 4, 4, 0},   // ID_AA64ISAR1_EL1.APA: pointer authentication
    {id(6, 1), 8, 4, 0},   // .API
    {id(6, 1), 24, 4, 0},  // .GPA
    {id(6, 1), 28, 4, 0},  // .GPI
    {id(6, 2), 8, 4, 0},   // ID_AA64ISAR2_EL1.GPA3
    {id(6, 2), 12, 4, 0},  // .APA3
};

// Pointer authentication is the one choice of user space among them.
bool is_ptrauth(const HiddenField& f) { return (f.key == id(6, 1) || f.key == id(6, 2)) && f.absent == 0; }

}  // namespace

bool is_id_reg(std::uint32_t key) { return key >= id(1, 0) && key <= id(7, 7); }

std::uint64_t kvm_read_sanitised_id_reg(Host& host, Vcpu& vcpu, std::uint32_t key) {
  std::uint64_t value = host.port.guests.guest(vcpu.guest_cpu).id_register(key);
  const bool ptrauth = (vcpu.features & (1U << kVcpuPtrauthAddress)) != 0;
  for (const auto& f : kHidden) {
    if (f.key != key || (ptrauth && is_ptrauth(f))) continue;
    const std::uint64_t mask = (f.width == 64 ? ~0ULL : (1ULL << f.width) - 1) << f.shift;
    value = (value & ~mask) | ((f.absent << f.shift) & mask);
  }
  return value;
}

}  // namespace host::kvm
