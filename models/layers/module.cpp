#include "models/layers/module.h"

#include "kernels/common/philox.h"

namespace molten {
namespace {

// FNV-1a: which stream of the seed belongs to this name.
std::uint64_t stream_of(const std::string& name) {
    std::uint64_t hash = 0xcbf29ce484222325u;
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    return hash;
}

}  // namespace

Tensor uniform_parameter(const std::string& name, Shape shape, double bound, std::uint64_t seed) {
    const MemoryScope scope(MemoryKind::weights, name);
    Tensor result = Tensor::empty(shape, DType::f32);
    auto* values = result.mutable_data<float>();
    const PhiloxKey key{seed, stream_of(name)};
    for (std::int64_t i = 0; i < result.elements(); ++i)
        values[i] = static_cast<float>(bound * (2.0 * philox_uniform(key, static_cast<std::uint64_t>(i)) - 1.0));
    return result.set_requires_grad(true);
}

Tensor constant_parameter(const std::string& name, Shape shape, double value) {
    const MemoryScope scope(MemoryKind::weights, name);
    return Tensor::full(shape, value, DType::f32).set_requires_grad(true);
}

}  // namespace molten
