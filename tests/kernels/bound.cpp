#include "tests/kernels/bound.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/common/tracked.h"

namespace molten {
namespace {

bool is_real(Kind kind) { return kind == Kind::value || kind == Kind::statistic; }

std::size_t element_size(Kind kind, const World& world) {
    return is_real(kind) && world.tracked ? sizeof(Tracked) : size_of(stored_dtype(kind, world.dtype));
}

void write(const Array& array, const World& world, void* memory) {
    if (!is_real(array.kind) || !world.tracked) return store(array, stored_dtype(array.kind, world.dtype), memory);
    std::transform(array.numbers.begin(), array.numbers.end(), static_cast<Tracked*>(memory), [](double x) { return Tracked(x, std::abs(x), 0); });
}

void read(Array& array, const World& world, const void* memory) {
    if (!is_real(array.kind) || !world.tracked) return load(array, stored_dtype(array.kind, world.dtype), memory);
    const auto* from = static_cast<const Tracked*>(memory);
    array.errors.resize(array.numbers.size());
    for (std::size_t i = 0; i < array.numbers.size(); ++i) array.numbers[i] = from[i].value, array.errors[i] = from[i].error;
}

}  // namespace

Bound::Bound(const Instance& instance, const World& world, const Gradients* gradients, std::size_t offset)
    : op_(*instance.op), world_(world), backward_(gradients != nullptr), offset_(offset) {
    problem_.dtype = world.dtype;
    problem_.sizes = instance.sizes;
    problem_.random = {instance.seed, 7};
    for (const auto& [name, array] : instance.inputs) input(name, array, false);
    if (!gradients) {
        for (const Operand& operand : op_.outputs)
            if (is_present(operand, instance.sizes)) output(operand.name, make_array(operand, instance.sizes), false);
        return;
    }
    for (const auto& [name, array] : gradients->forward) input(name, array, false);
    for (const auto& [name, array] : gradients->cotangents) input(name, array, true);
    for (const Operand& operand : op_.inputs)
        if (operand.gradient == Gradient::yes && is_present(operand, instance.sizes) &&
            !(gradients->without && std::string_view(gradients->without) == operand.name))
            output(operand.name, instance.inputs.at(operand.name), true);
}

Guarded& Bound::add(const std::string& name, const Array& array, bool gradient, unsigned char guard) {
    const std::size_t size = element_size(array.kind, world_);
    Array shape{array.kind, array.shape, std::vector<double>(array.numbers.size()), {}};
    auto [it, fresh] = buffers_.emplace(gradient ? "d" + name : name, Entry{std::move(shape), Guarded(array.numbers.size() * size, offset_ * size, guard)});
    (gradient ? problem_.gradients : problem_.buffers)[name] = it->second.buffer.data();
    return it->second.buffer;
}

void Bound::input(const std::string& name, const Array& array, bool gradient) {
    Guarded& buffer = add(name, array, gradient, 0xff);  // NaN around it: reading past the end shows
    write(array, world_, buffer.data());
    buffer.freeze();
}

void Bound::output(const std::string& name, const Array& shape, bool gradient) { add(name, shape, gradient, 0xa5); }

void Bound::run(Workspace* scratch) {
    Launch launch;
    launch.scratch = scratch;
    launch.variant = world_.variant;
    (backward_ ? op_.backward : op_.forward)(world_.backend, world_.tracked, launch, problem_);
}

std::string Bound::damage() const {
    for (const auto& [name, entry] : buffers_)
        if (const std::string what = entry.buffer.damage(); !what.empty()) return fmt::format("{}: {}", name, what);
    return {};
}

Arrays Bound::outputs() const {
    Arrays arrays;
    for (const auto& [name, entry] : buffers_) {
        if (entry.buffer.frozen()) continue;
        Array array = entry.shape;
        read(array, world_, entry.buffer.data());
        arrays[name] = std::move(array);
    }
    return arrays;
}

bool Bound::same_bits(const Bound& other, std::string& where) const {
    for (const auto& [name, entry] : buffers_) {
        where = name;
        if (std::memcmp(entry.buffer.data(), other.buffers_.at(name).buffer.data(), entry.buffer.bytes()) != 0) return false;
    }
    return true;
}

Arrays run_once(const Instance& instance, const World& world, const Gradients* gradients) {
    Bound bound(instance, world, gradients, 0);
    bound.run(nullptr);
    return bound.outputs();
}

}  // namespace molten
