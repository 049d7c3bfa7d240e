#include <doctest/doctest.h>

#include "engine/core/tensor.h"
#include "kernels/common/workspace.h"

using namespace molten;

TEST_CASE("memory is reported by kind and name, and reused") {
    reset_peak_memory();
    const std::size_t before = memory_report().in_use;
    {
        const MemoryScope scope(MemoryKind::weights, "embedding table");
        const Tensor table = Tensor::empty({1024, 256}, DType::f32);
        const MemoryReport report = memory_report();
        CHECK(report.in_use - before == 1024 * 256 * 4);
        bool found = false;
        for (const MemoryLine& line : report.now)
            found = found || (line.kind == MemoryKind::weights && line.name == "embedding table" && line.bytes == 1048576);
        CHECK(found);
    }
    const MemoryReport after = memory_report();
    CHECK(after.in_use == before);
    CHECK(after.peak >= before + 1048576);
    CHECK(after.text().find("embedding table") != std::string::npos);
    const auto reused = after.reused;
    { const Tensor again = Tensor::empty({1024, 256}, DType::f32); }
    CHECK(memory_report().reused == reused + 1);
    release_cached_memory();
    CHECK(memory_report().cached == 0);
}

TEST_CASE("out of memory says what was wanted and the process goes on") {
    const Tensor held = Tensor::empty({1 << 18}, DType::f32);
    set_memory_limit(memory_report().in_use + 1000000);
    bool refused = false;
    try {
        const MemoryScope scope(MemoryKind::tape, "a large activation");
        Tensor::empty({1 << 20}, DType::f32);
    } catch (const Error& error) {
        refused = true;
        CHECK(error.code() == ExitCode::resources);
        CHECK(std::string(error.what()).find("a large activation") != std::string::npos);
        CHECK_FALSE(error.hint().empty());
    }
    CHECK(refused);
    CHECK(Tensor::full({10}, 3, DType::f32).to_vector()[9] == 3);
    set_memory_limit(0);
}

TEST_CASE("scratch is last in, first out, keeps its memory and its high-water mark") {
    Workspace workspace;
    Launch launch;
    launch.scratch = &workspace;
    void* first = nullptr;
    {
        Scratch<float> a(launch, "sums", 1000);
        first = a.data();
        Scratch<double> b(launch, "order", 500000);
        CHECK(reinterpret_cast<std::uintptr_t>(b.data()) % 64 == 0);
        CHECK(workspace.in_use() == 4032 + 4000000);
    }
    CHECK(workspace.in_use() == 0);
    CHECK(workspace.high_water() == 4032 + 4000000);
    CHECK(workspace.high_water_names() == "sums, order");
    Scratch<float> again(launch, "sums", 1000);
    CHECK(again.data() == first);
}

TEST_CASE("shapes refuse what does not fit") {
    CHECK_THROWS_AS(Shape({1, 2, 3, 4, 5, 6, 7}), Error);
    CHECK_THROWS_AS(Shape({-1}), Error);
    CHECK_THROWS_AS(Shape({std::int64_t{1} << 40, std::int64_t{1} << 40}).elements(), Error);
    CHECK(Shape({}).elements() == 1);
    CHECK(Shape({3, 0, 5}).elements() == 0);
}

TEST_CASE("a tensor is read as what it is") {
    const Tensor x = Tensor::full({2, 3}, 1.5, DType::bf16);
    CHECK_THROWS_AS(x.data<float>(), Error);
    CHECK(x.to_vector()[5] == 1.5);
    CHECK_THROWS_AS(x.item(), Error);
    CHECK(Tensor::randn({100}, DType::f64, 7).to_vector() == Tensor::randn({100}, DType::f64, 7).to_vector());
}
