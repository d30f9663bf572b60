// SPDX-License-Identifier: GPL-2.0-or-later
// TEST KEYS, public knowledge: whoever reads this can sign any token. A token of ccasim proves nothing about anything.
// Each private scalar is the SHA-384 digest of the text beside it. test_iak_public.pem is the IAK's public half, for
// verifiers.
#pragma once

#include <string_view>

namespace sim::test_keys {

// Initial Attestation Key, of the platform: "ccasim test IAK: not a secret".
inline constexpr std::string_view kIak =
    "46c9d964fe7b6539d20820c906de2df29c32e735f4bd827c7b814b60d7d2fc98"
    "d136b72f319f71cf7b8a9852e353e45f";

// Realm Attestation Key: "ccasim test RAK: not a secret".
inline constexpr std::string_view kRak =
    "b0a8d0335088734a9202a28a8b2bdc0a7eabb7f2f7698fba0bf67075d5f64339"
    "2990608560dca97797778df272ae1dfc";

}  // namespace sim::test_keys
