// SPDX-License-Identifier: GPL-2.0-or-later
// The user-space interface of KVM as the VMM sees it: Linux's names, structures and numbers, for the v12 series of
// "arm64: Support for Arm CCA in KVM" (docs/host-series.md).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>

#include "rmm/abi/addr.h"

namespace host::kvm {

// Who brings a realm to life: the two generations of the interface.
enum class LifeCycle : std::uint8_t {
  kImplicit,  // from v12 on: KVM, at the first POPULATE and the first KVM_RUN
  kExplicit,  // v5 to v11: the VMM, by actions of KVM_ENABLE_CAP(KVM_CAP_ARM_RME) and by KVM_ARM_VCPU_FINALIZE
};

struct Fd {
  int value = -1;
  constexpr bool operator==(const Fd&) const = default;
};

// A user virtual address of the VMM process.
using Hva = abi::Address<struct HvaTag>;

// Linux errno values; results are negative.
enum Errno : int {
  kEPERM = 1,
  kENOENT = 2,
  kEINTR = 4,
  kEIO = 5,
  kENXIO = 6,
  kE2BIG = 7,
  kENOEXEC = 8,
  kEBADF = 9,
  kEAGAIN = 11,
  kENOMEM = 12,
  kEFAULT = 14,
  kEBUSY = 16,
  kEEXIST = 17,
  kENODEV = 19,
  kEINVAL = 22,
  kENOTTY = 25,
  kENOSYS = 38,
  kEOPNOTSUPP = 95,
};

enum class Ioctl : std::uint32_t {
  // /dev/kvm
  KVM_GET_API_VERSION = 0xAE00,
  KVM_CREATE_VM = 0xAE01,
  KVM_CHECK_EXTENSION = 0xAE03,
  KVM_GET_VCPU_MMAP_SIZE = 0xAE04,
  // VM
  KVM_CREATE_VCPU = 0xAE41,
  KVM_CREATE_IRQCHIP = 0xAE60,
  KVM_SET_USER_MEMORY_REGION2 = 0x40A0AE49,
  KVM_IRQ_LINE = 0x4008AE61,
  KVM_ENABLE_CAP = 0x4068AEA3,
  KVM_ARM_SET_COUNTER_OFFSET = 0x4010AEB5,
  KVM_CREATE_DEVICE = 0xC00CAEE0,
  KVM_SET_MEMORY_ATTRIBUTES = 0x4020AED2,
  KVM_CREATE_GUEST_MEMFD = 0xC040AED4,
  KVM_ARM_RMI_POPULATE = 0xC020AED7,
  KVM_ARM_PREFERRED_TARGET = 0x8020AEAF,
  // vCPU
  KVM_RUN = 0xAE80,
  KVM_ARM_VCPU_INIT = 0x4020AEAE,
  KVM_ARM_VCPU_FINALIZE = 0x4004AEC2,
  KVM_SET_ONE_REG = 0x4010AEAC,
  KVM_GET_ONE_REG = 0x4010AEAB,
  KVM_GET_REG_LIST = 0xC008AEB0,
  KVM_GET_MP_STATE = 0x8004AE98,
  KVM_SET_MP_STATE = 0x4004AE99,
  KVM_GET_VCPU_EVENTS = 0x8040AE9F,
  KVM_SET_VCPU_EVENTS = 0x4040AEA0,
  KVM_ARM_VCPU_RMI_PSCI_COMPLETE = 0x4018AED6,
  // device, VM, vCPU
  KVM_SET_DEVICE_ATTR = 0x4018AEE1,
  KVM_GET_DEVICE_ATTR = 0x4018AEE2,
  KVM_HAS_DEVICE_ATTR = 0x4018AEE3,
  // guest_memfd: fallocate(PUNCH_HOLE | KEEP_SIZE), a system call of its own in Linux
  FALLOCATE_PUNCH_HOLE = 0xFFFF0001,
};

enum class Cap : std::uint32_t {
  KVM_CAP_IRQCHIP = 0,
  KVM_CAP_USER_MEMORY = 3,
  KVM_CAP_NR_VCPUS = 9,
  KVM_CAP_NR_MEMSLOTS = 10,
  KVM_CAP_SYNC_MMU = 16,
  KVM_CAP_MP_STATE = 14,
  KVM_CAP_IRQFD = 32,
  KVM_CAP_MAX_VCPUS = 66,
  KVM_CAP_ONE_REG = 70,
  KVM_CAP_ARM_PSCI = 87,
  KVM_CAP_DEVICE_CTRL = 89,
  KVM_CAP_ARM_PSCI_0_2 = 102,
  KVM_CAP_ARM_EL1_32BIT = 93,
  KVM_CAP_MAX_VCPU_ID = 128,
  KVM_CAP_MSI_DEVID = 131,
  KVM_CAP_ARM_USER_IRQ = 144,
  KVM_CAP_IMMEDIATE_EXIT = 136,
  KVM_CAP_ARM_VM_IPA_SIZE = 165,
  KVM_CAP_ARM_SVE = 170,
  KVM_CAP_ARM_PMU_V3 = 126,
  KVM_CAP_ARM_PTRAUTH_ADDRESS = 171,
  KVM_CAP_ARM_PTRAUTH_GENERIC = 172,
  KVM_CAP_VCPU_EVENTS = 41,
  KVM_CAP_STEAL_TIME = 187,
  KVM_CAP_COUNTER_OFFSET = 227,
  KVM_CAP_USER_MEMORY2 = 231,
  KVM_CAP_MEMORY_FAULT_INFO = 232,
  KVM_CAP_MEMORY_ATTRIBUTES = 233,
  KVM_CAP_GUEST_MEMFD = 234,
  KVM_CAP_ARM_RME = 243,              // explicit life cycle (v9's number): KVM_ENABLE_CAP takes actions
  KVM_CAP_ARM_RMI = KVM_CAP_ARM_RME,  // implicit life cycle: its presence alone
  KVM_CAP_SET_GUEST_DEBUG = 23,
  KVM_CAP_ARM_MTE = 205,
  KVM_CAP_VCPU_ATTRIBUTES = 127,
  KVM_CAP_ARM_SYSTEM_SUSPEND = 216,
};

// KVM_CREATE_VM type argument
inline constexpr std::uint64_t kVmTypeIpaMask = 0xff;
inline constexpr std::uint64_t kVmTypeRealm = 1ULL << 30;
inline constexpr std::uint64_t kVmTypeProtected = 1ULL << 31;

struct UserspaceMemoryRegion2 {  // KVM_SET_USER_MEMORY_REGION2
  std::uint32_t slot = 0;
  std::uint32_t flags = 0;
  std::uint64_t guest_phys_addr = 0;
  std::uint64_t memory_size = 0;  // bytes; 0 deletes the slot
  std::uint64_t userspace_addr = 0;
  std::uint64_t guest_memfd_offset = 0;
  std::uint32_t guest_memfd = 0;
  std::uint32_t pad1 = 0;
};
inline constexpr std::uint32_t kMemLogDirtyPages = 1U << 0;
inline constexpr std::uint32_t kMemReadonly = 1U << 1;
inline constexpr std::uint32_t kMemGuestMemfd = 1U << 2;

struct CreateGuestMemfd {
  std::uint64_t size = 0;
  std::uint64_t flags = 0;
};
struct MemoryAttributes {
  std::uint64_t address = 0, size = 0, attributes = 0, flags = 0;
};
inline constexpr std::uint64_t kMemoryAttributePrivate = 1ULL << 3;
struct ArmRmiPopulate {
  std::uint64_t base = 0, size = 0, source_uaddr = 0;
  std::uint32_t flags = 0, reserved = 0;
};
inline constexpr std::uint32_t kArmRmiPopulateFlagsMeasure = 1U << 0;
static_assert(sizeof(ArmRmiPopulate) == 32 && offsetof(ArmRmiPopulate, flags) == 24);

// KVM_ENABLE_CAP(KVM_CAP_ARM_RME) of the explicit life cycle: args[0] is one of these, args[1] the user address of its
// structure, copied from user memory.
enum class RmeAction : std::uint64_t {
  KVM_CAP_ARM_RME_CONFIG_REALM = 0,      // ArmRmeConfig
  KVM_CAP_ARM_RME_CREATE_REALM = 1,      // nothing
  KVM_CAP_ARM_RME_INIT_RIPAS_REALM = 2,  // ArmRmeInitRipas
  KVM_CAP_ARM_RME_POPULATE_REALM = 3,    // ArmRmePopulateRealm
  KVM_CAP_ARM_RME_ACTIVATE_REALM = 4,    // nothing
};
struct ArmRmeConfig {
  std::uint32_t cfg = 0;
  std::array<std::uint8_t, 256> value{};  // a union: the RPV's 64 bytes, or a u32 that names the hash algorithm
};
static_assert(sizeof(ArmRmeConfig) == 260 && offsetof(ArmRmeConfig, value) == 4);
inline constexpr std::uint32_t kArmRmeConfigRpv = 0, kArmRmeConfigHashAlgo = 1;
inline constexpr std::uint32_t kArmRmeConfigHashAlgoSha256 = 0, kArmRmeConfigHashAlgoSha512 = 1;
inline constexpr std::size_t kArmRmeConfigRpvSize = 64;
struct ArmRmeInitRipas {
  std::uint64_t base = 0, size = 0;
  std::array<std::uint64_t, 2> reserved{};
};
static_assert(sizeof(ArmRmeInitRipas) == 32 && offsetof(ArmRmeInitRipas, size) == 8);
struct ArmRmePopulateRealm {  // the contents come from the memslot's user mapping of the same addresses
  std::uint64_t base = 0, size = 0;
  std::uint32_t flags = 0;
  std::array<std::uint32_t, 3> reserved{};
};
static_assert(sizeof(ArmRmePopulateRealm) == 32 && offsetof(ArmRmePopulateRealm, flags) == 16);
inline constexpr std::uint32_t kArmRmePopulateFlagsMeasure = 1U << 0;
struct VcpuInit {
  std::uint32_t target = 0;
  std::array<std::uint32_t, 7> features{};
};
inline constexpr unsigned kVcpuPowerOff = 0, kVcpuEl1_32Bit = 1, kVcpuPsci02 = 2, kVcpuPmuV3 = 3, kVcpuSve = 4,
                          kVcpuPtrauthAddress = 5, kVcpuPtrauthGeneric = 6, kVcpuHasEl2 = 7,
                          kVcpuRec = 9;  // KVM_ARM_VCPU_REC of v9; explicit life cycle only
struct OneReg {
  std::uint64_t id = 0;
  std::uint64_t* value = nullptr;
};
// KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE; the index counts 64-bit registers of struct kvm_regs: X0..X30,
// SP, PC, PSTATE.
constexpr std::uint64_t arm_core_reg(unsigned index) { return 0x6030'0000'0010'0000ULL + 2ULL * index; }
inline constexpr unsigned kCoreRegPc = 32, kCoreRegPstate = 33;
// KVM_IRQ_LINE: what IrqLevel::irq holds for the shared interrupt with this INTID (32 and up).
constexpr std::uint32_t irq_line_spi(std::uint32_t intid) { return 1U << 24 | intid; }
struct RegList {
  std::uint64_t n = 0;
  std::uint64_t* reg = nullptr;
};
struct MpState {
  std::uint32_t mp_state = 0;
};
inline constexpr std::uint32_t kMpStateRunnable = 0, kMpStateStopped = 5, kMpStateSuspended = 10;
struct VcpuEvents {
  std::uint8_t serror_pending = 0, serror_has_esr = 0, ext_dabt_pending = 0;
  std::uint64_t serror_esr = 0;
};
struct EnableCap {
  std::uint32_t cap = 0, flags = 0;
  std::array<std::uint64_t, 4> args{};
};
struct IrqLevel {
  std::uint32_t irq = 0;
  std::uint32_t level = 0;
};  // irq: type 31:24 (1 SPI, 2 PPI), vcpu 23:16, number 15:0
struct CreateDevice {
  std::uint32_t type = 0, fd = 0, flags = 0;
};
inline constexpr std::uint32_t kDevTypeArmVgicV2 = 5, kDevTypeArmVgicV3 = 7;
inline constexpr std::uint32_t kCreateDeviceTest = 1U << 0;
// Who answers SMCCC calls of a guest whose function ids are in [base, base + nr_functions).
enum class SmcccAction : std::uint8_t { kHandle, kDeny, kForwardToUser };
struct SmcccFilter {
  std::uint32_t base = 0, nr_functions = 0;
  std::uint8_t action = 0;  // SmcccAction
  std::array<std::uint8_t, 15> pad{};
};
struct DeviceAttr {
  std::uint32_t flags = 0, group = 0;
  std::uint64_t attr = 0;
  std::uint64_t* value = nullptr;
  SmcccFilter* smccc_filter = nullptr;  // instead of `value`: KVM_ARM_VM_SMCCC_FILTER
};
inline constexpr std::uint32_t kVmGrpSmcccCtrl = 0;  // KVM_ARM_VM_SMCCC_CTRL, of a VM
inline constexpr std::uint64_t kVmSmcccFilter = 0;   // KVM_ARM_VM_SMCCC_FILTER
inline constexpr std::uint32_t kVcpuGrpPmuV3Ctrl = 0, kVcpuGrpTimerCtrl = 1, kVcpuGrpPvtimeCtrl = 2;  // of a vCPU
inline constexpr std::uint64_t kVcpuPmuV3Irq = 0, kVcpuPmuV3Init = 1, kVcpuPmuV3SetNrCounters = 4;
inline constexpr std::uint32_t kVgicGrpAddr = 0, kVgicGrpNrIrqs = 3, kVgicGrpCtrl = 4;
inline constexpr std::uint64_t kVgicV3AddrTypeDist = 2, kVgicV3AddrTypeRedist = 3;
inline constexpr std::uint64_t kVgicCtrlInit = 0;
struct CounterOffset {
  std::uint64_t counter_offset = 0, reserved = 0;
};
struct RmiPsciComplete {
  std::uint64_t target_mpidr = 0;
  std::uint32_t psci_status = 0;
  std::array<std::uint32_t, 3> padding{};
};
struct PunchHole {
  std::uint64_t offset = 0, length = 0;
};

using IoctlArg =
    std::variant<std::monostate, std::uint64_t, UserspaceMemoryRegion2*, CreateGuestMemfd*, MemoryAttributes*,
                 ArmRmiPopulate*, VcpuInit*, OneReg*, RegList*, MpState*, VcpuEvents*, std::int32_t*, EnableCap*,
                 IrqLevel*, CreateDevice*, DeviceAttr*, CounterOffset*, RmiPsciComplete*, PunchHole*>;

enum class ExitReason : std::uint32_t {
  KVM_EXIT_UNKNOWN = 0,
  KVM_EXIT_HYPERCALL = 3,
  KVM_EXIT_MMIO = 6,
  KVM_EXIT_SHUTDOWN = 8,
  KVM_EXIT_INTR = 10,
  KVM_EXIT_INTERNAL_ERROR = 17,
  KVM_EXIT_SYSTEM_EVENT = 24,
  KVM_EXIT_ARM_NISV = 28,
  KVM_EXIT_MEMORY_FAULT = 39,
};
inline constexpr std::uint64_t kMemoryExitFlagPrivate = 1ULL << 3;
inline constexpr std::uint32_t kSystemEventShutdown = 1, kSystemEventReset = 2, kSystemEventCrash = 3,
                               kSystemEventWakeup = 4;
inline constexpr std::uint64_t kHypercallExitSmc = 1U << 0, kHypercallExit16Bit = 1U << 1;

// The mmap'ed kvm_run page of a vCPU, as far as this host uses it.
struct KvmRun {
  std::uint8_t immediate_exit = 0;
  ExitReason exit_reason = ExitReason::KVM_EXIT_UNKNOWN;
  struct Mmio {
    std::uint64_t phys_addr = 0;
    std::array<std::uint8_t, 8> data{};
    std::uint32_t len = 0;
    std::uint8_t is_write = 0;
  } mmio;
  struct MemoryFault {
    std::uint64_t flags = 0, gpa = 0, size = 0;
  } memory_fault;
  struct SystemEvent {
    std::uint32_t type = 0;
    std::uint64_t flags = 0;
  } system_event;
  struct Hypercall {
    std::uint64_t nr = 0;
    std::array<std::uint64_t, 6> args{};
    std::uint64_t ret = 0, flags = 0;
  } hypercall;
  struct Internal {
    std::uint32_t suberror = 0;
  } internal;
};

// The VMM's side of the system call boundary. Implemented by host/kvm (class Kvm).
class KvmSystem {
 public:
  virtual ~KvmSystem() = default;
  virtual Fd open_dev_kvm() = 0;
  // >= 0 or -errno. A request that fd does not know is -EINVAL (of a device or a guest_memfd -ENOTTY); an argument of
  // the wrong type -EFAULT.
  virtual long ioctl(Fd fd, Ioctl request, IoctlArg arg = {}) = 0;
  virtual long close(Fd fd) = 0;
  virtual KvmRun& run(Fd vcpu) = 0;  // mmap of the vCPU fd
  // The VMM process's anonymous memory: pages appear (zeroed) on first touch and cost a host page each.
  virtual Hva user_mmap(std::uint64_t size) = 0;
  virtual void user_munmap(Hva base, std::uint64_t size) = 0;
  virtual void user_madvise_dontneed(Hva base, std::uint64_t size) = 0;
  virtual long user_write(Hva to, std::span<const std::byte> data) = 0;  // 0, -ENOMEM, -EFAULT
  virtual long user_read(Hva from, std::span<std::byte> data) = 0;
  // A signal to the thread that runs this vCPU: KVM_RUN returns -EINTR.
  virtual void signal_vcpu_thread(Fd vcpu) = 0;
};

}  // namespace host::kvm
