#include "engine/io/hash.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <charconv>
#include <new>

namespace molten::io {

struct Hasher::State {
    XXH3_state_t* xxh;
};

std::string Hash128::hex() const { return fmt::format("{:016x}{:016x}", high, low); }

std::optional<Hash128> Hash128::from_hex(std::string_view digits) {
    if (digits.size() != 32 || digits.find_first_not_of("0123456789abcdef") != std::string_view::npos) return std::nullopt;
    Hash128 hash;
    std::from_chars(digits.data(), digits.data() + 16, hash.high, 16);
    std::from_chars(digits.data() + 16, digits.data() + 32, hash.low, 16);
    return hash;
}

Hash128 hash128(std::span<const std::byte> bytes) {
    const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
    return {hash.high64, hash.low64};
}

void Hasher::Deleter::operator()(State* state) const {
    XXH3_freeState(state->xxh);
    delete state;
}

Hasher::Hasher() : state_(new State{XXH3_createState()}) {
    if (state_->xxh == nullptr) throw std::bad_alloc();
    XXH3_128bits_reset(state_->xxh);
}

void Hasher::update(std::span<const std::byte> bytes) { XXH3_128bits_update(state_->xxh, bytes.data(), bytes.size()); }

Hash128 Hasher::digest() const {
    const XXH128_hash_t hash = XXH3_128bits_digest(state_->xxh);
    return {hash.high64, hash.low64};
}

}  // namespace molten::io
