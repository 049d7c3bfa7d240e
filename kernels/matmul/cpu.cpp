// Matrix product on the CPU.
//
//   v1   rows of C, plain loops                                        the shortest form that uses the cache
//   v2   packed panels of B, 14 x 32 tiles of C in registers, threads  the default
//   lib  OpenBLAS (cpu_lib.cpp)                                        the ruler
//
// Figures of each stand in README.md.
#include "kernels/matmul/cpu.h"

#include <string>
#include <string_view>

#include "kernels/common/check.h"
#include "kernels/matmul/product.h"

namespace molten::cpu {
namespace {

using namespace gemm;

template <class T>
const T* item_of(const void* base, std::int64_t offset) {
    return base ? static_cast<const T*>(base) + offset : nullptr;
}
template <class T>
T* item_of(void* base, std::int64_t offset) {
    return base ? static_cast<T*>(base) + offset : nullptr;
}

template <class T>
Finish<accumulate_t<T>, T> finish_of(const MatMulArgs& p) {
    using S = accumulate_t<T>;
    Finish<S, T> finish;
    finish.alpha = static_cast<S>(p.alpha), finish.beta = static_cast<S>(p.beta);
    finish.residual = static_cast<const T*>(p.residual), finish.pre_activation = static_cast<T*>(p.pre_activation);
    finish.activation = p.activation;
    return finish;
}

template <class T>
void multiply_v1(const MatMulArgs& p) {
    using S = accumulate_t<T>;
    const T *a = static_cast<const T*>(p.a), *b = static_cast<const T*>(p.b), *bias = static_cast<const T*>(p.bias);
    constexpr std::int64_t kRows = 16;
    parallel_for(p.m, kRows, [&](std::int64_t begin, std::int64_t end) {
        Scratch<S> sums(Launch{}, "matmul v1 sums", p.n), wide_bias(Launch{}, "matmul v1 bias", p.n);
        Finish<S, T> finish = finish_of<T>(p);
        if (bias) {
            convert(bias, p.n, wide_bias.data());
            finish.bias = wide_bias.data();
        }
        for (std::int64_t i = begin; i < end; ++i) {
            std::fill_n(sums.data(), p.n, S(0));
            for (std::int64_t q = 0; q < p.k; ++q) {
                const S x = S(p.transpose_a ? a[q * p.lda + i] : a[i * p.lda + q]) * finish.alpha;
                if (p.transpose_b)
                    for (std::int64_t j = 0; j < p.n; ++j) sums[j] += x * S(b[j * p.ldb + q]);
                else
                    for (std::int64_t j = 0; j < p.n; ++j) sums[j] += x * S(b[q * p.ldb + j]);
            }
            finish_rows(finish, sums.data(), p.n, static_cast<T*>(p.c), p.ldc, i, 1, 0, p.n);
        }
    });
}

// How C is cut into tasks: by the shape alone, so that the number of threads changes nothing.
struct Grid {
    std::int64_t tiles, panels, tiles_a_task, panels_a_task;

