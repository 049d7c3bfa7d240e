#include <algorithm>
#include <cstring>
#include <numeric>

#include "kernels/common/check.h"
#include "kernels/common/parallel.h"
#include "kernels/common/workspace.h"
#include "kernels/gather/gather.h"

namespace molten::cpu {
namespace {

constexpr std::int64_t kElementsPerChunk = 1 << 15;

std::int64_t rows_per_chunk(std::int64_t width) { return std::max<std::int64_t>(1, kElementsPerChunk / std::max<std::int64_t>(width, 1)); }

void check_indices(const std::int32_t* index, std::int64_t rows, std::int64_t table_rows) {
    for (std::int64_t r = 0; r < rows; ++r)
        kernel_check(index[r] < table_rows, "gather",
                     "index " + std::to_string(index[r]) + " at row " + std::to_string(r) + " of a table with " +
                         std::to_string(table_rows) + " rows");
}

// The rows that read table row t are order[start[t] .. start[t+1]), in rising order: a counting sort, stable.
void rows_by_index(const GatherGradArgs& a, std::int64_t* start, std::int64_t* order) {
    std::fill_n(start, a.table_rows + 1, 0);
    for (std::int64_t r = 0; r < a.rows; ++r)
        if (a.index[r] >= 0) ++start[a.index[r] + 1];
    std::partial_sum(start, start + a.table_rows + 1, start);
    for (std::int64_t r = 0; r < a.rows; ++r)
        if (a.index[r] >= 0) order[start[a.index[r]]++] = r;
    std::copy_backward(start, start + a.table_rows, start + a.table_rows + 1);  // each start had moved on to the next one's place
    start[0] = 0;
}

template <class T>
void backward(const Launch& launch, const GatherGradArgs& a) {
    using Sum = accumulate_t<T>;
    const auto* dy = static_cast<const T*>(a.dy);
    auto* dx = static_cast<T*>(a.dx);
    Scratch<std::int64_t> start(launch, "gather starts", static_cast<std::size_t>(a.table_rows + 1));
    Scratch<std::int64_t> order(launch, "gather order", static_cast<std::size_t>(a.rows));
    rows_by_index(a, start.data(), order.data());
    parallel_for(a.table_rows, rows_per_chunk(a.width), [&](std::int64_t begin, std::int64_t end) {
        Scratch<Sum> sum(Launch{}, "gather sum", static_cast<std::size_t>(a.width));
        for (std::int64_t t = begin; t < end; ++t) {
            std::fill_n(sum.data(), a.width, Sum(0));
            for (std::int64_t k = start[t]; k < start[t + 1]; ++k) {
                const T* row = dy + order[k] * a.width;
#pragma omp simd
                for (std::int64_t i = 0; i < a.width; ++i) sum.data()[i] += static_cast<Sum>(row[i]);
            }
            for (std::int64_t i = 0; i < a.width; ++i) dx[t * a.width + i] = static_cast<T>(sum.data()[i]);
        }
    });
}

}  // namespace

void gather_forward(const Launch&, const GatherArgs& a) {
    check_indices(a.index, a.rows, a.table_rows);
    const auto row_bytes = static_cast<std::size_t>(a.width) * size_of(a.dtype);
    const auto* x = static_cast<const char*>(a.x);
    auto* y = static_cast<char*>(a.y);
    if (row_bytes == 0) return;
    parallel_for(a.rows, rows_per_chunk(a.width), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t r = begin; r < end; ++r) {
            char* to = y + static_cast<std::size_t>(r) * row_bytes;
            if (a.index[r] < 0)
                std::memset(to, 0, row_bytes);
            else
                std::memcpy(to, x + static_cast<std::size_t>(a.index[r]) * row_bytes, row_bytes);
        }
    });
}

void gather_backward(const Launch& launch, const GatherGradArgs& a) {
    if (!a.dx) return;
    check_indices(a.index, a.rows, a.table_rows);
    dispatch(a.dtype, [&]<class T>() { backward<T>(launch, a); });
}

}  // namespace molten::cpu
