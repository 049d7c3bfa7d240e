// The multimodal model's training step and inference on a batch that bench/peers/mmf_cpu.py wrote (--dump): the numbers to hold
// beside PyTorch's. `bench_mmf --batch=FILE [Google Benchmark flags]`; scripts/bench_step does both sides.
#include "models/mmf/mmf.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <numeric>
#include <string>

#include "engine/io/tensors.h"
#include "engine/ops/loss.h"
#include "train/loop/optimizer.h"

namespace {

using namespace molten;

struct Setting {
    MmfBatch batch;
    Tensor y;
    MmfConfig config;
};

Tensor read(const io::SafetensorsFile& file, const std::string& name, DType dtype) {
    const auto entry = file.find(name);
    if (!entry) throw Error(ExitCode::data, file.name() + ": tensor " + name + " is missing");
    Shape shape;
    for (const std::uint64_t dim : entry->shape) shape.push_back(static_cast<std::int64_t>(dim));
    Tensor tensor = Tensor::empty(shape, dtype);
    io::read_into(file, name, tensor);
    return tensor;
}

// reverse[e] of each entry (i, j): the entry (j, i). Columns rise within a row.
Tensor reverse_entries(const Tensor& row_offset, const Tensor& column) {
    const auto* offset = row_offset.data<std::int32_t>();
    const auto* columns = column.data<std::int32_t>();
    Tensor reverse = Tensor::empty(column.shape(), DType::i32);
    for (std::int32_t row = 0; row + 1 < row_offset.dim(0); ++row)
        for (std::int32_t e = offset[row]; e < offset[row + 1]; ++e) {
            const auto* first = columns + offset[columns[e]];
            reverse.mutable_data<std::int32_t>()[e] =
                static_cast<std::int32_t>(std::lower_bound(first, columns + offset[columns[e] + 1], row) - columns);
        }
    return reverse;
}

Setting load(const std::string& path) {
    const auto file = io::SafetensorsFile::open(path, io::SafetensorsAccess::read);
    Setting s;
    s.batch.nodes = read(file, "atoms", DType::f32);
    s.batch.graph.row_offset = read(file, "row_start", DType::i32);
    s.batch.graph.column = read(file, "column", DType::i32);
    s.batch.graph.reverse = reverse_entries(s.batch.graph.row_offset, s.batch.graph.column);
    const Tensor sizes = read(file, "sizes", DType::i32);
    s.batch.molecules = sizes.dim(0);
    std::vector<std::int32_t> offset(static_cast<std::size_t>(sizes.dim(0)) + 1, 0);
    std::partial_sum(sizes.data<std::int32_t>(), sizes.data<std::int32_t>() + sizes.dim(0), offset.begin() + 1);
    s.batch.graph.graph_offset = Tensor::from(offset, {sizes.dim(0) + 1});
    s.batch.fingerprint = read(file, "fingerprint", DType::f32);
    s.batch.descriptors = read(file, "descriptors", DType::f32);
    s.batch.retrieved = read(file, "retrieval", DType::f32);
    s.y = read(file, "y", DType::f32);
    s.config.node_features = s.batch.nodes.dim(1);
    s.config.fingerprint_bits = s.batch.fingerprint.dim(1);
    s.config.descriptors = s.batch.descriptors.dim(1);
    s.config.retrieved = s.batch.retrieved.dim(1);
    s.config.targets = s.y.dim(1);
    s.config.dropout = 0.2;
    s.config.fingerprint_drop_rate = s.config.retrieval_drop_rate = 0;
    return s;
}

void train_step(benchmark::State& state, const Setting& s) {
    Mmf model(s.config, 1), average(s.config, 1);
    std::vector<std::pair<std::string, Tensor>> parameters;
    std::vector<Tensor> averages;
    model.visit([&](const std::string& name, Tensor& p) { parameters.emplace_back(name, p); });
    average.visit([&](const std::string&, Tensor& p) { averages.push_back(p); });
    train::Optimizer optimizer(parameters, averages, {0.9, 0.999, 1e-8, 0.05, 1.0, 0.99});
    for (auto _ : state) {
        Tape tape;
        const MmfOutput output = model.forward(s.batch, true);
        const Tensor loss = element_loss(output.prediction, s.y, {}, {ElementLoss::l2, Reduction::mean, 1});
        optimizer.step(tape.backward(loss), 1e-3);
    }
    state.counters["molecules/s"] =
        benchmark::Counter(static_cast<double>(s.batch.molecules), benchmark::Counter::kIsIterationInvariantRate);
    state.counters["parameters"] = static_cast<double>(model.parameter_count());
}

void inference(benchmark::State& state, const Setting& s) {
    const Mmf model(s.config, 1);
    const NoGrad quiet;
    for (auto _ : state) benchmark::DoNotOptimize(model.forward(s.batch, false).prediction.data());
    state.counters["molecules/s"] =
        benchmark::Counter(static_cast<double>(s.batch.molecules), benchmark::Counter::kIsIterationInvariantRate);
}

}  // namespace

int main(int argc, char** argv) {
    std::string path;
    for (int i = 1; i < argc; ++i)
        if (std::strncmp(argv[i], "--batch=", 8) == 0) {
            path = argv[i] + 8;
            std::copy(argv + i + 1, argv + argc, argv + i);
            --argc;
            --i;
        }
    if (path.empty()) {
        std::fprintf(stderr, "bench_mmf: give --batch=FILE, written by bench/peers/mmf_cpu.py --dump FILE\n");
        return 2;
    }
    const Setting setting = load(path);
    benchmark::RegisterBenchmark("train_step", train_step, std::cref(setting))->Unit(benchmark::kMillisecond)->UseRealTime();
    benchmark::RegisterBenchmark("inference", inference, std::cref(setting))->Unit(benchmark::kMillisecond)->UseRealTime();
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
