#pragma once
#include <optional>

#include "kernels/common/parallel.h"
#include "kernels/common/workspace.h"
#include "kernels/matmul/finish.h"
#include "kernels/matmul/matmul.h"
#include "kernels/matmul/pack.h"

// The packed product behind variant v2: B in panels, A in blocks, tiles of C in registers. Other rooms may call multiply_rows
// with a B that they packed once (cheb_conv does).

namespace molten::cpu::gemm {

constexpr std::int64_t kDepth = 384;           // of a block of A and a slice of a panel
constexpr std::int64_t kBlockTiles = 12;       // rows of tiles in a block of A: some 256 KiB, for the second-level cache
constexpr std::int64_t kSlabBytes = 4 << 20;   // of B packed at once
constexpr std::int64_t kTaskWork = 3'000'000;  // multiply-adds worth a task, some 20 microseconds

inline std::int64_t divide_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

template <class S>
std::int64_t packed_size(std::int64_t k, std::int64_t n) {
    return k * divide_up(n, kPanel<S>) * kPanel<S>;
}

// B and what follows the product, shared by all rows of C. C is of type Out (T, or S for partial sums).
template <class T, class Out>
struct RowProduct {
    using S = accumulate_t<T>;
    const T* a;
    std::int64_t lda;
    bool transpose_a;
    const S* b;            // panels, or rows of B itself
    std::int64_t b_panel;  // elements from one panel to the next
    std::int64_t b_row;    // elements from one row of a panel to the next
    Out* c;
    std::int64_t ldc;
    std::int64_t m, n, k;
    Finish<S, Out> finish;  // bias readable for whole panels
};

// Rows of tile t: [tile_row(t), tile_row(t + 1)). Heights differ by at most one, so that no tile is a stump.
inline std::int64_t tile_count(std::int64_t m) { return divide_up(m, kTileRows); }
inline std::int64_t tile_row(std::int64_t m, std::int64_t t) { return t * m / tile_count(m); }

// C for tiles [tile_begin, tile_end) x panels [panel_begin, panel_end).
template <class T, class Out>
void multiply_rows(const RowProduct<T, Out>& p, std::int64_t tile_begin, std::int64_t tile_end, std::int64_t panel_begin,
                   std::int64_t panel_end) {
    using S = accumulate_t<T>;
    constexpr std::int64_t kP = kPanel<S>;
    const std::int64_t row0 = tile_row(p.m, tile_begin), rows = tile_row(p.m, tile_end) - row0;
    const std::int64_t column0 = panel_begin * kP, columns = std::min(panel_end * kP, p.n) - column0;
    const std::int64_t slices = std::max<std::int64_t>(divide_up(p.k, kDepth), 1);
    const bool residual_is_c = p.finish.residual == p.c;
    const bool in_tile = std::is_same_v<Out, S> && p.finish.fits_tile() && !(residual_is_c && slices > 1);
    const bool sums_in_c = std::is_same_v<Out, S> && (in_tile || !residual_is_c);
    const Launch here;  // worker threads take scratch of their own
    std::optional<Scratch<S>> sums;
    S* out;
    std::int64_t ldo;
    if (sums_in_c) {
        out = reinterpret_cast<S*>(p.c) + row0 * p.ldc + column0, ldo = p.ldc;
    } else {
        sums.emplace(here, "matmul sums", rows * columns);
        out = sums->data(), ldo = columns;
    }
    // A is read in place unless it needs converting, or is read more than once from rows that collide in the cache.
    const bool collides = p.transpose_a || p.lda * sizeof(T) % 2048 == 0;
    const bool pack_a = !std::is_same_v<T, S> || (collides && columns > kP);
    std::optional<Scratch<S>> block;
    if (pack_a) block.emplace(here, "matmul A", (tile_end - tile_begin) * kTileRows * std::min(divide_up(p.k, slices), kDepth));

    for (std::int64_t slice = 0; slice < slices; ++slice) {
        const std::int64_t p0 = slice * p.k / slices, depth = (slice + 1) * p.k / slices - p0;
        const auto block_at = [&](std::int64_t t) { return block->data() + (t - tile_begin) * kTileRows * depth; };
        for (std::int64_t t = tile_begin; pack_a && t < tile_end; ++t) {
            const std::int64_t i = tile_row(p.m, t);
            pack_a_tile(p.transpose_a ? p.a + p0 * p.lda + i : p.a + i * p.lda + p0, p.lda, p.transpose_a, tile_row(p.m, t + 1) - i, depth,
                        block_at(t));
        }
        Tile<S> tile{};
        tile.k = depth, tile.ldb = p.b_row, tile.ldc = ldo, tile.add = slice > 0, tile.alpha = p.finish.alpha, tile.beta = p.finish.beta;
        tile.lda = !pack_a ? p.lda : p.transpose_a ? kTileRows : depth;
        const bool finishes = in_tile && slice == slices - 1;
        tile.relu = finishes && p.finish.activation == MatMulActivation::relu;
        for (std::int64_t panel = panel_begin; panel < panel_end; ++panel) {
            const std::int64_t column = panel * kP - column0;
            const int width = static_cast<int>(std::min(kP, columns - column));
            tile.b = p.b + panel * p.b_panel + p0 * p.b_row;
            tile.bias = finishes && p.finish.bias ? p.finish.bias + panel * kP : nullptr;
            for (std::int64_t t = tile_begin; t < tile_end; ++t) {
                const std::int64_t i = tile_row(p.m, t);
                if constexpr (std::is_same_v<T, S>)
                    tile.a = pack_a ? block_at(t) : p.transpose_a ? p.a + p0 * p.lda + i : p.a + i * p.lda + p0;
                else
                    tile.a = block_at(t);
                tile.c = out + (i - row0) * ldo + column;
                if constexpr (std::is_same_v<Out, S>)
                    tile.residual = finishes && p.finish.residual ? p.finish.residual + i * p.ldc + panel * kP : nullptr;
                multiply_tile(tile, p.transpose_a, static_cast<int>(tile_row(p.m, t + 1) - i), width);
            }
        }
    }
    if (!in_tile) finish_rows(p.finish, out, ldo, p.c, p.ldc, row0, rows, column0, columns);
}

// All panels of op(B) [k, n] on this thread.
template <class T, class S>
void pack_b(const T* b, std::int64_t ldb, bool transposed, std::int64_t k, std::int64_t n, S* panels) {
    constexpr std::int64_t kP = kPanel<S>;
    for (std::int64_t j = 0; j < n; j += kP)
        pack_b_panel(transposed ? b + j * ldb : b + j, ldb, transposed, k, std::min(kP, n - j), panels + j * k);
}

// C[m, n] = alpha op(A) B (+ C) with a B in panels, on this thread.
template <class T, class S>
void multiply_block(const T* a, std::int64_t lda, bool transpose_a, const S* panels, S* c, std::int64_t ldc, std::int64_t m, std::int64_t n,
                    std::int64_t k, S alpha, bool add) {
    if (m == 0 || n == 0) return;
    RowProduct<T, S> rows{a, lda, transpose_a, panels, k * kPanel<S>, kPanel<S>, c, ldc, m, n, k, {}};
    rows.finish.alpha = alpha;
    if (add) rows.finish.residual = c;
    const std::int64_t tiles = tile_count(m), last_panel = divide_up(n, kPanel<S>);
    for (std::int64_t tile = 0; tile < tiles; tile += kBlockTiles)
        multiply_rows(rows, tile, std::min(tile + kBlockTiles, tiles), 0, last_panel);
}

}  // namespace molten::cpu::gemm
