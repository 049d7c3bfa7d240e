#pragma once
#include <cstddef>
#include <span>

namespace molten::baselines {

// a [n, n] row-major, symmetric and positive definite, only its lower triangle is read; becomes L with a = L L^T in the lower triangle.
// n^3 / 3 multiplications, blocked, on all threads (0: one per core); the same bits for any number of threads. Returns false when a
// pivot is not positive: then the matrix is not positive definite in double precision.
bool cholesky(std::span<double> a, std::size_t n, int threads);

// b [n] becomes the solution x of L L^T x = b.
void cholesky_solve(std::span<const double> l, std::size_t n, std::span<double> b);

}  // namespace molten::baselines
