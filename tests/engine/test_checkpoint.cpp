#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <random>
#include <vector>

#include "engine/core/error.h"
#include "engine/io/byte_reader.h"
#include "engine/io/checkpoint.h"
#include "engine/io/safetensors.h"
#include "tests/engine/io_test_support.h"

using namespace molten;
using namespace molten::io;
using molten::test::TemporaryDirectory;

namespace {

void save(const std::filesystem::path& root, std::uint64_t step, std::string_view weights, std::size_t keep = 2) {
    CheckpointWriter writer(root, step, {.keep = keep, .expected_bytes = weights.size()});
    writer.add("weights.bin", weights);
    writer.add("state.json", fmt::format("{{\"step\": {}}}\n", step));
    writer.commit();
}

template <class Call>
Error error_of(Call&& call) {
    try {
        call();
    } catch (const Error& error) {
        return error;
    }
    return Error(ExitCode::ok, "no error");
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

}  // namespace

TEST_CASE("a checkpoint is saved and loaded") {
    const TemporaryDirectory directory;
    const auto root = directory / "run/checkpoints";
    CHECK_FALSE(find_latest_good(root).found);
    CHECK(list_checkpoint_steps(root).empty());
    const std::string data(12, 'w');
    const std::uint64_t shape[] = {3};
    const SafetensorsEntry entries[] = {{"w", SafetensorsDType::f32, shape, as_bytes(data)}};
    CheckpointWriter writer(root, 100, {.expected_bytes = 1000});
    writer.add(
        "model.safetensors", [&](FileWriter& out) { write_safetensors(out, entries); }, safetensors_file_size(entries));
    writer.add("state.json", "{}\n");
    CHECK(find_latest_good(root).passed_over.empty());
    CHECK_FALSE(find_latest_good(root).found);
    const auto path = writer.commit();
    CHECK(path == root / "step-00000100");
    CHECK(list_directory(root) == std::vector<std::string>{"latest", "step-00000100"});
    CHECK(list_directory(path) == std::vector<std::string>{"DONE", "MANIFEST.json", "model.safetensors", "state.json"});
    CHECK(test::read_text(root / "latest") == "step-00000100\n");
    const auto search = find_latest_good(root);
    REQUIRE(search.found);
    CHECK(search.passed_over.empty());
    CHECK(search.found->step == 100);
    REQUIRE(search.found->files.size() == 2);
    CHECK(search.found->files[1].name == "state.json");
    CHECK(search.found->files[1].size == 3);
    CHECK(search.found->files[1].hash == hash128(as_bytes("{}\n")));
    CHECK(as_text(SafetensorsFile::open(search.found->file("model.safetensors")).find("w")->data) == data);
    CHECK(error_of([&] { search.found->file("other"); }).code() == ExitCode::corrupt);
    CHECK(test::read_text(path / "DONE") == hash128(as_bytes(test::read_text(path / "MANIFEST.json"))).hex() + "\n");
    CHECK(error_of([&] { writer.add("late", ""); }).code() == ExitCode::usage);
    CHECK(error_of([&] { writer.commit(); }).code() == ExitCode::usage);
}

TEST_CASE("a checkpoint that is given up leaves nothing") {
    const TemporaryDirectory root(test::fast_parent());
    save(root.path(), 1, "one");
    {
        CheckpointWriter writer(root.path(), 2);
        writer.add("weights.bin", "two");
    }
    CHECK(list_directory(root.path()) == std::vector<std::string>{"latest", "step-00000001"});
    {
        CheckpointWriter writer(root.path(), 2);
        CHECK_THROWS_AS(writer.add("weights.bin", [](FileWriter&) { throw Error(ExitCode::numbers, "NaN in w"); }), Error);
        CHECK(error_of([&] { writer.add("other", "x"); }).code() == ExitCode::usage);
        CHECK(error_of([&] { writer.commit(); }).code() == ExitCode::usage);
    }
    CHECK(list_directory(root.path()) == std::vector<std::string>{"latest", "step-00000001"});
}

TEST_CASE("names of checkpoint files are plain and used once") {
    const TemporaryDirectory root(test::fast_parent());
    CheckpointWriter writer(root.path(), 2);
    writer.add("a.bin", "x");
    for (const char* name : {"", ".", "..", "../x", "/x", "a/b", ".hidden", "a b", "a\n", "MANIFEST.json", "DONE", "a.bin"}) {
        CAPTURE(name);
        CHECK(error_of([&] { writer.add(name, "x"); }).code() == ExitCode::usage);
    }
    CHECK(error_of([&] { CheckpointWriter(root.path(), 100'000'000); }).code() == ExitCode::usage);
}

TEST_CASE("the last good checkpoints stay, whatever is damaged") {
    const TemporaryDirectory root(test::fast_parent());
    using Steps = std::vector<std::uint64_t>;
    for (std::uint64_t step = 10; step <= 40; step += 10) save(root.path(), step, "w");
    CHECK(list_checkpoint_steps(root.path()) == Steps{40, 30});
    save(root.path(), 50, "w", 0);  // fewer than two are never kept
    CHECK(list_checkpoint_steps(root.path()) == Steps{50, 40});
    save(root.path(), 60, "w", 4);
    save(root.path(), 70, "w", 4);
    CHECK(list_checkpoint_steps(root.path()) == Steps{70, 60, 50, 40});
    // 70 and 50 rot. With 80 new, the last two good are 80 and 60: only what is older than 60 may go.
    test::write_text(root / "step-00000070/weights.bin", "v");
    test::write_text(root / "step-00000050/weights.bin", "v");
    save(root.path(), 80, "w");
    CHECK(list_checkpoint_steps(root.path()) == Steps{80, 70, 60});
    // A save of an earlier step, after training was begun again from there, is kept although later steps exist.
    save(root.path(), 55, "w");
    CHECK(list_checkpoint_steps(root.path()) == Steps{80, 70, 60, 55});
    CHECK(test::read_text(root / "latest") == "step-00000055\n");
}

TEST_CASE("saving a step again replaces it") {
    const TemporaryDirectory root(test::fast_parent());
    save(root.path(), 10, "old");
    save(root.path(), 10, "new and longer");
    const auto search = find_latest_good(root.path());
    REQUIRE(search.found);
    CHECK(test::read_text(search.found->file("weights.bin")) == "new and longer");
    CHECK(list_directory(root.path()) == std::vector<std::string>{"latest", "step-00000010"});
}

TEST_CASE("the search says why newer checkpoints were passed over") {
    const TemporaryDirectory root(test::fast_parent());
    for (std::uint64_t step = 1; step <= 9; ++step) save(root.path(), step, "weights", 9);
    test::write_text(root / "step-00000009/weights.bin", "weight");
    test::write_text(root / "step-00000008/weights.bin", "Weights");
    std::filesystem::remove(root / "step-00000007/DONE");
    std::filesystem::remove(root / "step-00000006/state.json");
    test::write_text(root / "step-00000005/MANIFEST.json", test::read_text(root / "step-00000004/MANIFEST.json"));
    std::filesystem::remove_all(root / "step-00000004");
    std::filesystem::rename(root / "step-00000002", root / "step-00000004");  // another step under this name
    std::filesystem::remove(root / "step-00000003/weights.bin");
    std::filesystem::create_symlink("../step-00000001/weights.bin", root / "step-00000003/weights.bin");
    test::write_text(root / "step-99999999", "a file");
    std::filesystem::create_directory(root / "step-00000123");
    std::filesystem::create_directory(root / "step-12");
    const auto search = find_latest_good(root.path());
    REQUIRE(search.found);
    CHECK(search.found->step == 1);
    const char* reasons[] = {"step-99999999: is no checkpoint directory",
                             "DONE is missing: the save was not finished",
                             "weights.bin has 6 bytes, 7 expected",
                             "weights.bin is damaged: hash ",
                             "DONE is missing: the save was not finished",
                             "state.json is missing",
                             "MANIFEST.json is damaged",
                             "its manifest is of step 2",
                             "weights.bin is missing"};
    REQUIRE(search.passed_over.size() == std::size(reasons));
    for (std::size_t i = 0; i < std::size(reasons); ++i) {
        CAPTURE(search.passed_over[i]);
        CHECK(contains(search.passed_over[i], reasons[i]));
    }
}

TEST_CASE("a manifest with wrong content is refused even if its hash is right") {
    const TemporaryDirectory root(test::fast_parent());
    save(root.path(), 1, "w");
    const auto path = root / "step-00000001";
    const std::string good = test::read_text(path / "MANIFEST.json");
    const auto code_with = [&](const std::string& from, const std::string& to) {
        std::string text = good;
        const auto at = text.find(from);
        REQUIRE(at != std::string::npos);
        text.replace(at, from.size(), to);
        test::write_text(path / "MANIFEST.json", text);
        test::write_text(path / "DONE", hash128(as_bytes(text)).hex() + "\n");
        return error_of([&] { load_checkpoint(path); }).code();
    };
    CHECK(code_with("\"step\"", "\"step\"") == ExitCode::ok);
    CHECK(code_with("molten-checkpoint", "other-checkpoint") == ExitCode::data);
    CHECK(code_with("\"version\": 1", "\"version\": 2") == ExitCode::data);
    CHECK(code_with("\"version\": 1", "\"version\": \"1\"") == ExitCode::data);
    CHECK(code_with("\"step\": 1", "\"step\": -1") == ExitCode::data);
    CHECK(code_with("weights.bin", "../weights.bin") == ExitCode::data);
    CHECK(code_with("\"size\": 1", "\"size\": 1.0") == ExitCode::data);
    CHECK(code_with("\"size\": 1", "\"size\": 9223372036854775807") == ExitCode::corrupt);
    CHECK(code_with("\"xxh3_128\": \"", "\"xxh3_128\": \"0") == ExitCode::data);
    CHECK(code_with("{", "[") == ExitCode::corrupt);
}

TEST_CASE("any bit of a checkpoint flipped, or two files swapped, is found") {
    const TemporaryDirectory root(test::fast_parent());
    std::string weights(3000, '\0');
    std::mt19937 random(99);
    for (char& c : weights) c = static_cast<char>(random());
    save(root.path(), 7, weights);
    const auto path = root / "step-00000007";
    REQUIRE(error_of([&] { load_checkpoint(path); }).code() == ExitCode::ok);
    const std::vector<std::string> names = list_directory(path);
    for (int round = 0; round < 10'000; ++round) {
        const auto file = path / names[random() % names.size()];
        const std::string good = test::read_text(file);
        std::string bad = good;
        char& byte = bad[random() % bad.size()];
        byte = static_cast<char>(byte ^ (1 << random() % 8));
        test::write_text(file, bad);
        const bool found = error_of([&] { load_checkpoint(path); }).code() != ExitCode::ok;
        test::write_text(file, good);
        if (!found) FAIL("missed a flip in ", file.string());
    }
    for (const std::string& name : names) {
        const std::string good = test::read_text(path / name);
        for (std::size_t length = 0; length < good.size(); length += 1 + good.size() / 300) {
            test::write_text(path / name, good.substr(0, length));
            if (error_of([&] { load_checkpoint(path); }).code() == ExitCode::ok) FAIL("missed a cut of ", name, " at ", length);
        }
        test::write_text(path / name, good);
    }
    for (std::size_t i = 0; i < names.size(); ++i) {
        for (std::size_t j = i + 1; j < names.size(); ++j) {
            REQUIRE(exchange_paths(path / names[i], path / names[j]));
            CHECK(error_of([&] { load_checkpoint(path); }).code() == ExitCode::corrupt);
            REQUIRE(exchange_paths(path / names[i], path / names[j]));
        }
    }
    CHECK(error_of([&] { load_checkpoint(path); }).code() == ExitCode::ok);
}

TEST_CASE("temporary directories of dead processes are removed, others are not") {
    const TemporaryDirectory root(test::fast_parent());
    const pid_t dead = ::fork();
    if (dead == 0) ::_exit(0);
    REQUIRE(dead > 0);
    REQUIRE(::waitpid(dead, nullptr, 0) == dead);
    const auto name = [](const char* what, pid_t process) { return fmt::format(".tmp-{}.{}", what, process); };
    for (const std::string& stale : {name("5", dead), name("old-4", dead), name("6", ::getpid())}) {
        std::filesystem::create_directories(root / (stale + "/deep"));
        test::write_text(root / (stale + "/deep/file"), "x");
    }
    const std::vector<std::string> kept = {name("5", 1), ".tmp-5.", ".tmp-5.x1", ".tmp-notes"};  // process 1 is always there
    for (const std::string& other : kept) std::filesystem::create_directory(root / other);
    CheckpointWriter first(root.path(), 1);
    CheckpointWriter second(root.path(), 2);  // another save of this process that is under way is no stale one
    first.add("a", "1");
    second.add("a", "2");
    first.commit();
    second.commit();
    std::vector<std::string> expected = kept;
    expected.insert(expected.end(), {"latest", "step-00000001", "step-00000002"});
    std::sort(expected.begin(), expected.end());
    CHECK(list_directory(root.path()) == expected);
}

TEST_CASE("without space nothing is begun") {
    const TemporaryDirectory root(test::fast_parent());
    save(root.path(), 1, "one");
    const std::uint64_t too_much = free_space(root.path());
    const Error error = error_of([&] { CheckpointWriter(root.path(), 2, {.expected_bytes = too_much}); });
    CHECK(error.code() == ExitCode::resources);
    CHECK(contains(error.what(), "the checkpoint of step 2 needs "));
    CHECK(contains(error.what(), " are free"));
    CHECK_FALSE(error.hint().empty());
    CHECK(error_of([&] { CheckpointWriter(root.path(), 2, {.expected_bytes = UINT64_MAX}); }).code() == ExitCode::resources);
    CHECK(list_directory(root.path()) == std::vector<std::string>{"latest", "step-00000001"});
}

TEST_CASE("on a full file system the previous checkpoint stays and the error says so") {
    const TemporaryDirectory directory;
    if (::mount("none", directory.path().c_str(), "tmpfs", 0, "size=4m") != 0) {
        MESSAGE("SKIPPED: cannot mount a tmpfs: ", std::string(std::strerror(errno)));
        return;
    }
    struct Unmount {
        const std::filesystem::path& path;
        ~Unmount() { ::umount2(path.c_str(), MNT_DETACH); }
    } unmount{directory.path()};
    const auto root = directory / "checkpoints";
    const std::string weights(1'000'000, 'w'), large(3'500'000, 'l');
    save(root, 1, weights);
    const auto previous_stands = [&] {
        const auto search = find_latest_good(root);
        return search.found && search.found->step == 1 && test::read_text(search.found->file("weights.bin")) == weights &&
               list_directory(root) == std::vector<std::string>{"latest", "step-00000001"};
    };
    SUBCASE("found before, by the preflight") {
        const Error error = error_of([&] { save(root, 2, large); });
        CHECK(error.code() == ExitCode::resources);
        CHECK(contains(error.what(), "needs 3.5 MB"));
    }
    SUBCASE("found when space is reserved") {
        const Error error = error_of([&] {
            CheckpointWriter writer(root, 2);
            writer.add("weights.bin", large);
        });
        CHECK(error.code() == ExitCode::resources);
        CHECK(contains(error.what(), "no space left while trying to reserve space (3.5 MB needed): "));
    }
    SUBCASE("found in the middle of writing") {
        const Error error = error_of([&] {
            CheckpointWriter writer(root, 2);
            writer.add("weights.bin", [&](FileWriter& out) {
                for (int i = 0; i < 4; ++i) out.write(weights);
            });
        });
        CHECK(error.code() == ExitCode::resources);
        CHECK(contains(error.what(), "no space left while trying to write"));
    }
    CHECK(previous_stands());
    save(root, 2, weights);  // as soon as there is room again
    CHECK(find_latest_good(root).found->step == 2);
}
