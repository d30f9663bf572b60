// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/kvm/file_table.h"

#include "host/kvm/create_vm.h"
#include "host/kvm/guest_memfd.h"

namespace host::kvm {

Fd install_fd(Host& host, FileDescriptor file) {
  auto& files = host.state.files;
  if (files.empty()) files.resize(3);  // standard input, output and error are the VMM's
  for (std::size_t i = 3; i < files.size(); ++i) {
    if (files[i].kind != FdKind::kClosed) continue;
    files[i] = file;
    return {static_cast<int>(i)};
  }
  files.push_back(file);
  return {static_cast<int>(files.size() - 1)};
}

FileDescriptor* find_file(Host& host, Fd fd) {
  auto& files = host.state.files;
  if (fd.value < 0 || static_cast<std::size_t>(fd.value) >= files.size()) return nullptr;
  auto& file = files[static_cast<std::size_t>(fd.value)];
  return file.kind == FdKind::kClosed ? nullptr : &file;
}

long close_fd(Host& host, Fd fd) {
  auto* file = find_file(host, fd);
  if (file == nullptr) return -kEBADF;
  const FileDescriptor closed = *file;
  *file = {};
  switch (closed.kind) {
    case FdKind::kGuestMemfd: kvm_gmem_release(host, closed.index); [[fallthrough]];
    case FdKind::kVm:
    case FdKind::kVcpu:
    case FdKind::kVgicDevice: kvm_put_kvm(host, host.state.vms[closed.vm]); break;
    case FdKind::kClosed:
    case FdKind::kDevKvm: break;
  }
  return 0;
}

}  // namespace host::kvm
