// SPDX-License-Identifier: GPL-2.0-or-later
// The failure condition ids on the pages of DEN0137 1.0-rel0, chapters B4.3, B5.3 and B6.3, command by command.
#pragma once

#include <map>
#include <string>

namespace pages {

inline const std::map<std::string, std::string> kConditionIds = {
    {"RMI_VERSION", ""},
    {"RMI_GRANULE_DELEGATE", "gran_align gran_bound gran_state gran_gpt"},
    {"RMI_GRANULE_UNDELEGATE", "gran_align gran_bound gran_state"},
    {"RMI_DATA_CREATE",
     "src_align src_bound src_pas data_align data_bound data_state data_bound2 rd_align rd_bound rd_state ipa_align "
     "ipa_bound realm_state rtt_walk rtte_state"},
    {"RMI_DATA_CREATE_UNKNOWN",
     "data_align data_bound data_state data_bound2 rd_align rd_bound rd_state ipa_align ipa_bound rtt_walk rtte_state"},
    {"RMI_DATA_DESTROY", "rd_align rd_bound rd_state ipa_align ipa_bound rtt_walk rtte_state"},
    {"RMI_REALM_ACTIVATE", "rd_align rd_bound rd_state realm_state"},
    {"RMI_REALM_CREATE",
     "params_align params_bound params_pas params_valid params_supp alias rd_align rd_bound rd_state rtt_align "
     "rtt_num_level rtt_state vmid_valid"},
    {"RMI_REALM_DESTROY", "rd_align rd_bound rd_state realm_live"},
    {"RMI_REC_CREATE",
     "params_align params_bound params_pas rec_align rec_bound rec_state rd_align rd_bound rd_state realm_state "
     "num_recs mpidr_index num_aux aux_align aux_alias aux_state"},
    {"RMI_REC_DESTROY", "rec_align rec_bound rec_gran_state rec_state"},
    {"RMI_REC_ENTER",
     "run_align run_bound run_pas rec_align rec_bound rec_gran_state realm_new system_off rec_state rec_runnable "
     "rec_mmio rec_gicv3 rec_psci"},
    {"RMI_RTT_CREATE",
     "rd_align rd_bound rd_state level_bound ipa_align ipa_bound rtt_align rtt_bound rtt_state rtt_bound2 rtt_walk "
     "rtte_state"},
    {"RMI_RTT_DESTROY", "rd_align rd_bound rd_state level_bound ipa_align ipa_bound rtt_walk rtte_state rtt_live"},
    {"RMI_RTT_MAP_UNPROTECTED",
     "attr_valid rd_align rd_bound rd_state level_bound addr_align addr_bound ipa_align ipa_bound rtt_walk rtte_state"},
    {"RMI_RTT_READ_ENTRY", "rd_align rd_bound rd_state level_bound ipa_align ipa_bound"},
    {"RMI_RTT_UNMAP_UNPROTECTED", "rd_align rd_bound rd_state level_bound ipa_align ipa_bound rtt_walk rtte_state"},
    {"RMI_PSCI_COMPLETE",
     "alias calling_align calling_bound calling_state target_align target_bound target_state pending owner target "
     "status"},
    {"RMI_FEATURES", ""},
    {"RMI_RTT_FOLD", "rd_align rd_bound rd_state level_bound ipa_align ipa_bound rtt_walk rtte_state rtt_homo"},
    {"RMI_REC_AUX_COUNT", "rd_align rd_bound rd_state"},
    {"RMI_RTT_INIT_RIPAS",
     "rd_align rd_bound rd_state size_valid top_bound realm_state base_align rtte_state top_gran_align no_progress"},
    {"RMI_RTT_SET_RIPAS",
     "rd_align rd_bound rd_state rec_align rec_bound rec_gran_state rec_state rec_owner size_valid base_bound "
     "top_bound base_align top_gran_align no_progress"},
    {"RSI_VERSION", ""},
    {"RSI_FEATURES", ""},
    {"RSI_MEASUREMENT_READ", "index_bound"},
    {"RSI_MEASUREMENT_EXTEND", "index_bound size_bound"},
    {"RSI_ATTESTATION_TOKEN_INIT", ""},
    {"RSI_ATTESTATION_TOKEN_CONTINUE", "addr_align addr_bound offset_bound size_overflow size_bound state unknown"},
    {"RSI_REALM_CONFIG", "addr_align addr_bound"},
    {"RSI_IPA_STATE_SET", "base_align top_align size_valid rgn_bound ripas_valid"},
    {"RSI_IPA_STATE_GET", "base_align end_align size_valid rgn_bound"},
    {"RSI_HOST_CALL", "addr_align addr_bound"},
    {"PSCI_VERSION", ""},
    {"PSCI_CPU_SUSPEND", ""},
    {"PSCI_CPU_OFF", ""},
    {"PSCI_CPU_ON", "entry mpidr runnable"},
    {"PSCI_AFFINITY_INFO", "target_bound target_match"},
    {"PSCI_SYSTEM_OFF", ""},
    {"PSCI_SYSTEM_RESET", ""},
    {"PSCI_FEATURES", ""},
};

}  // namespace pages