    Grid(std::int64_t m, std::int64_t n, std::int64_t k, std::int64_t panel) : tiles(tile_count(m)), panels(divide_up(n, panel)) {
        const std::int64_t wanted = std::clamp<std::int64_t>(m * n * k / kTaskWork, 1, tiles * panels);
        tiles_a_task = std::clamp<std::int64_t>(tiles / wanted, 1, kBlockTiles);
        panels_a_task = std::max<std::int64_t>(panels / divide_up(wanted, divide_up(tiles, tiles_a_task)), 1);
    }
    std::int64_t rows() const { return divide_up(tiles, tiles_a_task); }
    std::int64_t columns() const { return divide_up(panels, panels_a_task); }
};

// C of all rows for columns [column0, column0 + columns), which are packed at once.
template <class T, class Out>
void multiply_slab(const Launch& launch, const MatMulArgs& p, Finish<accumulate_t<T>, Out> finish, Out* c, std::int64_t column0,
                   std::int64_t columns) {
    using S = accumulate_t<T>;
    constexpr std::int64_t kP = kPanel<S>;
    const T* b = static_cast<const T*>(p.b) + (p.transpose_b ? column0 * p.ldb : column0);
    const Grid grid(p.m, columns, p.k, kP);
    // Few rows read B where it stands; packing it would cost as much as the product.
    const bool in_place = std::is_same_v<T, S> && !p.transpose_b && columns % kLanes<S> == 0 && grid.tiles <= 2;
    Scratch<S> packed(launch, "matmul B", in_place ? 0 : packed_size<S>(p.k, columns));
    Scratch<S> bias(launch, "matmul bias", p.bias ? grid.panels * kP : 0);
    RowProduct<T, Out> rows{
        static_cast<const T*>(p.a), p.lda, p.transpose_a, packed.data(), p.k * kP, kP, c + column0, p.ldc, p.m, columns, p.k, finish};
    if constexpr (std::is_same_v<T, S>)
        if (in_place) rows.b = b, rows.b_panel = kP, rows.b_row = p.ldb;
    if (p.bias) {
        std::fill_n(bias.data(), grid.panels * kP, S(0));
        convert(static_cast<const T*>(p.bias) + column0, columns, bias.data());
        rows.finish.bias = bias.data();
    }
    if (finish.residual) rows.finish.residual += column0;
    if (finish.pre_activation) rows.finish.pre_activation += column0;
    if (!in_place) {
        const std::int64_t grain = std::max<std::int64_t>(1, 65536 / std::max<std::int64_t>(p.k * kP, 1));
        parallel_for(grid.panels, grain, [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t j = begin; j < end; ++j)
                pack_b_panel(p.transpose_b ? b + j * kP * p.ldb : b + j * kP, p.ldb, p.transpose_b, p.k, std::min(kP, columns - j * kP),
                             packed.data() + j * p.k * kP);
        });
    }
    parallel_for(grid.rows() * grid.columns(), 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t task = begin; task < end; ++task) {
            const std::int64_t tile = task / grid.columns() * grid.tiles_a_task, panel = task % grid.columns() * grid.panels_a_task;
            multiply_rows(rows, tile, std::min(tile + grid.tiles_a_task, grid.tiles), panel,
                          std::min(panel + grid.panels_a_task, grid.panels));
        }
    });
}

template <class T, class Out>
void multiply_columns(const Launch& launch, const MatMulArgs& p, const Finish<accumulate_t<T>, Out>& finish, Out* c) {
    using S = accumulate_t<T>;
    const std::int64_t panel_bytes = std::max<std::int64_t>(p.k, 1) * kPanel<S> * sizeof(S);
    const std::int64_t slab = std::max<std::int64_t>(kSlabBytes / panel_bytes, 1) * kPanel<S>;
    for (std::int64_t j = 0; j < p.n; j += slab) multiply_slab<T, Out>(launch, p, finish, c, j, std::min(slab, p.n - j));
}

// A long k over a small C (weight gradients): fixed ranges of k give partial sums, which are added in order.
template <class T>
void multiply_split(const Launch& launch, const MatMulArgs& p, std::int64_t parts) {
    using S = accumulate_t<T>;
    Scratch<S> partial(launch, "matmul partial sums", parts * p.m * p.n);
    parallel_for(parts, 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t part = begin; part < end; ++part) {
            S* sums = partial.data() + part * p.m * p.n;
            const std::int64_t first = part * p.k / parts, last = (part + 1) * p.k / parts, slices = divide_up(last - first, kDepth);
            MatMulArgs range = p;
            range.bias = nullptr, range.ldc = p.n;
            Finish<S, S> finish;
            finish.alpha = static_cast<S>(p.alpha);
            for (std::int64_t slice = 0; slice < slices; ++slice) {
                const std::int64_t p0 = first + slice * (last - first) / slices;
                range.a = static_cast<const T*>(p.a) + (p.transpose_a ? p0 * p.lda : p0);
                range.b = static_cast<const T*>(p.b) + (p.transpose_b ? p0 : p0 * p.ldb);
                range.k = first + (slice + 1) * (last - first) / slices - p0;
                finish.residual = slice > 0 ? sums : nullptr;
                multiply_columns<T, S>(Launch{}, range, finish, sums);
            }
        }
    });
    Scratch<S> bias(launch, "matmul bias", p.bias ? p.n : 0);
    Finish<S, T> finish = finish_of<T>(p);
    if (p.bias) {
        convert(static_cast<const T*>(p.bias), p.n, bias.data());
        finish.bias = bias.data();
    }
    parallel_for(p.m, std::max<std::int64_t>(1, 32768 / (p.n * parts)), [&](std::int64_t begin, std::int64_t end) {
        S* sums = partial.data() + begin * p.n;
        for (std::int64_t part = 1; part < parts; ++part) {
            const S* more = partial.data() + (part * p.m + begin) * p.n;
#pragma omp simd
            for (std::int64_t i = 0; i < (end - begin) * p.n; ++i) sums[i] += more[i];
        }
        finish_rows(finish, sums, p.n, static_cast<T*>(p.c), p.ldc, begin, end - begin, 0, p.n);
    });
}

