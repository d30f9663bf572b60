// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/vmm/refusal.h"

#include <fmt/format.h>

#include "host/kvm/uapi.h"

namespace host::vmm {

std::string errno_name(long result) {
  switch (-result) {
    case kvm::kEPERM: return "EPERM";
    case kvm::kENOENT: return "ENOENT";
    case kvm::kEINTR: return "EINTR";
    case kvm::kEIO: return "EIO";
    case kvm::kENXIO: return "ENXIO";
    case kvm::kE2BIG: return "E2BIG";
    case kvm::kENOEXEC: return "ENOEXEC";
    case kvm::kEBADF: return "EBADF";
    case kvm::kEAGAIN: return "EAGAIN";
    case kvm::kENOMEM: return "ENOMEM";
    case kvm::kEFAULT: return "EFAULT";
    case kvm::kEBUSY: return "EBUSY";
    case kvm::kEEXIST: return "EEXIST";
    case kvm::kENODEV: return "ENODEV";
    case kvm::kEINVAL: return "EINVAL";
    case kvm::kENOTTY: return "ENOTTY";
    case kvm::kEOPNOTSUPP: return "EOPNOTSUPP";
    default: return fmt::format("result {}", result);
  }
}

std::string refusal(std::string_view call, long result) {
  return fmt::format("{} was refused ({}).", call, errno_name(result));
}

}  // namespace host::vmm
