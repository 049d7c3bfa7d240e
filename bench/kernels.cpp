// Times every op of kernels/all_cases.h on the shapes of its table, forward and backward, in f32 and bf16.
//
//   bench_kernels --benchmark_filter='softmax/.*f32'
//
// GB/s counts the bytes that must move at least once (the table's bytes(); backward: cotangents read, gradients written). "roof" is
// its share of the copy bandwidth measured at the start by the same number of threads, "lib" the time of the variant "lib" over
// this one's where the op has one. A shape that fits the cache can pass the roof.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "kernels/all_cases.h"
#include "kernels/common/instance.h"
#include "kernels/common/parallel.h"
#include "kernels/common/workspace.h"

namespace molten {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

struct Release {
    void operator()(void* memory) const { std::free(memory); }
};
using Memory = std::unique_ptr<void, Release>;

Memory allocate(std::size_t bytes) {
    Memory memory(std::aligned_alloc(64, (bytes + 64) / 64 * 64));
    std::memset(memory.get(), 0, bytes);
    return memory;
}

// Bytes read and written a second by a copy of 256 MiB, the best of eight.
double copy_roof() {
    constexpr std::int64_t kBytes = std::int64_t{256} << 20;
    const Memory from = allocate(kBytes), to = allocate(kBytes);
    double best = 0;
    for (int run = 0; run < 8; ++run) {
        const auto start = Clock::now();
        parallel_for(kBytes, 1 << 20, [&](std::int64_t begin, std::int64_t end) {
            std::memcpy(static_cast<char*>(to.get()) + begin, static_cast<char*>(from.get()) + begin, static_cast<std::size_t>(end - begin));
        });
        best = std::max(best, 2. * kBytes / seconds_since(start));
    }
    return best;
}

double roof = 0;

// One shape of an op in memory, with the forward pass done.
class Prepared {
  public:
    Prepared(const OpCases& op, const Sizes& sizes, DType dtype) : op_(op) {
        const Instance instance = make_instance(op, sizes, op.values[0], 1);
        problem_.dtype = dtype;
        problem_.sizes = instance.sizes;
        for (const auto& [name, array] : instance.inputs) store(array, stored_dtype(array.kind, dtype), add(problem_.buffers, name, array));
        for (const Operand& operand : op.outputs) {
            if (!is_present(operand, instance.sizes)) continue;
            Array array = make_array(operand, instance.sizes);
            add(problem_.buffers, operand.name, array);
            if (operand.gradient == Gradient::no) continue;
            fill(array, Values::normal, 1, 500);
            store(array, stored_dtype(array.kind, dtype), add(problem_.gradients, operand.name, array));
        }
        for (const auto& [name, array] : instance.inputs)
            if (wants_gradient(name)) add(problem_.gradients, name, array);
        call(false, nullptr);
    }

    void call(bool backward, const char* variant) {
        Launch launch;
        launch.scratch = &scratch_;
        launch.variant = variant;
        (backward ? op_.backward : op_.forward)(Backend::cpu, false, launch, problem_);
    }
    // Median seconds of seven calls.
    double time(bool backward, const char* variant) {
        std::vector<double> times(7);
        for (double& t : times) {
            const auto start = Clock::now();
            call(backward, variant);
            t = seconds_since(start);
        }
        std::nth_element(times.begin(), times.begin() + 3, times.end());
        return times[3];
    }
    double bytes(bool backward) const { return backward ? gradient_bytes_ : op_.bytes(problem_); }
    double flops() const { return op_.flops(problem_); }
    const Problem& problem() const { return problem_; }

  private:
    bool wants_gradient(const std::string& name) const {
        return std::any_of(op_.inputs.begin(), op_.inputs.end(), [&](const Operand& o) { return o.name == name && o.gradient == Gradient::yes; });
    }
    void* add(std::map<std::string, void*, std::less<>>& map, const std::string& name, const Array& array) {
        const std::size_t bytes = array.numbers.size() * size_of(stored_dtype(array.kind, problem_.dtype));
        if (&map == &problem_.gradients) gradient_bytes_ += static_cast<double>(bytes);
        memory_.push_back(allocate(bytes));
        return map[name] = memory_.back().get();
    }