// sums[i * step_i + j * step_j] = alpha <x_i, y_j> for few rows x and many rows y: a pass over y at memory speed.
template <class T>
void multiply_dots(const T* x, std::int64_t ldx, std::int64_t few, const T* y, std::int64_t ldy, std::int64_t many, std::int64_t k,
                   accumulate_t<T> alpha, accumulate_t<T>* sums, std::int64_t step_i, std::int64_t step_j) {
    using S = accumulate_t<T>;
    const std::int64_t groups = divide_up(many, 4);
    parallel_for(groups, std::max<std::int64_t>(1, kTaskWork / 16 / (k * few)), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t group = begin; group < end; ++group) {
            const std::int64_t j = std::min(group * 4, std::max<std::int64_t>(many - 4, 0));
            const T* rows[4];
            for (std::int64_t r = 0; r < 4; ++r) rows[r] = y + std::min(j + r, many - 1) * ldy;
            for (std::int64_t i = 0; i < few; ++i) {
                const T* left = x + i * ldx;
                S s0 = 0, s1 = 0, s2 = 0, s3 = 0;
#pragma omp simd reduction(+ : s0, s1, s2, s3)
                for (std::int64_t p = 0; p < k; ++p) {
                    const S value = S(left[p]);
                    s0 += value * S(rows[0][p]), s1 += value * S(rows[1][p]), s2 += value * S(rows[2][p]), s3 += value * S(rows[3][p]);
                }
                const S four[4] = {s0, s1, s2, s3};
                for (std::int64_t r = group * 4 - j; r < 4 && j + r < many; ++r) sums[i * step_i + (j + r) * step_j] = alpha * four[r];
            }
        }
    });
}

// One side has few rows and both run along k: no tile would fill.
template <class T>
bool multiply_narrow(const Launch& launch, const MatMulArgs& p) {
    using S = accumulate_t<T>;
    constexpr std::int64_t kFew = 4;
    const bool b_runs_along_k = p.transpose_b || (p.n == 1 && p.ldb == 1);
    if (p.transpose_a || !b_runs_along_k || p.k < 32 || std::min(p.m, p.n) > kFew || p.m * p.n == 0) return false;
    const auto *a = static_cast<const T*>(p.a), *b = static_cast<const T*>(p.b);
    const std::int64_t ldb = p.transpose_b ? p.ldb : p.k;
    const S alpha = static_cast<S>(p.alpha);
    Scratch<S> sums(launch, "matmul sums", p.m * p.n), bias(launch, "matmul bias", p.bias ? p.n : 0);
    if (p.m <= kFew)
        multiply_dots(a, p.lda, p.m, b, ldb, p.n, p.k, alpha, sums.data(), p.n, std::int64_t{1});
    else
        multiply_dots(b, ldb, p.n, a, p.lda, p.m, p.k, alpha, sums.data(), std::int64_t{1}, p.n);
    Finish<S, T> finish = finish_of<T>(p);
    if (p.bias) {
        convert(static_cast<const T*>(p.bias), p.n, bias.data());
        finish.bias = bias.data();
    }
    finish_rows(finish, sums.data(), p.n, static_cast<T*>(p.c), p.ldc, 0, p.m, 0, p.n);
    return true;
}

