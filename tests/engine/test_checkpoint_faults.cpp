#include <doctest/doctest.h>
#include <fmt/format.h>

#include <csignal>
#include <cstdlib>
#include <functional>
#include <vector>

#include "engine/core/error.h"
#include "engine/io/checkpoint.h"
#include "tests/engine/io_test_support.h"

// Each of these runs a child that saves checkpoints, plays one fault at its k-th I/O call, for every k there is, and then looks at what is
// on the disk: always a good checkpoint, the last one finished or the one after it, equal to the byte.

using namespace molten;
using namespace molten::io;
using molten::test::TemporaryDirectory;

namespace {

constexpr std::uint64_t prepared = 2;  // steps that are there before the child starts
constexpr std::uint64_t last = 5;      // steps 3, 4, 5 and 5 again are saved by the child

std::string weights_of(std::uint64_t step) {
    std::string bytes;
    for (std::uint64_t i = 0; i < 5000; ++i) bytes += static_cast<char>((i * step * 2654435761U) >> 11);
    return bytes;
}

std::string state_of(std::uint64_t step) { return fmt::format("{{\"step\": {}, \"rate\": 0.1}}\n", step); }

void save(const std::filesystem::path& root, std::uint64_t step) {
    const std::string weights = weights_of(step);
    CheckpointWriter writer(root, step, {.expected_bytes = 2 * weights.size()});
    // One file with its size known, one longer than was reserved for it, one shorter.
    writer.add("weights.bin", weights);
    writer.add(
        "optimizer.bin", [&](FileWriter& out) { out.write(weights); }, 100);
    writer.add(
        "state.json", [&](FileWriter& out) { out.write(state_of(step)); }, 4096);
    writer.commit();
}

// Why the checkpoint is not what a save of its step writes; empty if it is.
std::string difference(const Checkpoint& checkpoint) {
    if (checkpoint.files.size() != 3) return "not three files";
    if (test::read_text(checkpoint.file("weights.bin")) != weights_of(checkpoint.step)) return "weights.bin differs";
    if (test::read_text(checkpoint.file("optimizer.bin")) != weights_of(checkpoint.step)) return "optimizer.bin differs";
    if (test::read_text(checkpoint.file("state.json")) != state_of(checkpoint.step)) return "state.json differs";
    return "";
}

class Scene {
  public:
    Scene() : directory_(test::fast_parent()), root_(directory_ / "root"), template_(directory_ / "template") {
        for (std::uint64_t step = 1; step <= prepared; ++step) save(template_, step);
    }

    // Runs the child on a fresh root that holds the prepared checkpoints.
    test::ChildResult run(const std::string& fault) {
        std::filesystem::remove_all(root_);
        std::filesystem::copy(template_, root_, std::filesystem::copy_options::recursive);
        test::write_text(log_path(), std::to_string(prepared));
        return test::run_child("checkpoints for a fault test", {{"MOLTEN_TEST_ROOT", root_.string()},
                                                                {"MOLTEN_TEST_LOG", log_path().string()},
                                                                {"MOLTEN_FAULT", fault},
                                                                {"MOLTEN_FAULT_COUNT", count_path().string()}});
    }
    std::uint64_t calls() const { return std::stoull(test::read_text(count_path())); }
    // The last step whose commit() returned in the child.
    std::uint64_t completed() const { return std::stoull(test::read_text(log_path())); }
    const std::filesystem::path& root() const { return root_; }

    // The newest good checkpoint is the last completed or the next, equal to the byte, and the one before it is good as well.
    void check_what_is_left() const {
        const auto search = find_latest_good(root_);
        REQUIRE(search.found);
        CHECK(search.passed_over.empty());
        const bool expected_step = search.found->step == completed() || search.found->step == completed() + 1;
        CHECK(expected_step);
        CHECK(difference(*search.found) == "");
        const auto steps = list_checkpoint_steps(root_);
        REQUIRE(steps.size() >= 2);
        for (const std::uint64_t step : steps) CHECK(difference(load_checkpoint(root_ / checkpoint_directory_name(step))) == "");
    }

    // What a run that is started again does: it saves the next step, and nothing of the broken save remains.
    void check_next_save() const {
        save(root_, last + 1);
        const auto search = find_latest_good(root_);
        REQUIRE(search.found);
        CHECK(search.found->step == last + 1);
        for (const std::string& name : list_directory(root_)) CHECK_FALSE(name.starts_with(".tmp-"));
    }