    const OpCases& op_;
    Problem problem_;
    Workspace scratch_;
    std::vector<Memory> memory_;
    double gradient_bytes_ = 0;
};

struct Benchmark {
    const OpCases* op;
    Sizes sizes;
    DType dtype;
    bool backward;
    const char* variant;
    bool has_lib;

    std::string shape() const {
        std::string text;
        for (std::size_t i = 0; i < sizes.size(); ++i) text += fmt::format("{}{}={}", i ? "," : "", op->sizes[i], sizes[i]);
        return text;
    }
    std::string name() const {
        return fmt::format("{}/{}/{}/{}{}{}", op->op, backward ? "backward" : "forward", name_of(dtype), variant ? variant : "", variant ? "/" : "", shape());
    }
    bool runs(const char* which) const {
        Problem problem;
        problem.dtype = dtype;
        problem.sizes = name_sizes(*op, sizes);
        return !op->supports || op->supports(which ? which : "", dtype, problem);
    }
};

// The runs of one shape follow each other: keep it. Google Benchmark also calls a function several times to find its length.
Prepared& prepare(const Benchmark& b) {
    static std::unique_ptr<Prepared> kept;
    static std::string key;
    const std::string wanted = fmt::format("{}/{}/{}", b.op->op, name_of(b.dtype), b.shape());
    if (key != wanted) {
        kept.reset();
        kept = std::make_unique<Prepared>(*b.op, b.sizes, b.dtype);
        key = wanted;
    }
    return *kept;
}

void run(benchmark::State& state, const Benchmark& b) {
    Prepared& prepared = prepare(b);
    prepared.call(b.backward, b.variant);
    const auto start = Clock::now();
    for (auto _ : state) prepared.call(b.backward, b.variant);
    const double each = seconds_since(start) / static_cast<double>(std::max<benchmark::IterationCount>(1, state.iterations()));
    const double bandwidth = prepared.bytes(b.backward) / each;
    state.counters["GB/s"] = bandwidth / 1e9;
    state.counters["roof"] = bandwidth / roof;
    if (!b.backward) state.counters["GFLOP/s"] = prepared.flops() / each / 1e9;
    if (b.has_lib && (!b.variant || std::string_view(b.variant) != "lib")) state.counters["lib"] = prepared.time(b.backward, "lib") / each;
}

// The shapes that the table wants timed, else its two largest.
std::vector<Sizes> shapes_of(const OpCases& op) {
    if (!op.benchmarks.empty()) return op.benchmarks;
    std::vector<Sizes> shapes = op.shapes;
    const auto size = [&](const Sizes& sizes) {
        Problem problem;
        problem.dtype = DType::f32;
        problem.sizes = name_sizes(op, sizes);
        return op.bytes(problem);
    };
    std::stable_sort(shapes.begin(), shapes.end(), [&](const Sizes& a, const Sizes& b) { return size(a) > size(b); });
    shapes.resize(std::min<std::size_t>(shapes.size(), 2));
    return shapes;
}

void register_op(const OpCases& op) {
    std::vector<const char*> variants = op.variants;
    if (variants.empty()) variants.push_back(nullptr);
    for (const Sizes& sizes : shapes_of(op))
        for (const DType dtype : op.dtypes) {
            if (dtype == DType::f64) continue;
            for (const bool backward : {false, true}) {
                if (backward && !op.backward) continue;
                for (const char* variant : variants) {
                    Benchmark b{&op, sizes, dtype, backward, variant, false};
                    if (!b.runs(variant)) continue;
                    for (const char* other : variants) b.has_lib = b.has_lib || (other && std::string_view(other) == "lib" && b.runs(other));
                    benchmark::RegisterBenchmark(b.name().c_str(), [b](benchmark::State& state) { run(state, b); })
                        ->UseRealTime()
                        ->Unit(benchmark::kMicrosecond);
                }
            }
        }
}

}  // namespace
}  // namespace molten

int main(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    for (const molten::OpCases* op : molten::all_op_cases()) molten::register_op(*op);
    molten::roof = molten::copy_roof();
    benchmark::AddCustomContext("copy roof", fmt::format("{:.1f} GB/s with {} threads", molten::roof / 1e9, molten::thread_count()));
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
