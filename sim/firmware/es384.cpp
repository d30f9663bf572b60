// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/firmware/es384.h"

#include <fmt/core.h>
#include <gcrypt.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace sim {
namespace {

constexpr const char* kCurve = "NIST P-384";

// The keys and digests are the simulator's own: what fails here is its bug or the library's.
void demand(gcry_error_t error, const char* what) {
  if (error == 0) return;
  fmt::print(stderr, "sim/firmware/es384: {}: {}\n", what, gcry_strerror(error));
  std::abort();
}
void demand(const void* pointer, const char* what) {
  if (pointer != nullptr) return;
  fmt::print(stderr, "sim/firmware/es384: {}\n", what);
  std::abort();
}

void initialise_library() {
  if (gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P) != 0) return;
  demand(gcry_check_version(GCRYPT_VERSION), "libgcrypt is older than the headers ccasim was built with");
  gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
  gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
}

// Big endian, filled up with zeros in front.
void store(gcry_mpi_t value, std::span<std::uint8_t, abi::token::kP384Size> out) {
  std::size_t written = 0;
  demand(gcry_mpi_print(GCRYMPI_FMT_USG, out.data(), out.size(), &written, value), "a number is too long");
  std::copy_backward(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(written), out.end());
  std::fill_n(out.begin(), out.size() - written, std::uint8_t{0});
}

abi::token::P384Point multiple_of_generator(gcry_mpi_t scalar) {
  gcry_ctx_t curve = nullptr;
  demand(gcry_mpi_ec_new(&curve, nullptr, kCurve), "the curve");
  gcry_mpi_point_t generator = gcry_mpi_ec_get_point("g", curve, 1), product = gcry_mpi_point_new(0);
  gcry_mpi_t x = gcry_mpi_new(0), y = gcry_mpi_new(0);
  gcry_mpi_ec_mul(product, scalar, generator, curve);
  if (gcry_mpi_ec_get_affine(x, y, product, curve) != 0) demand(nullptr, "the scalar is no private key");
  abi::token::P384Point point;
  store(x, point.x);
  store(y, point.y);
  gcry_mpi_release(x);
  gcry_mpi_release(y);
  gcry_mpi_point_release(generator);
  gcry_mpi_point_release(product);
  gcry_ctx_release(curve);
  return point;
}

void store_element(gcry_sexp_t signature, const char* name, std::span<std::uint8_t, abi::token::kP384Size> out) {
  gcry_sexp_t element = gcry_sexp_find_token(signature, name, 0);
  demand(element, "a signature without r or s");
  gcry_mpi_t value = gcry_sexp_nth_mpi(element, 1, GCRYMPI_FMT_USG);
  demand(value, "a signature without r or s");
  store(value, out);
  gcry_mpi_release(value);
  gcry_sexp_release(element);
}

}  // namespace

Es384Key::Es384Key(std::string_view scalar) {
  initialise_library();
  gcry_mpi_t d = nullptr;
  const std::string text(scalar);
  demand(gcry_mpi_scan(&d, GCRYMPI_FMT_HEX, text.c_str(), 0, nullptr), "the private scalar");
  gcry_sexp_t key = nullptr;
  demand(gcry_sexp_build(&key, nullptr, "(private-key (ecc (curve %s) (d %M)))", kCurve, d), "the private key");
  private_ = key;
  public_ = multiple_of_generator(d);
  gcry_mpi_release(d);
}

Es384Key::~Es384Key() { gcry_sexp_release(static_cast<gcry_sexp_t>(private_)); }

abi::token::Es384Signature Es384Key::sign(const abi::token::Sha384Digest& digest) const {
  gcry_sexp_t data = nullptr, signature = nullptr;
  demand(gcry_sexp_build(&data, nullptr, "(data (flags rfc6979) (hash sha384 %b))", static_cast<int>(digest.size()),
                         digest.data()),
         "the digest");
  demand(gcry_pk_sign(&signature, data, static_cast<gcry_sexp_t>(private_)), "signing");
  abi::token::Es384Signature out;
  store_element(signature, "r", std::span(out).first<abi::token::kP384Size>());
  store_element(signature, "s", std::span(out).last<abi::token::kP384Size>());
  gcry_sexp_release(data);
  gcry_sexp_release(signature);
  return out;
}

abi::token::Sha384Digest sha384(abi::token::ByteView data) {
  initialise_library();
  abi::token::Sha384Digest out;
  gcry_md_hash_buffer(GCRY_MD_SHA384, out.data(), data.data(), data.size());
  return out;
}

std::array<std::uint8_t, 32> sha256(abi::token::ByteView data) {
  initialise_library();
  std::array<std::uint8_t, 32> out = {};
  gcry_md_hash_buffer(GCRY_MD_SHA256, out.data(), data.data(), data.size());
  return out;
}

}  // namespace sim
