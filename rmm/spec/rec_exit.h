// SPDX-License-Identifier: GPL-2.0-or-later
// How RMI_REC_ENTER ends: which fields of RmiRecExit each reason fills (A4.3), and what the REC remembers of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rmm/abi/arch/cpu.h"
#include "rmm/abi/arch/gic.h"
#include "rmm/abi/v1_0/structures.h"
#include "rmm/spec/outcome.h"

namespace rmm::spec {

struct ExitCause {
  enum class Kind : std::uint8_t {
    kException,    // what the hardware showed, an interrupt that was seen before the realm ran included
    kCall,         // an RSI or PSCI call with Outcome::exit
    kRealmAccess,  // a call with Outcome::retried (D10)
    kEntryAccess,  // the host call's data could not be written at entry; the realm did not run (A4.2.2)
  };
  Kind kind = Kind::kException;
  abi::Exception exception;  // kException
  CallExit call;             // kCall
  Ipa access;                // kRealmAccess, kEntryAccess: RsiHostCall or the command's page
  // kException, an abort: the IPA map of the state is the one that the realm met, so that the text says whether such an
  // access leaves at all (A5.2.9). Not so if another PE changed it between the fault and the exit.
  bool map_is_of_fault = false;
};

// Registers of the PE that the exit passes on (A6.1, A6.2, A8.1).
struct PeView {
  abi::gic::IchState ich;
  std::uint64_t misr = 0;
  std::uint64_t cntp_ctl = 0, cntp_cval = 0, cntv_ctl = 0, cntv_cval = 0;
  bool pmu_overflow = false;  // its interrupt is asserted
};

struct ExitShown {
  std::vector<std::byte> page;  // the 0x800 bytes of RmiRecExit, as the host finds them
  Gprs gprs{};                  // X0..X30 of the realm when it left, before the monitor acts
  std::uint64_t pc = 0;         // ELR_EL2 then: the instruction itself for SMC, WFx, aborts, trapped registers
  std::optional<PeView> pe;     // without it those fields are not compared
};

// The REC's realm has a PMU (A3.1.5).
bool has_pmu(const State& state, Pa rec);

struct ExitJudgement {
  std::vector<std::string> wrong;
  Delta next;
};

// The state is that in which the REC left; a call's own effects were applied before.
ExitJudgement judge_exit(const Platform& platform, const State& state, Pa rec, const ExitCause& cause,
                         const ExitShown& shown);

}  // namespace rmm::spec