template <class T>
void multiply_v2(const Launch& launch, const MatMulArgs& p) {
    if (multiply_narrow<T>(launch, p)) return;
    constexpr std::int64_t kLongest = 16, kPartDepth = 512;
    if (p.k >= 4 * kPartDepth && p.m * p.n <= 512 * 512 && 8 * p.m * p.n <= p.k * (p.m + p.n) * 4)
        return multiply_split<T>(launch, p, std::min(kLongest, p.k / kPartDepth));
    multiply_columns<T, T>(launch, p, finish_of<T>(p), static_cast<T*>(p.c));
}

template <class T>
void multiply(const Launch& launch, std::string_view variant, const MatMulArgs& all) {
    const auto one = [&](const Launch& where, std::int64_t item) {
        MatMulArgs p = all;
        p.a = item_of<T>(all.a, item * all.stride_a), p.b = item_of<T>(all.b, item * all.stride_b);
        p.c = item_of<T>(all.c, item * all.stride_c), p.residual = item_of<T>(all.residual, item * all.stride_c);
        p.pre_activation = item_of<T>(all.pre_activation, item * all.stride_c);
        if (variant == "v1")
            multiply_v1<T>(p);
        else if (variant == "lib")
            multiply_lib(where, p);
        else
            multiply_v2<T>(where, p);
    };
    const std::int64_t work = std::max<std::int64_t>(all.m * all.n * all.k, all.m * all.n);
    if (all.batch > 1 && work < 4 * kTaskWork && variant != "lib")
        parallel_for(all.batch, std::max<std::int64_t>(1, kTaskWork / (work + 10'000)), [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t item = begin; item < end; ++item) one(Launch{}, item);
        });
    else
        for (std::int64_t item = 0; item < all.batch; ++item) one(launch, item);
}

}  // namespace

MatMulArgs normalised(MatMulArgs p) {
    if (!p.lda) p.lda = p.transpose_a ? p.m : p.k;
    if (!p.ldb) p.ldb = p.transpose_b ? p.k : p.n;
    if (!p.ldc) p.ldc = p.n;
    kernel_check(p.batch >= 0 && p.m >= 0 && p.n >= 0 && p.k >= 0, "matmul", "negative size");
    kernel_check(p.lda >= (p.transpose_a ? p.m : p.k) && p.ldb >= (p.transpose_b ? p.k : p.n) && p.ldc >= p.n, "matmul",
                 "a row stride is shorter than its row: lda " + std::to_string(p.lda) + ", ldb " + std::to_string(p.ldb) + ", ldc " +
                     std::to_string(p.ldc));
    kernel_check(p.batch <= 1 || p.stride_c != 0, "matmul", "batch items cannot share one output (stride_c is 0)");
    // Items that follow each other row by row and share B are one taller product.
    if (p.batch > 1 && p.stride_b == 0 && !p.transpose_a && p.stride_a == p.m * p.lda && p.stride_c == p.m * p.ldc)
        p.m *= p.batch, p.batch = 1;
    return p;
}

void matmul_forward(const Launch& launch, const MatMulArgs& args) {
    const MatMulArgs p = normalised(args);
    const std::string_view variant = launch.variant ? launch.variant : "v2";
    kernel_check(variant == "v1" || variant == "v2" || variant == "lib", "matmul",
                 "no variant " + std::string(variant) + "; v1, v2, lib exist");
    kernel_check(variant != "lib" || (matmul_has_lib() && p.dtype != DType::bf16), "matmul",
                 "variant lib does f32 and f64 where OpenBLAS was found; v2 does all");
    if (p.batch == 0 || p.m == 0 || p.n == 0) return;
    dispatch(p.dtype, [&]<class T>() { multiply<T>(launch, variant, p); });
}

}  // namespace molten::cpu
