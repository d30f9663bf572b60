// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/app/state_hash.h"

#include <cstdlib>

#include <fmt/format.h>
#include <gcrypt.h>

namespace sim::app {

Sha256::Sha256() {
  gcry_md_hd_t handle = nullptr;
  if (gcry_md_open(&handle, GCRY_MD_SHA256, 0) != 0) std::abort();  // out of memory
  handle_ = handle;
}

Sha256::~Sha256() { gcry_md_close(static_cast<gcry_md_hd_t>(handle_)); }

void Sha256::update(std::span<const std::byte> bytes) {
  gcry_md_write(static_cast<gcry_md_hd_t>(handle_), bytes.data(), bytes.size());
}

std::string Sha256::hex() {
  gcry_md_hd_t copy = nullptr;
  if (gcry_md_copy(&copy, static_cast<gcry_md_hd_t>(handle_)) != 0) std::abort();
  const unsigned char* digest = gcry_md_read(copy, GCRY_MD_SHA256);
  std::string out;
  for (unsigned i = 0; i < 32; ++i) out += fmt::format("{:02x}", digest[i]);
  gcry_md_close(copy);
  return out;
}

}  // namespace sim::app
