// SPDX-License-Identifier: GPL-2.0-or-later
// What DEN0137 1.0-rel0 demands and a monitor easily leaves out. A test of an item begins with the item's name and has
// the tag [easily-skipped]; tests/rmm/README.md lists them.
#pragma once

#include <array>
#include <string_view>

namespace easily_skipped {

inline constexpr std::string_view kTag = "easily-skipped";

// Tested in tests/rmm, without a machine.
inline constexpr std::array<std::string_view, 40> kOfTheMonitor{
    "A2.1.2.3 ID registers",
    "A2.1.2.4 IMPLEMENTATION DEFINED registers",
    "A3.1.3 SVE",
    "A3.1.5 PMU",
    "A3.1.6 AMU",
    "A3.1.7 SPE",
    "A3.1.8 TRBE",
    "A4.1 SUCCESS without entry",
    "A4.2.3 sign extension",
    "A4.2.3 SF",
    "A4.2.3 SRT = 31",
    "A4.3.4.1 timeout of WFIT and WFET",
    "A4.3.4.3 SRT and SSE are hidden",
    "A4.3.4.3 FAR has 12 bits",
    "A4.3.8 RIPAS window",
    "A5.2.6 fetch from Unprotected IPA",
    "A5.2.6 granule protection fault",
    "A5.2.8 address size fault",
    "A5.2.8 level",
    "A5.2.10 set/way",
    "A5.5.11 MemAttr",
    "A5.5.11 shareability",
    "A5.5.11 access flag",
    "A6.1 list registers",
    "A6.1 HCR",
    "A6.1 exit values",
    "A6.1 NUM_LRS minus one",
    "A6.2 exit values",
    "A6.2 the host's EL2 timer",
    "A6.2 masking per timer",
    "A6.2 change of the output",
    "A7.2.2 second TOKEN_INIT",
    "A7.2.2 interrupt inside CONTINUE",
    "B2 RMI scenarios",
    "B2 RSI scenarios",
    "B3.82 VMID upper byte",
    "B4.3.2 DATA_CREATE_UNKNOWN",
    "B4.3.9 VMID upper byte",
    "B4.4.18 Aff0",
    "B4.4.18 reserved bits",
};

// Tested in tests/app, by real CPUs in a realm.
inline constexpr std::array<std::string_view, 12> kOfTheMachine{
    "A2.1.2.3 ID registers",
    "A2.1.2.4 IMPLEMENTATION DEFINED registers",
    "A3.1 hidden features",
    "A4.2.3 emulated read",
    "A5.2.6 fetch from Unprotected IPA",
    "A5.2.6 granule protection fault",
    "A5.2.8 address size fault",
    "A5.2.10 set/way",
    "A6.1 PMR",
    "A6.2 equal counters",
    "A6.2 the host's EL2 timer",
    "A6.2 masking per timer",
};

}  // namespace easily_skipped
