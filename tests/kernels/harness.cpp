#include "tests/kernels/harness.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "kernels/common/parallel.h"
#include "kernels/common/tracked.h"
#include "kernels/common/workspace.h"
#include "tests/kernels/bound.h"

namespace molten {
namespace {

using Failures = std::vector<std::string>;

void* allocate_poisoned(std::size_t bytes) {
    void* memory = std::aligned_alloc(64, bytes);
    std::memset(memory, 0xff, bytes);
    return memory;
}

std::uint64_t seed_of(const OpCases& op, std::size_t row) {
    std::uint64_t hash = 0xcbf29ce484222325u;
    for (const char c : op.op) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    return hash % 1000000 + row;
}

// What a kernel's outputs are measured by.
struct Budget {
    Arrays exact;  // fp64 reference, with the tracked bounds where they apply
    Arrays naive;  // reference<bf16>, for bf16 only
};

double rounding_unit(DType dtype) { return dtype == DType::f64 ? 0x1p-53 : dtype == DType::f32 ? 0x1p-24 : 0x1p-8; }
double smallest_normal(DType dtype) { return dtype == DType::f64 ? 0x1p-1022 : 0x1p-126; }

// Per element: how far the kernel may be off.
std::vector<double> allowed_errors(const OpCases& op, DType stored, bool bf16_case, const Array& exact, const Array* naive) {
    std::vector<double> allowed(exact.numbers.size(), 0);
    if (exact.kind == Kind::index || exact.kind == Kind::mask) return allowed;
    double worst_naive = 0;
    if (naive)
        for (std::size_t i = 0; i < allowed.size(); ++i)
            if (const double e = std::abs(naive->numbers[i] - exact.numbers[i]); std::isfinite(e)) worst_naive = std::max(worst_naive, e);
    // The bounds are for u = 2^-24. In fp64 the oracle rounds as the kernel does, hence twice.
    const double scale = op.slack * (stored == DType::f64 ? 2 * 0x1p-53 / Tracked::u : 1);
    for (std::size_t i = 0; i < allowed.size(); ++i) {
        const double bound = exact.errors.empty() ? 0 : exact.errors[i];
        if (!bf16_case || stored != DType::bf16) allowed[i] = bound > 0 ? scale * bound + smallest_normal(stored) : 0;
        if (bf16_case) allowed[i] = std::max(allowed[i], 2 * worst_naive + rounding_unit(stored) * std::abs(exact.numbers[i]) + smallest_normal(stored));
    }
    return allowed;
}

double largest(DType stored) { return stored == DType::f64 ? 1.7976931348623157e308 : 3.3895313892515355e38; }

// The element that breaks its budget most, or nothing.
std::string compare(const OpCases& op, const std::string& name, const Array& kernel, DType dtype, const Budget& budget) {
    const Array& exact = budget.exact.at(name);
    const auto naive = budget.naive.find(name);
    const DType stored = stored_dtype(kernel.kind, dtype);
    const std::vector<double> allowed =
        allowed_errors(op, stored, dtype == DType::bf16, exact, naive == budget.naive.end() ? nullptr : &naive->second);
    double worst = 0;
    std::size_t at = 0;
    for (std::size_t i = 0; i < allowed.size(); ++i) {
        const double is = kernel.numbers[i], should = exact.numbers[i];
        if (std::isnan(should)) return fmt::format("{}[{}]: the reference wrote NaN or nothing", name, i);
        if (is == should || (std::isinf(is) && std::abs(should) > largest(stored) && (is > 0) == (should > 0))) continue;
        const double error = std::abs(is - should);
        const double over = std::isfinite(error) ? error / std::max(allowed[i], 1e-300) : HUGE_VAL;
        if (over > 1 && over > worst) worst = over, at = i;
    }
    if (worst == 0) return {};
    return fmt::format("{}[{}] is {:.9g} but must be {:.9g}: error {:.3g}, budget {:.3g} ({})", name, at, kernel.numbers[at], exact.numbers[at],
                       std::abs(kernel.numbers[at] - exact.numbers[at]), allowed[at],
                       dtype == DType::bf16 ? "2x the naive bf16 run + one rounding" : "tracked rounding bound");
}

Budget make_budget(const Instance& instance, DType dtype, const Gradients* gradients) {
    Budget budget;
    if (dtype == DType::bf16) {
        const std::vector<Operand>& outputs = instance.op->outputs;
        const bool statistics = std::any_of(outputs.begin(), outputs.end(), [](const Operand& o) { return o.kind == Kind::statistic; });
        budget.exact = run_once(instance, statistics && !gradients ? kTracked : kOracle, gradients);
        budget.naive = run_once(instance, World{Backend::reference, DType::bf16}, gradients);
    } else {
        budget.exact = run_once(instance, kTracked, gradients);
    }
    return budget;
}

// A kernel call to be repeated with other thread counts. They are gathered, since changing the count is slow.
struct Repeat {
    std::shared_ptr<const Instance> instance;
    std::shared_ptr<const Gradients> gradients;
    World world;
    std::size_t offset;
    Bound first;
    std::string label;
};

// One kernel call: budget, guards, second run. Returns the first thing that is wrong.
std::string check_call(const Instance& instance, Bound& first, const World& world, const Gradients* gradients, const Budget& budget, std::size_t offset) {
    Workspace scratch(allocate_poisoned, std::free);
    first.run(&scratch);
    if (scratch.in_use() != 0) return "scratch memory was not given back";
    if (const std::string what = first.damage(); !what.empty()) return what;
    for (const auto& [name, array] : first.outputs())
        if (const std::string what = compare(*instance.op, name, array, world.dtype, budget); !what.empty()) return what;
    Bound again(instance, world, gradients, offset);
    again.run(&scratch);
    std::string where;
    if (!first.same_bits(again, where)) return fmt::format("{} has other bits in a second run", where);
    return {};
}

void check_thread_counts(const std::vector<Repeat>& repeats, Failures& failures) {
    for (const int threads : {1, 7}) {
        set_thread_count(threads);
        for (const Repeat& repeat : repeats) {
            Bound again(*repeat.instance, repeat.world, repeat.gradients.get(), repeat.offset);
            again.run(nullptr);
            std::string where;
            if (!repeat.first.same_bits(again, where))
                failures.push_back(fmt::format("{}: {} has other bits in a run with {} threads", repeat.label, where, threads));
        }
    }
    set_thread_count(2);
}

Arrays make_cotangents(const Instance& instance) {
    Arrays cotangents;
    std::uint64_t stream = 500;
    for (const Operand& operand : instance.op->outputs) {
        ++stream;
        if (operand.gradient != Gradient::yes || !is_present(operand, instance.sizes)) continue;
        Array& array = cotangents[operand.name] = make_array(operand, instance.sizes);
        fill(array, Values::normal, instance.seed, stream);
    }
    return cotangents;
}

void round_all(Arrays& arrays, DType dtype) {
    for (auto& [name, array] : arrays) {
        round_to(array, stored_dtype(array.kind, dtype));
        array.errors.clear();
    }
}

// All variants of one row of the table in one dtype.
void check_instance(Instance unrounded, DType dtype, std::size_t offset, Failures& failures, std::size_t limit, std::vector<Repeat>& repeats) {
    const OpCases& op = *unrounded.op;
    round_all(unrounded.inputs, dtype);
    const auto instance = std::make_shared<const Instance>(std::move(unrounded));
    const Budget forward = make_budget(*instance, dtype, nullptr);
    Gradients given{forward.exact, make_cotangents(*instance), nullptr};
    round_all(given.forward, dtype);
    round_all(given.cotangents, dtype);
    const auto gradients = std::make_shared<const Gradients>(std::move(given));
    const Budget backward = op.backward ? make_budget(*instance, dtype, gradients.get()) : Budget{};
    const bool first_values = instance->values == op.values[0];

    std::vector<const char*> variants = op.variants;
    if (variants.empty()) variants.push_back(nullptr);
    for (const char* variant : variants) {
        const World world{Backend::cpu, dtype, false, variant};
        Problem sizes;
        sizes.dtype = dtype;
        sizes.sizes = instance->sizes;
        if (op.supports && !op.supports(variant ? variant : "", dtype, sizes)) continue;
        const auto check = [&](const std::string& pass, std::shared_ptr<const Gradients> g, const Budget& budget, bool repeat) {
            const std::string label = fmt::format("{} {} {} cpu{}{} {} offset={}", op.op, pass, name_of(dtype), variant ? " variant " : "",
                                                  variant ? variant : "", instance->describe(), offset);
            Bound first(*instance, world, g.get(), offset);
            const std::string what = check_call(*instance, first, world, g.get(), budget, offset);
            if (!what.empty() && failures.size() < limit) failures.push_back(label + ": " + what);
            if (what.empty() && repeat) repeats.push_back({instance, std::move(g), world, offset, std::move(first), label});
        };
        check("forward", nullptr, forward, first_values);
        if (!op.backward) continue;
        check("backward", gradients, backward, first_values);
        if (!first_values) continue;
        for (const Operand& operand : op.inputs) {
            if (operand.gradient != Gradient::yes || !is_present(operand, instance->sizes)) continue;
            auto fewer = std::make_shared<Gradients>(*gradients);
            fewer->without = operand.name;
            check(fmt::format("backward without d{}", operand.name), std::move(fewer), backward, false);
        }
    }
}

// Central difference of sum(cotangent * output) in one element of one input.
double difference(Instance& instance, const std::string& name, std::size_t i, const Arrays& cotangents) {
    constexpr double kStep = 1e-6;
    double& x = instance.inputs.at(name).numbers[i];
    const double kept = x;
    x = kept + kStep;
    const double up = x;
    const Arrays above = run_once(instance, kOracle, nullptr);
    x = kept - kStep;
    const double down = x;
    const Arrays below = run_once(instance, kOracle, nullptr);
    x = kept;
    double sum = 0;
    for (const auto& [output, cotangent] : cotangents)
        for (std::size_t k = 0; k < cotangent.numbers.size(); ++k) {
            const double y_up = above.at(output).numbers[k], y_down = below.at(output).numbers[k];
            if (y_up != y_down) sum += cotangent.numbers[k] * (y_up - y_down);  // equal infinities do not depend on x
        }
    return sum / (up - down);
}

bool small_enough(const Instance& instance) {
    std::int64_t count = 0;
    for (const auto& [name, array] : instance.inputs) count += array.count();
    Problem problem;
    problem.dtype = DType::f64;
    problem.sizes = instance.sizes;
    return count <= 5000 && (!instance.op->flops || instance.op->flops(problem) <= 1e6);
}

void check_gradients(Instance instance, Failures& failures, std::size_t limit, std::int64_t& checked) {
    constexpr std::int64_t kSamples = 12;
    constexpr double kAbsolute = 1e-5, kRelative = 1e-3;
    const Gradients gradients{run_once(instance, kOracle, nullptr), make_cotangents(instance), nullptr};
    const Arrays analytic = run_once(instance, kOracle, &gradients);
    for (const Operand& operand : instance.op->inputs) {
        if (operand.gradient != Gradient::yes || !is_present(operand, instance.sizes)) continue;
        const std::int64_t count = instance.inputs.at(operand.name).count();
        for (std::int64_t s = 0; s < std::min(count, kSamples); ++s) {
            const std::size_t i = count <= kSamples ? static_cast<std::size_t>(s)
                                                    : philox_word({instance.seed, 900}, static_cast<std::uint64_t>(s)) % static_cast<std::uint64_t>(count);
            const double numeric = difference(instance, operand.name, i, gradients.cotangents);
            const double given = analytic.at(fmt::format("d{}", operand.name)).numbers[i];
            ++checked;
            if (std::abs(numeric - given) <= kAbsolute + kRelative * std::abs(given)) continue;
            if (failures.size() < limit)
                failures.push_back(fmt::format("{} gradient check f64 reference {}: d{}[{}] is {:.9g} but differences give {:.9g} (atol {}, rtol {})",
                                               instance.op->op, instance.describe(), operand.name, i, given, numeric, kAbsolute, kRelative));
        }
    }
}

}  // namespace

std::vector<std::string> gradient_failures_of(const OpCases& op, std::size_t limit, std::int64_t& checked) {
    Failures failures;
    for (std::size_t row = 0; op.backward && row < op.shapes.size(); ++row)
        for (const Values values : op.values) {
            if (values != op.values[0] && values != Values::normal && values != Values::positive) continue;
            Instance instance = make_instance(op, op.shapes[row], values, seed_of(op, row));
            if (small_enough(instance)) check_gradients(std::move(instance), failures, limit, checked);
        }
    return failures;
}

std::vector<std::string> failures_of(const OpCases& op, std::size_t limit) {
    const int threads = thread_count();
    mallopt(M_MMAP_THRESHOLD, 64 << 20);  // buffers come and go by the thousand: keep their pages
    mallopt(M_TRIM_THRESHOLD, 256 << 20);
    set_thread_count(2);
    std::int64_t checked = 0;
    Failures failures = gradient_failures_of(op, limit, checked);
    if (op.backward && checked == 0) failures.push_back(fmt::format("{}: no shape is small enough for the gradient check", op.op));
    for (std::size_t row = 0; row < op.shapes.size(); ++row)
        for (const Values values : op.values) {
            const Instance instance = make_instance(op, op.shapes[row], values, seed_of(op, row));
            std::vector<Repeat> repeats;
            for (const DType dtype : op.dtypes)
                if (failures.size() < limit) check_instance(instance, dtype, row % 3, failures, limit, repeats);
            if (!repeats.empty()) check_thread_counts(repeats, failures);
        }
    set_thread_count(threads);
    return failures;
}

void check_op(const OpCases& op) {
    INFO("op ", std::string(op.op));
    CHECK(op.shapes.size() * op.values.size() * op.dtypes.size() >= 30);
    for (const std::string& failure : failures_of(op)) FAIL_CHECK(failure);
}

}  // namespace molten
