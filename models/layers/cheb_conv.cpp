#include "models/layers/cheb_conv.h"

#include <cmath>

namespace molten {

ChebConv::ChebConv(const std::string& name, std::int64_t in, std::int64_t out, std::int64_t order, std::uint64_t seed) {
    const double bound = 1 / std::sqrt(static_cast<double>(order * in));
    theta = uniform_parameter(name + "theta", {order, in, out}, bound, seed);
    bias = uniform_parameter(name + "bias", {out}, bound, seed);
}

}  // namespace molten
