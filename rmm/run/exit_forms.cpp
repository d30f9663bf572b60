// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/run/exit_forms.h"

namespace rmm::run {
namespace {

using abi::v1_0::RecExitReason;

constexpr ExitField kEvery[] = {
    {"exit_reason", "this reason's number"},
    {"gicv3_hcr", "maintenance controls and EOIcount; En is 0"},
    {"gicv3_lrs", "the list registers as the realm left them"},
    {"gicv3_misr", "maintenance interrupt state"},
    {"gicv3_vmcr", "virtual machine control register"},
    {"cntp_ctl", "physical timer: control, with ISTATUS"},
    {"cntp_cval", "physical timer: compare value"},
    {"cntv_ctl", "virtual timer: control, with ISTATUS"},
    {"cntv_cval", "virtual timer: compare value"},
};
constexpr ExitField kWfx[] = {
    {"esr", "EC and TI: which of the four instructions"},
    {"gprs[0]", "WFIT and WFET: the timeout"},
};
constexpr ExitField kInstructionAbort[] = {
    {"esr", "EC, SET, EA and fault status"},
    {"hpfar", "the faulting IPA, granule aligned"},
};
constexpr ExitField kProtectedAbort[] = {
    {"esr", "EC, SET, FnV, EA and fault status; nothing of the access"},
    {"hpfar", "the faulting IPA, granule aligned"},
};
constexpr ExitField kEmulatableAbort[] = {
    {"esr", "also ISV, SAS, SF and WnR: width and direction; the register and the sign stay hidden"},
    {"far", "the offset inside the granule"},
    {"hpfar", "the faulting IPA, granule aligned"},
    {"gprs[0]", "a store: the value"},
};
constexpr ExitField kOtherAbort[] = {
    {"esr", "EC, IL, SET, FnV, EA and fault status"},
    {"hpfar", "the faulting IPA, granule aligned"},
};
constexpr ExitField kRsiAbort[] = {
    {"esr", "a data abort: translation fault at the level where the walk ended"},
    {"hpfar", "the IPA that the command names, granule aligned"},
};
constexpr ExitField kSysreg[] = {
    {"esr", "the whole syndrome: register, direction"},
    {"gprs[0]", "a write: the value; in gprs[Rt] if the machine's host reads it there"},
};
constexpr ExitField kPsci[] = {
    {"gprs[0]", "the PSCI function id"},
    {"gprs[1]", "CPU_ON and AFFINITY_INFO: the target's MPIDR"},
};
constexpr ExitField kRipasChange[] = {
    {"ripas_base", "first IPA of the range"},
    {"ripas_top", "end of the range, exclusive"},
    {"ripas_value", "the RIPAS that the realm asks for: 0 EMPTY, 1 RAM"},
};
constexpr ExitField kHostCall[] = {
    {"imm", "the number that the realm chose"},
    {"gprs", "31 registers out of the realm's structure, not the realm's own"},
};
constexpr ExitField kSerror[] = {{"esr", "EC, IDS, AET, EA and fault status"}};

constexpr ExitForm kForms[] = {
    {RecExitReason::kSync, "WFI, WFE, WFIT or WFET", "A4.3.4.1", "The realm waits, and the host asked to hear of it.",
     kWfx, "Wait for an interrupt or the timeout, then enter. trap_wfi and trap_wfe of the entry ask for this exit."},
    {RecExitReason::kSync, "instruction abort", "A4.3.4.2",
     "A fetch from a Protected IPA without memory: RIPAS RAM and UNASSIGNED, or DESTROYED.", kInstructionAbort,
     "RMI_DATA_CREATE_UNKNOWN, then enter: the fetch is repeated."},
    {RecExitReason::kSync, "data abort at a Protected IPA", "A4.3.4.3",
     "An access to a Protected IPA without memory: RIPAS RAM and UNASSIGNED, or DESTROYED.", kProtectedAbort,
     "RMI_DATA_CREATE_UNKNOWN, then enter: the access is repeated. It can't be emulated."},
    {RecExitReason::kSync, "data abort at an Unprotected IPA, emulatable", "A4.3.4.3",
     "An access to shared memory that isn't mapped: a device, or memory still to come.", kEmulatableAbort,
     "Enter with emul_mmio and a load's value in gprs[0]; or with inject_sea; or map memory and enter plainly."},
    {RecExitReason::kSync, "data abort at an Unprotected IPA, not emulatable", "A4.3.4.3",
     "The syndrome doesn't describe the access: a pair, a cache operation, writeback.", kOtherAbort,
     "RMI_RTT_MAP_UNPROTECTED and enter, or enter with inject_sea."},
    {RecExitReason::kSync, "an RSI command met missing memory", "A4.3.4.3, D10",
     "A Protected IPA that an RSI command names has lost its granule. It looks like a data abort.", kRsiAbort,
     "RMI_DATA_CREATE_UNKNOWN, then enter: the command is executed again."},
    {RecExitReason::kSync, "trapped system register", "D4",
     "A register that the host emulates: SGI generation, ICC_DIR. PC has moved on.", kSysreg,
     "Do what the register does and enter; a read takes its value from the same register of the entry."},
    {RecExitReason::kIrq,
     "",
     "A4.3.5",
     "An interrupt for the host, a maintenance interrupt of the virtual GIC, or a change of a timer's output.",
     {},
     "Take the interrupt, look at the timers, enter."},
    {RecExitReason::kFiq, "", "A4.3.6", "An FIQ for the host.", {}, "Take it, enter."},
    {RecExitReason::kPsci, "", "A4.3.7", "The realm called a PSCI function that concerns the host.", kPsci,
     "CPU_ON and AFFINITY_INFO: RMI_PSCI_COMPLETE before this REC or the target is entered. SYSTEM_OFF and "
     "SYSTEM_RESET: no REC can be entered any more."},
    {RecExitReason::kRipasChange, "", "A4.3.8", "The realm asks for another RIPAS of a range of Protected IPAs.",
     kRipasChange,
     "RMI_RTT_SET_RIPAS from base on, as far as the host agrees, then enter; the realm sees how far it came. "
     "ripas_response of the entry rejects the rest."},
    {RecExitReason::kHostCall, "", "A4.3.9", "The realm called RSI_HOST_CALL.", kHostCall,
     "Answer in gprs of the entry: they go to the realm's structure."},
    {RecExitReason::kSerror, "", "A4.3.10", "An SError for the host.", kSerror, "Handle it, enter."},
};

}  // namespace

std::string_view exit_name(RecExitReason reason) {
  switch (reason) {
    case RecExitReason::kSync: return "SYNC";
    case RecExitReason::kIrq: return "IRQ";
    case RecExitReason::kFiq: return "FIQ";
    case RecExitReason::kPsci: return "PSCI";
    case RecExitReason::kRipasChange: return "RIPAS_CHANGE";
    case RecExitReason::kHostCall: return "HOST_CALL";
    case RecExitReason::kSerror: return "SERROR";
  }
  return "unknown";
}

std::span<const ExitForm> exit_forms() { return kForms; }
std::span<const ExitField> fields_of_every_exit() { return kEvery; }

}  // namespace rmm::run
