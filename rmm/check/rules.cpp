// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/check/rules.h"

namespace rmm::check {
namespace {

constexpr Rule kRules[] = {
    {"I1",
     "The monitor's state of a granule and the granule protection table agree: whatever is not UNDELEGATED is in the "
     "Realm PAS.",
     "A2.2.1, A2.2.3", "at each change of a granule's state, and of every granule when all of the state is swept"},
    {"I2", "A delegated granule is used by at most one owner: an RD, a REC, an auxiliary slot, one RTT entry.",
     "A2.2.1", "of every granule when all of the state is swept"},
    {"I3",
     "What a realm or the monitor wrote can be read neither by the host after undelegation nor by the granule's next "
     "owner.",
     "A2.2.4", "when a granule loses its owner, gets the next one or goes back to the host"},
    {"I4", "The host reaches no granule that is not Non-secure; no protected entry points at a Non-secure one.",
     "A2.1.2.2, A5.5.4", "at each write of an RTT entry"},
    {"I5", "States change along the graph of A2.2.3 only (with D12's edge).", "A2.2.3.2",
     "at each change of a granule's state"},
    {"I6",
     "Reference counts: an RD's are its RECs, a REC's is 1 while it runs, an RTT's are its TABLE and ASSIGNED entries "
     "(not ASSIGNED_NS), all others 0.",
     "A2.1.4, A5.5.8", "of every realm, REC and RTT when all of the state is swept"},
    {"I7", "A granule leaves its state only without references; starting tables live as long as their RD.",
     "A2.1.4, A5.5.9", "when a granule becomes DELEGATED"},
    {"I8",
     "RTTs are trees: a TABLE entry points at an RTT granule one level deeper, of which it is the only parent; level 3 "
     "has none.",
     "A5.5.1 to A5.5.3", "of every RTT when all of the state is swept"},
    {"I9",
     "Addresses are aligned to their entry's level; ASSIGNED and UNASSIGNED lie in the protected half, their _NS kin "
     "in the other.",
     "A5.5.2, A5.5.4", "at each write of an RTT entry"},
    {"I10", "A descriptor is valid for hardware exactly if it is TABLE, ASSIGNED with RIPAS RAM, or ASSIGNED_NS.",
     "A5.5.4, A5.5.11", "at each write of an RTT entry"},
    {"I11", "A DATA granule is mapped by exactly one entry of all realms.", "A5.3.1, A5.5.4",
     "of every DATA granule when all of the state is swept"},
    {"I12", "Fold and unfold leave the map from IPA to address, RIPAS and attributes as it was.", "A5.5.6, A5.5.7",
     "at each fold and unfold of an RTT"},
    {"I13", "After a destruction, unmapping, fold or RIPAS change no TLB holds an entry of before.",
     "A5.5.6 to A5.5.9; Arm ARM: TLB maintenance",
     "at each write of an RTT entry and at each walk, against a TLB that forgets only what the monitor invalidates"},
    {"I14",
     "After activation the host alone can make RIPAS only DESTROYED; RAM and EMPTY need the realm's request. Before, "
     "DATA_CREATE and RTT_INIT_RIPAS make RAM.",
     "A5.2.2, A5.4", "at each write of an RTT entry"},
    {"I15", "NEW, ACTIVE, SYSTEM_OFF, in this order only; the RIM is fixed from activation on.", "A2.1.5, A7.1.1",
     "at each change of a realm's state, the RIM after each RMI command"},
    {"I16",
     "The RIM is what an independent computation from the log of commands gives (`tests/verifier`); a REM changes by "
     "its realm's own extension only.",
     "A7.1.1, A7.1.2", "after each command and call, against a computation of the checks' own"},
    {"I17", "Live realms have different VMIDs; one is free again only after its realm's last table and TLB entry.",
     "A2.1.3",
     "when a realm ends, against a TLB that forgets only what the monitor invalidates, and when all of the state is "
     "swept"},
    {"I18", "A REC's owner and MPIDR are fixed and, in its realm, unique; it runs on one PE at a time.",
     "A2.3.2, A2.3.4", "at each REC entry, and of every REC when all of the state is swept"},
    {"I19", "A REC waits for at most one of PSCI, RIPAS change and host call; each is completed once.",
     "A4.3.7 to A4.3.9, A5.4", "of every REC when all of the state is swept"},
    {"I20", "An exit shows the host the fields that its reason has, and no others.", "A4.3", "at each REC exit"},
    {"I21", "List registers and control bits outside of what A6.1 allows are refused.", "A6.1",
     "at each REC entry, and when one is refused for its list registers"},
    {"I22", "Memory of the host is read once per command.", "B1.5", "at each read of Non-secure memory"},
    {"I23",
     "A command that fails changes nothing but its documented outputs (exception: D14), and reports a condition that "
     "D2 allows.",
     "B1.6", "at the end of each command, its conditions evaluated once more"},
    {"I24",
     "A command that succeeds changes its footprint and nothing else (`rmm/check/footprints.cpp`, since D12 finds the "
     "pages' lists incomplete).",
     "B1.9", "at the end of each command, against a table of what it may change"},
    {"I25", "Every command ends, in bounded time, and holds no lock then; none is held while a REC runs.",
     "our own: locks of the monitor", "at each lock that is taken and at the end of each command"},
    {"I26", "A token depends on realm state and challenge only, and verifies.", "A7.2",
     "when a realm has got all of a token"},
    {"I27", "Two runs that differ in a realm's secrets alone look the same to the host, virtual time included.",
     "our own: confidentiality",
     "by runs that differ in the content of a realm's unmeasured memory: after each SMC, at each read of the host, and "
     "all of Non-secure memory at the end",
     "--check=secrets"},
    {"I28", "Two runs that differ in another realm alone look the same to this realm, counters aside.",
     "our own: isolation of realms",
     "by runs that differ in the content of another realm's unmeasured memory: whenever a REC goes on, and all of the "
     "realm's memory at its end",
     "--check=secrets"},
};

}  // namespace

std::span<const Rule> rules() { return kRules; }

const Rule* find_rule(std::string_view id) {
  for (const Rule& rule : kRules)
    if (rule.id == id) return &rule;
  return nullptr;
}

}  // namespace rmm::check
