// Philox gives four words a block; 64 blocks are drawn at once in a loop over blocks that becomes vector code (ten rounds of
// multiplications, the cost of this kernel), then 256 elements are scaled or dropped by them.
#include <algorithm>

#include "kernels/common/check.h"
#include "kernels/common/parallel.h"
#include "kernels/dropout/dropout.h"

namespace molten::cpu {
namespace {

constexpr int kBlocks = 64, kTile = 4 * kBlocks;
constexpr std::int64_t kTilesAChunk = 32;

// words[e] = word of element first + e; `first` is a multiple of 4.
void draw(PhiloxKey key, std::int64_t first, std::uint32_t* words) {
    std::uint32_t w[4][kBlocks];
    const auto block = static_cast<std::uint64_t>(first / 4);
#pragma omp simd
    for (int b = 0; b < kBlocks; ++b) {
        const PhiloxBits bits = philox_block(key, block + static_cast<std::uint64_t>(b));
        w[0][b] = bits.word[0];
        w[1][b] = bits.word[1];
        w[2][b] = bits.word[2];
        w[3][b] = bits.word[3];
    }
    for (int b = 0; b < kBlocks; ++b)
        for (int k = 0; k < 4; ++k) words[4 * b + k] = w[k][b];
}

template <class T, class A>
void drop_tile(const T* x, T* y, std::int64_t n, const std::uint32_t* words, std::uint32_t below, A scale) {
#pragma omp simd
    for (std::int64_t i = 0; i < n; ++i) {
        const A kept = A(x[i]) * scale;
        y[i] = T(words[i] >= below ? kept : A(0));
    }
}

template <class T>
void drop(const T* x, T* y, std::int64_t count, double p, PhiloxKey key) {
    using A = accumulate_t<T>;
    const std::uint64_t threshold = dropout_threshold(p);
    const bool all = threshold > 0xffffffffu;  // p = 1
    const A scale = all ? A(0) : A(1) / static_cast<A>(1 - p);
    parallel_for((count + kTile - 1) / kTile, kTilesAChunk, [=](std::int64_t begin, std::int64_t end) {
        if (all) {
            std::fill(y + begin * kTile, y + std::min(count, end * kTile), T(0.f));
            return;
        }
        std::uint32_t words[kTile];
        for (std::int64_t tile = begin; tile < end; ++tile) {
            const std::int64_t first = tile * kTile;
            draw(key, first, words);
            drop_tile(x + first, y + first, std::min<std::int64_t>(kTile, count - first), words, static_cast<std::uint32_t>(threshold), scale);
        }
    });
}

}  // namespace

void dropout_forward(const Launch&, const DropoutArgs& a) {
    kernel_check(a.p >= 0 && a.p <= 1, "dropout", "p = " + std::to_string(a.p) + " is not a probability");
    dispatch(a.dtype, [&]<class T>() { drop(static_cast<const T*>(a.x), static_cast<T*>(a.y), a.count, a.p, a.key); });
}

void dropout_backward(const Launch&, const DropoutGradArgs& a) {
    kernel_check(a.p >= 0 && a.p <= 1, "dropout", "p = " + std::to_string(a.p) + " is not a probability");
    dispatch(a.dtype, [&]<class T>() { drop(static_cast<const T*>(a.dy), static_cast<T*>(a.dx), a.count, a.p, a.key); });
}

}  // namespace molten::cpu
