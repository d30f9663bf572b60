// SPDX-License-Identifier: GPL-2.0-or-later
// One row per ioctl: its name, the kind of file that knows it, its handler, and the names of its argument's fields.
// Dispatch, trace and scenarios read the same table.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "host/kvm/file_table.h"
#include "host/port/observer.h"

namespace host::kvm {

struct IoctlRow {
  Ioctl request;
  std::string_view name;
  FdKind kind;
  long (*handler)(Host& host, const FileDescriptor& file, const IoctlArg& arg);
};

std::span<const IoctlRow> ioctl_table();
// Null: no file of this kind knows the request.
const IoctlRow* find_ioctl(Ioctl request, FdKind kind);
// The name alone, whatever the file; empty for an unknown request.
std::string_view ioctl_name(Ioctl request);
// The argument's fields by name, before the call.
std::vector<port::NamedValue> describe_ioctl_arg(const IoctlArg& arg);

}  // namespace host::kvm