  private:
    std::filesystem::path log_path() const { return directory_ / "log"; }
    std::filesystem::path count_path() const { return directory_ / "count"; }
    TemporaryDirectory directory_;
    std::filesystem::path root_;
    std::filesystem::path template_;
};

// Under a sanitizer, where a child takes ten times as long, at every fifth call only.
void play_at_every_call(const std::string& kind, const std::function<void(const Scene&, const test::ChildResult&)>& check) {
    const std::uint64_t stride = test::under_sanitizer() ? 5 : 1;
    Scene scene;
    REQUIRE(scene.run("").exit_code == 0);
    const std::uint64_t calls = scene.calls();
    REQUIRE(calls > 100);
    for (std::uint64_t k = 1; k <= calls; k += stride) {
        const std::string fault = fmt::format("{}:{}", kind, k);
        CAPTURE(fault);
        const auto result = scene.run(fault);
        CAPTURE(result.output);
        check(scene, result);
        scene.check_what_is_left();
        scene.check_next_save();
    }
    MESSAGE(kind, " at ", (calls + stride - 1) / stride, " of ", calls, " calls");
}

void check_failed_cleanly(const Scene& scene, const test::ChildResult& result) {
    CHECK(result.exit_code == static_cast<int>(ExitCode::resources));
    CHECK(scene.completed() < last + 1);
}

void check_succeeded(const Scene& scene, const test::ChildResult& result) {
    CHECK(result.exit_code == 0);
    CHECK(scene.completed() == last);
    CHECK(find_latest_good(scene.root()).found->step == last);
}

}  // namespace

TEST_CASE("checkpoints for a fault test" * doctest::skip()) {
    const std::filesystem::path root = std::getenv("MOLTEN_TEST_ROOT");
    const std::filesystem::path log = std::getenv("MOLTEN_TEST_LOG");
    int code = 0;
    try {
        for (const std::uint64_t step : {prepared + 1, prepared + 2, last, last}) {
            save(root, step);
            // Replaced in one step, past the shim: a kill must not find it half written.
            test::write_text(log.string() + ".new", std::to_string(step));
            std::filesystem::rename(log.string() + ".new", log);
        }
    } catch (const Error& error) {
        fmt::print("{}\n{}\n", error.what(), error.hint());
        code = static_cast<int>(error.code());
    }
    std::exit(code);
}

TEST_CASE("checkpoint: killed at every I/O call") {
    play_at_every_call("kill", [](const Scene&, const test::ChildResult& result) { CHECK(result.signal == SIGKILL); });
}

TEST_CASE("checkpoint: disk full at every I/O call") { play_at_every_call("enospc", check_failed_cleanly); }

TEST_CASE("checkpoint: quota reached at every I/O call") { play_at_every_call("edquot", check_failed_cleanly); }

TEST_CASE("checkpoint: device error at every I/O call") { play_at_every_call("eio", check_failed_cleanly); }

TEST_CASE("checkpoint: short read or write at every I/O call") { play_at_every_call("short", check_succeeded); }

TEST_CASE("checkpoint: interrupted at every I/O call") { play_at_every_call("eintr", check_succeeded); }

// EINVAL is how a file system says that it cannot exchange two names or fsync a directory: the save then goes another way.
TEST_CASE("checkpoint: invalid argument at every I/O call") {
    int other_ways = 0;
    play_at_every_call("einval", [&](const Scene& scene, const test::ChildResult& result) {
        if (result.exit_code == 0) {
            ++other_ways;
            check_succeeded(scene, result);
        } else {
            check_failed_cleanly(scene, result);
        }
    });
    // 4 saves with 3 fsyncs of directories each, and one exchange.
    if (!test::under_sanitizer()) CHECK(other_ways == 4 * 3 + 1);
}

TEST_CASE("checkpoint: from some call on nothing works any more, not even tidying up") {
    Scene scene;
    REQUIRE(scene.run("").exit_code == 0);
    const std::uint64_t calls = scene.calls();
    for (std::uint64_t k = 1; k <= calls; k += 3) {
        const std::string fault = fmt::format("{}:{}+", k % 2 == 0 ? "eio" : "enospc", k);
        CAPTURE(fault);
        const auto result = scene.run(fault);
        CAPTURE(result.output);
        check_failed_cleanly(scene, result);
        scene.check_what_is_left();
        scene.check_next_save();
    }
}
