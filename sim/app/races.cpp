// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/app/races.h"

namespace sim::app {
namespace {

constexpr Race kRaces[] = {
    // R1
    {"SYSTEM_OFF against the entry of another vCPU",
     "While one vCPU powers the realm off, another is already past its last check; its REC_ENTER answers ERROR_REALM.",
     "KVM_RUN returns 0 with KVM_EXIT_SHUTDOWN; a later run finds the stop request and doesn't enter."},
    // R2
    {"CPU_ON: the target enters before the completion",
     "The target is made runnable and enters first; the monitor, not yet told by PSCI_COMPLETE, answers ERROR_REC.",
     "The target's KVM_RUN returns -EAGAIN and is tried again; it succeeds once the caller's completion is through."},
    // R3
    {"PSCI in user space, completed too late",
     "The VMM runs caller or target before PSCI_COMPLETE: the request is still pending, or the target not yet "
     "runnable.",
     "Complete on the caller's vCPU first, then run both. After DENIED the target stays off."},
    // R4
    {"A failed completion is ignored",
     "PSCI_COMPLETE fails and nobody looks: the request stays pending, and every entry of the caller answers "
     "ERROR_REC.",
     "The failure ends the run with an error instead of endless retries."},
    // R5
    {"The caller is never entered again",
     "Completion waits for the caller's next entry, but the VMM doesn't run the caller any more; the target retries "
     "for ever.",
     "The VMM bounds its retries, or the completion can be made from either side."},
    // R6
    {"One exit completed twice",
     "The completion is made, a signal stops the entry, and the next pass finds the same exit and completes it again.",
     "A request is consumed once; it isn't derived from the last exit."},
    // R7
    {"PSCI answered without a completion",
     "Wrong targets, or function ids of the 32-bit form, are answered without PSCI_COMPLETE: the request stays "
     "pending.",
     "Each exit for CPU_ON or AFFINITY_INFO, of either form, gets exactly one completion."},
    // R8
    {"A REC entered twice, or destroyed while it runs",
     "Without the vCPU's mutex two entries, or entry and destruction, meet; ERROR_REC then looks like that of R2.",
     "One thread at a time enters a REC, and destruction comes when no thread can."},
    // R9
    {"RIPAS changed at the exit",
     "The host changes RIPAS before user space has heard of it: no veto, and attributes lag behind what the realm "
     "sees.",
     "The change is made at the next entry; not entering is the VMM's veto."},
    // R10
    {"A completed RIPAS change repeated",
     "The change is made, the entry is given up, and the next pass makes it again from a base that has been left "
     "behind.",
     "Progress is stored with the exit, so that the second pass finds an empty range."},
    // R11
    {"A RIPAS change that runs out of memory",
     "An allocation fails half-way and the position reached is lost: the wrong range is unmapped, or granules stay "
     "delegated.",
     "The position is stored in every case, what became EMPTY is unmapped, and the realm sees how far it came."},
    // R12
    {"RIPAS EMPTY against a fault",
     "One vCPU makes a page EMPTY while another waits for the lock to map it, and then maps it although it is EMPTY.",
     "The fault looks at attribute and sequence again under the lock; the realm's access gets an abort from the "
     "monitor."},
    // R13
    {"RIPAS completion against a change of attributes",
     "Between the VMM's conversion and SET_RIPAS another thread converts part of it back: RIPAS and attribute "
     "disagree.",
     "Attributes are checked under the sequence counter; where they disagree, the rest of the range exits once more."},
    // R14
    {"A hole punched in the wrong order",
     "Memory that counts as shared is freed while its private mapping is still there: the host reuses a delegated "
     "granule.",
     "Converting to shared unmaps the private side; punching a hole unmaps it whatever the attribute says."},
    // R15
    {"Rejecting a RIPAS change",
     "A range that reaches the unprotected half gets -EINVAL and the reject flag, yet the next entry may act on the "
     "range.",
     "The flag lasts until a successful exit, so a later KVM_RUN delivers it; no RIPAS command is sent for the range."},
    // R16
    {"An empty or wrapping range in an exit", "top is not above base: top - 1 wraps, and the length becomes huge.",
     "base < top is tested before any arithmetic."},
    // R17
    {"How long entry flags live",
     "Emulated MMIO, injected abort and reject share a word; clearing it at entry, or assigning it, loses one of them.",
     "Only a successful exit clears it; flags are set one by one, and sent again after an entry that failed."},
    // R18
    {"Trap flags lost in a short loop",
     "A loop that enters again without the whole preparation has cleared the flags: WFI and WFE no longer exit.",
     "Flags that hold for every entry are set before every entry."},
    // R19
    {"Two vCPUs fault the same private page",
     "Both delegate the page; the second call fails because the first one has won.",
     "The second takes it as done and returns to the guest, which faults again if it wasn't."},
    // R20
    {"A status of the monitor taken for a count",
     "A positive status reaches code that expects errno or a number of pages: a failed page counts as one, or as "
     "hundreds.",
     "Statuses and errno are types that don't convert; one place translates."},
    // R21
    {"Two builders of one table",
     "Two vCPUs create the same table; the second gets ERROR_RTT and may forget the granule that it had delegated.",
     "The second takes its granule back and goes on with the table that is there."},
    // R22
    {"A single retry after creating tables",
     "The map is tried once more after tables were made; a fold, or another missing level, lets it fail for good.",
     "Map, create the level that is missing, map again, until it succeeds or another error comes."},
    // R23
    {"A fold against a fault or an unmap", "A table is folded away between a vCPU's look at it and its map or unmap.",
     "After the lock was dropped no table is taken for granted; ERROR_RTT means create and retry."},
    // R24
    {"The MMU lock dropped half-way",
     "A long unmap lets others in; a fault that then goes on with its old page maps memory that the host has freed.",
     "After each drop the sequence is checked again, or that path doesn't drop the lock."},
    // R25
    {"A private fault without the lock",
     "Attribute and page are looked up and mapped without lock or sequence; a conversion in between frees the page.",
     "Look up, check the sequence under the lock, then map."},
    // R26
    {"POPULATE against the first run",
     "A first KVM_RUN activates the realm while pages are being populated: the image is cut short, its measurement "
     "differs.",
     "Both take the same locks; after activation POPULATE is refused."},
    // R27
    {"A state seen half-way",
     "Activation stores DEAD to be safe; a lock-free test that takes 'at least ACTIVE' as done lets another vCPU "
     "through.",
     "The fast path asks for exactly ACTIVE; everyone else takes the lock."},
    // R28
    {"Two creations of one realm",
     "Two first calls both see no realm; the clean-up of the second one destroys what the first has built.",
     "Creation holds the configuration lock and looks once more there."},
    // R29
    {"INIT_RIPAS over entries in use",
     "An entry that is RAM or DESTROYED stops INIT_RIPAS; a loop that answers only by creating tables never ends.",
     "No progress without a missing table is an error, and activation fails."},
    // R30
    {"Empty and wrapping arguments",
     "A size of 0, or an end beyond 2^64, passes the checks and confuses the loop behind them.",
     "Wrapping is -EINVAL; an empty range succeeds without a call where the interface allows it, and never loops."},
    // R31
    {"Delegated in part, undelegated as a whole",
     "Delegation fails after some granules, and the clean-up undelegates all: the errors leak even the good ones.",
     "The clean-up goes as far as delegation came."},
    // R32
    {"A granule that can't be returned",
     "UNDELEGATE fails. The granule is of no use to the host: whoever gets it next takes a granule protection fault.",
     "It is leaked on purpose, with a message, and never handed out again."},
    // R33
    {"Splitting a block needs memory",
     "Unmapping part of a block needs a table; where none can be had the rest stays mapped, and the caller isn't told.",
     "A spare granule is at hand before the split, or the caller hears of the failure."},
    // R34
    {"An unmap loop that doesn't move",
     "An unexpected status leads to the next round with a next address that nobody has set.",
     "Next begins as the current address, and an unknown status ends the loop."},
    // R35
    {"A stale out_top", "A shared map fails without setting out_top, and the loop advances by what is in the variable.",
     "Outputs count only with SUCCESS; ERROR_RTT repeats the round."},
    // R36
    {"The end of the shared range",
     "The shared bit is ORed into an end that has it already: the range is empty, and teardown skips the shared half.",
     "The bit is added, or the range is kept as start and length."},
    // R37
    {"A zero page behind the shared alias",
     "A read maps the zero page, or a page read-only; the first write then meets an entry that is taken.",
     "Shared pages are mapped for writing, or the write fault replaces the mapping."},
    // R38
    {"A huge page for an unaligned fault",
     "The mapping grows to a huge page, but the faulting address is not aligned down to it.",
     "Address and frame are aligned to the size that is mapped."},
    // R39
    {"A mapping that can't be written",
     "A read fault on memory that isn't writable warns or fails, even behind the shared alias.",
     "Only private memory has to be writable."},
    // R40
    {"Memory slots change during activation", "RIPAS is initialised by the list of slots while a slot comes or goes.",
     "Activation holds the lock of the slots."},
    // R41
    {"Tables at the guest's demand",
     "A realm asks for RAM far outside its memory and makes the host allocate tables for it.",
     "A range without private memory behind it is refused."},
    // R42
    {"One page populated twice",
     "The second time its granule is delegated already, or its entry is taken: an error, a warning or a dead VM.",
     "The second POPULATE gets an errno, and nothing else happens."},
    // R43
    {"Activation fails half-way", "Some RECs exist and the realm isn't ACTIVE; the next attempt creates them again.",
     "The failure is final; teardown destroys what there is."},
    // R44
    {"A vCPU created after activation", "It has no REC and no run page, and the check for activation lets it run.",
     "Creating it is refused once the realm is activated."},
    // R45
    {"Memory goes before the vCPUs",
     "At the end of a process tables are destroyed while RECs exist; the later teardown does it once more.",
     "Unmapping is remembered as done; starting tables are returned after REALM_DESTROY."},
    // R46
    {"Teardown without a pause", "Unmapping the whole IPA space in one go stalls the CPU.",
     "Teardown lets others run: no vCPU can enter any more."},
    // R47
    {"REC_DESTROY fails late",
     "The run page is freed before the REC; if destruction fails, a pointer to freed memory and a live realm remain.",
     "Destroy first, free what was destroyed."},
    // R48
    {"Error paths with a wrong result",
     "On the way out of an error a result was never set, or a page is used after it was freed.",
     "Every way out has its result, and tests take each of them by injected failures."},
    // R49
    {"Two exits that look alike",
     "A RIPAS change and a wrong attribute give the same exit: the VMM can't know what has been done already.",
     "The VMM acts on what the exit asks for, and stops when the same exit repeats without progress."},
    // R50
    {"A late back-out loses interrupts",
     "List registers wait on the entry page; the entry is given up, and the old exit page is read back.",
     "The flush copies them to the exit page too, so that the sync finds them."},
    // R51
    {"The wrong number of list registers",
     "The host fills more list registers than the monitor has, or doesn't read the control register back.",
     "The number is that of feature register 0, and EOIcount comes back with each exit."},
    // R52
    {"Return values with two meanings",
     "Success has the number of an IRQ exit, and a negative errno looks like a pending SError.",
     "Errors and exit codes are different types, and errors are looked at first."},
    // R53
    {"When general registers are copied",
     "They are copied to the entry page at the exit: what user space writes afterwards is lost.",
     "They are copied at the next entry, for the exits whose answer they carry."},
    // R54
    {"Old syndromes", "Syndrome and address of an earlier abort are still there after an exit that has none.",
     "They are invalidated for every exit but SYNC."},
    // R55
    {"A load without its put", "State is loaded for a REC, and the put that belongs to it is left out.",
     "Both are called, or neither."},
    // R56
    {"An interrupt that returns at once",
     "A PMU overflow is pending: each entry restores it and is left again before the guest executes anything.",
     "The physical interrupt is masked across the entry, and unmasked on every way out."},
    // R57
    {"Busy without end",
     "BUSY or BLOCKED is repeated with the MMU lock held, while the other side waits for that lock.",
     "Repeats are bounded, and the caller decides what comes then."},
    // R58
    {"Operations that stay open",
     "An operation that the monitor hasn't finished holds donated memory; giving up half-way leaks it.",
     "It is cancelled, and exactly what the monitor gives back is freed."},
    // R59
    {"The host touches a delegated page",
     "After a failed unmap the page is still delegated; clearing it for its next owner faults in the kernel.",
     "A page that couldn't be returned isn't used again."},
    // R60
    {"Registers sampled while they change",
     "The realm's parameters are read from vCPUs that user space is still configuring.",
     "The vCPUs are held while they are read, and can't change these registers afterwards."},
    // R61
    {"The source of POPULATE",
     "Source and destination overlap, or the source isn't moved with a start that is aligned down: wrong contents.",
     "The source is separate memory, at the same offset as the destination."},
    // R62
    {"Guest: a realm that notices it too late",
     "The linear map is made of blocks before the kernel knows that it is in a realm; they can't be split later.",
     "RSI is found before paging is set up."},
    // R63
    {"Guest: from private to shared",
     "Between the unmapping and RIPAS EMPTY the guest's other CPUs fault on the address.",
     "Nobody else uses it meanwhile; if RSI fails, the range is leaked rather than reused."},
    // R64
    {"Host pages larger than a granule",
     "A guest converts 4 KiB on a host with pages of 64 KiB: it is refused, or more gets shared than was meant.",
     "The guest aligns what it shares to the host's page size."},
    // R65
    {"A guest that asks without end",
     "The realm repeats its request while base hasn't reached the end; a host that makes no progress keeps it there.",
     "Each answer advances or rejects, and the guest takes a reject as an error."},
    // R66
    {"A prefix undelegated twice",
     "An error path unmaps a prefix and then undelegates the whole range: the call fails, and the rest never returns.",
     "Only what is still delegated is undelegated."},
    // R67
    {"An exit page that nobody wrote",
     "The entry has failed, but interrupt state is read from the page of the exit before.",
     "The exit page is read after SUCCESS only."},
    // R68
    {"Token calls on two CPUs", "A realm begins a token on one CPU and continues it on another.",
     "The operation belongs to the REC: the guest stays on its CPU, the monitor keeps it there."},
    // R69
    {"EMPTY while another CPU uses the page", "One CPU of the realm gives a page away that another one still uses.",
     "The other one gets an external abort: RIPAS decides before the host hears of anything."},
    // R70
    {"A request that comes again in part",
     "Attributes change while a RIPAS request waits; the VMM sees the same request once more, for what is left.",
     "The request is evaluated anew by each run, from the position that it has reached."},
    // R71
    {"A feature published by accident",
     "Raising the highest allowed feature number also allows those below it that were hidden.",
     "Features are listed one by one."},
    // R72
    {"A zero that doesn't mean done",
     "Zero from a register's emulation means 'ask user space'; the host copies a value that isn't there yet.",
     "A value is copied for reads only, once somebody has given one."},
    // R73
    {"Error codes as signals",
     "An errno means 'not private, try the shared path', and a real failure happens to have the same one.",
     "That decision has a result type of its own."},
};

}  // namespace

std::span<const Race> races() { return kRaces; }

}  // namespace sim::app
