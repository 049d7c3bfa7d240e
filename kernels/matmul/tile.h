#pragma once
#include <cstdint>
#include <type_traits>
#include <utility>

#include "kernels/common/bf16.h"

// The micro-kernel: a tile of C, kTileRows x kTileVectors vectors, stays in registers while k runs. One vector of B meets one
// broadcast element of A in each multiply-add; with AVX-512 that is 28 accumulators, 2 vectors of B and 1 of A in 32 registers.

namespace molten::cpu::gemm {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64, kTileRows = 14;
#elif defined(__AVX__)
constexpr int kVectorBytes = 32, kTileRows = 6;
#elif defined(__aarch64__)
constexpr int kVectorBytes = 16, kTileRows = 12;
#else
constexpr int kVectorBytes = 16, kTileRows = 6;
#endif
constexpr int kTileVectors = 2;

template <class T>
struct VectorOf {
    typedef T type __attribute__((vector_size(kVectorBytes)));
    typedef T unaligned __attribute__((vector_size(kVectorBytes), aligned(sizeof(T)), may_alias));
};
template <class T>
using Vector = typename VectorOf<T>::type;

// Unaligned loads and stores of whole vectors; of a single number where V is T.
template <class V, class T>
inline V load(const T* from) {
    if constexpr (std::is_same_v<V, T>)
        return *from;
    else
        return *reinterpret_cast<const typename VectorOf<T>::unaligned*>(from);
}
template <class V, class T>
inline void store(T* to, const V& value) {
    if constexpr (std::is_same_v<V, T>)
        *to = value;
    else
        *reinterpret_cast<typename VectorOf<T>::unaligned*>(to) = value;
}

template <class T>
constexpr int kLanes = kVectorBytes / sizeof(T);
template <class T>
constexpr int kPanel = kLanes<T>* kTileVectors;  // columns of a packed panel of B

// How the finished tile becomes C: c = alpha a b (+ c) (+ bias), relu, + beta residual.
template <class T>
struct Tile {
    std::int64_t k;
    const T* a;  // element (i, p) at a[i * lda + p], or at a[p * lda + i] where A is transposed
    std::int64_t lda;
    const T* b;  // row p at b + p * ldb
    std::int64_t ldb;
    T* c;
    std::int64_t ldc;
    bool add;  // to what c holds
    T alpha;
    const T* bias;      // or null
    const T* residual;  // laid out as c, or null
    T beta;
    bool relu;
};

template <class T, bool kTransposedA, int kVectors, int kRows>
[[gnu::noinline]] void compute_tile(const Tile<T>& tile) {
    using V = Vector<T>;
    constexpr int kGroup = 5;  // rows that one base register reaches by x86 addressing: 0, 1, 2, 3 (a register of its own), 4
    V sum[kRows][kVectors];
#pragma GCC unroll 16
    for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; ++v) sum[i][v] = V{};
    const std::int64_t lda = tile.lda, lda3 = 3 * lda;
    const T* a[3] = {tile.a, tile.a + kGroup * lda, tile.a + 2 * kGroup * lda};
    const T* b = tile.b;
    for (std::int64_t p = 0; p < tile.k; ++p) {
        V row[kVectors];
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; ++v) row[v] = load<V>(b + v * kLanes<T>);
        b += tile.ldb;
#pragma GCC unroll 16
        for (int i = 0; i < kRows; ++i) {
            T element;
            if constexpr (kTransposedA) {
                element = a[0][i];
            } else {
                const T* base = a[i / kGroup];
                const int r = i % kGroup;
                element = r == 0 ? base[0] : r == 1 ? base[lda] : r == 2 ? base[2 * lda] : r == 3 ? base[lda3] : base[4 * lda];
            }
            const V broadcast = element - V{};
#pragma GCC unroll 2
            for (int v = 0; v < kVectors; ++v) sum[i][v] += broadcast * row[v];
        }
        if constexpr (kTransposedA)
            a[0] += lda;
        else
            ++a[0], ++a[1], ++a[2];
    }
#pragma GCC unroll 16
    for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; ++v) {
            const int column = v * kLanes<T>;
            T* c = tile.c + i * tile.ldc + column;
            V x = sum[i][v] * tile.alpha;
            if (tile.add) x += load<V>(c);
            if (tile.bias) x += load<V>(tile.bias + column);
            if (tile.relu) x = x < V{} ? V{} : x;  // NaN stays NaN
            if (tile.residual) x += tile.beta * load<V>(tile.residual + i * tile.ldc + column);
            store(c, x);
        }
    }
}

template <class T>
using TileFunction = void (*)(const Tile<T>&);

template <class T, bool kTransposedA, int kVectors, int... kRows>
constexpr TileFunction<T> pick_tile(int rows, std::integer_sequence<int, kRows...>) {
    constexpr TileFunction<T> table[] = {compute_tile<T, kTransposedA, kVectors, kRows + 1>...};
    return table[rows - 1];
}

// A tile of 1..kTileRows rows and 1..kPanel columns. b and bias are readable for the whole panel; c and residual only for
// `columns`, so a tile that is not whole vectors wide is finished in a buffer.
template <class T>
void multiply_tile(const Tile<T>& tile, bool transposed_a, int rows, int columns) {
    constexpr auto counts = std::make_integer_sequence<int, kTileRows>();
    const bool wide = columns > kLanes<T>;
    const auto compute = wide ? (transposed_a ? pick_tile<T, true, 2>(rows, counts) : pick_tile<T, false, 2>(rows, counts))
                              : (transposed_a ? pick_tile<T, true, 1>(rows, counts) : pick_tile<T, false, 1>(rows, counts));
    if (columns % kLanes<T> == 0) return compute(tile);
    alignas(64) T buffer[kTileRows * kPanel<T>], residual[kTileRows * kPanel<T>];
    Tile<T> padded = tile;
    padded.c = buffer;
    padded.ldc = kPanel<T>;
    if (tile.add || tile.residual)
        for (int i = 0; i < rows; ++i)
            for (int j = 0; j < kPanel<T>; ++j) {
                const bool inside = j < columns;
                buffer[i * kPanel<T> + j] = inside && tile.add ? tile.c[i * tile.ldc + j] : T(0);
                residual[i * kPanel<T> + j] = inside && tile.residual ? tile.residual[i * tile.ldc + j] : T(0);
            }
    if (tile.residual) padded.residual = residual;
    compute(padded);
    for (int i = 0; i < rows; ++i)
        for (int j = 0; j < columns; ++j) tile.c[i * tile.ldc + j] = buffer[i * kPanel<T> + j];
}

}  // namespace molten::cpu::gemm
