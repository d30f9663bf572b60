// SPDX-License-Identifier: GPL-2.0-or-later
// GICv3 as a program needs it (IHI 0069): everything in group 1, one CPU interface by system registers.
#pragma once

#include <cstdint>

#include "rmm/abi/addr.h"

namespace guest {

inline constexpr abi::Ipa kDistributor{0x0800'0000};     // as the VMM lays devices out
inline constexpr abi::Ipa kRedistributors{0x080A'0000};  // of CPU 0; the others follow
inline constexpr std::uint64_t kRedistributorSize = 0x20000;

namespace gic {

inline constexpr unsigned kSpurious = 1023;
inline constexpr unsigned kFirstSpi = 32;
inline constexpr unsigned kHypervisorTimer = 26, kVirtualTimer = 27, kPhysicalTimer = 30;  // PPIs (Arm BSA)
inline constexpr unsigned kUart = kFirstSpi + 1;

// Distributor on, this CPU's interface on with no priority masked. Interrupts stay masked in PSTATE.
void start();

// Interrupt `intid` of this CPU, with this priority (lower is more urgent; the upper five bits count). An SPI is routed
// to this CPU.
void enable(unsigned intid, std::uint8_t priority);
void disable(unsigned intid);
// Pending and active state, set or cleared by software.
bool is_pending(unsigned intid);
bool is_active(unsigned intid);
void set_pending(unsigned intid);
void clear_pending(unsigned intid);

// ICC_SGI1R_EL1: to one CPU, or to all others.
void send_sgi(unsigned cpu, unsigned sgi);
void send_sgi_to_others(unsigned sgi);

// ICC_IAR1_EL1, ICC_EOIR1_EL1, ICC_DIR_EL1.
unsigned acknowledge();
void end(unsigned intid);
void deactivate(unsigned intid);

void set_priority_mask(std::uint8_t priority);
std::uint8_t running_priority();
// EOImode 1: end() drops the priority only, deactivate() does the rest.
void split_end_and_deactivate(bool split);

}  // namespace gic

}  // namespace guest
