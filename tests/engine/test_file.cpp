#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <vector>

#include "engine/core/error.h"
#include "engine/io/byte_reader.h"
#include "engine/io/fault.h"
#include "engine/io/file.h"
#include "engine/io/file_writer.h"
#include "engine/io/printable.h"
#include "tests/engine/io_test_support.h"

using namespace molten;
using namespace molten::io;
using molten::test::TemporaryDirectory;

namespace {

template <class Call>
Error error_of(Call&& call) {
    try {
        call();
    } catch (const Error& error) {
        return error;
    }
    return Error(ExitCode::ok, "no error");
}

std::string pattern(std::size_t size) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>((i * 2654435761U) >> 13);
    return text;
}

}  // namespace

TEST_CASE("checked arithmetic keeps an overflow to the end") {
    const Checked big = UINT64_MAX;
    CHECK((Checked(2) * 3 + 4).value("n") == 10);
    CHECK((big - big).value("n") == 0);
    CHECK((big + 0).ok());
    CHECK_FALSE((big + 1).ok());
    CHECK_FALSE((Checked(1ULL << 32) * (1ULL << 32)).ok());
    CHECK_FALSE((Checked(1) - 2).ok());
    CHECK_FALSE((((big + 1) - 1) * 0).ok());
    CHECK_FALSE(big + 1 == big + 1);
    CHECK(error_of([&] { (big + 1).value("rows times columns"); }).what() == std::string("rows times columns does not fit in 64 bits"));
    CHECK(error_of([&] { (big * 2).value("n"); }).code() == ExitCode::corrupt);
}

TEST_CASE("byte reader reads little-endian numbers and never past the end") {
    const std::string bytes("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x00\x00\x80\x3f", 19);
    ByteReader reader(as_bytes(bytes), "x.bin");
    CHECK(reader.u8() == 0x01);
    CHECK(reader.u16() == 0x0302);
    CHECK(reader.u32() == 0x07060504U);
    CHECK(reader.u64() == 0x0f0e0d0c0b0a0908ULL);
    CHECK(reader.f32() == 1.0F);
    CHECK(reader.remaining() == 0);
    const Error error = error_of([&] { reader.u8(); });
    CHECK(error.code() == ExitCode::corrupt);
    CHECK(std::string(error.what()) == "x.bin: ends too early: 1 bytes wanted at offset 19, 0 left");
    ByteReader other(as_bytes(bytes));
    CHECK(error_of([&] { other.skip(UINT64_MAX); }).code() == ExitCode::corrupt);
    CHECK(other.position() == 0);
    CHECK(other.text(2) == "\x01\x02");
    CHECK(error_of([&] { other.bytes(18); }).code() == ExitCode::corrupt);
}

TEST_CASE("printable text and sizes") {
    CHECK(printable("plain") == "\"plain\"");
    CHECK(printable(std::string_view("a\0b\n\x7f", 5)) == "\"a\\x00b\\x0a\\x7f\"");
    CHECK(printable("caf\xc3\xa9 \xff") == "\"caf\xc3\xa9 \\xff\"");
    CHECK(printable(std::string(100, 'x'), 3) == "\"xxx\"... (100 bytes)");
    CHECK(human_bytes(0) == "0 bytes");
    CHECK(human_bytes(999) == "999 bytes");
    CHECK(human_bytes(1000) == "1.0 kB");
    CHECK(human_bytes(999'960) == "1.0 MB");
    CHECK(human_bytes(UINT64_MAX) == "18.4 EB");
    // Table 3-7 of the Unicode standard: first and last of each row, and the neighbours that are not allowed.
    for (const char* good : {"\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xec\xbf\xbf", "\xed\x9f\xbf", "\xee\x80\x80",
                             "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
        CHECK(utf8_length(good) == std::string_view(good).size());
    }
    for (const char* bad : {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
                            "\xf5\x80\x80\x80", "\xe2\x82", "\xc3("}) {
        CHECK(utf8_length(bad) == 0);
    }
}

TEST_CASE("a file is written, read back, mapped and hashed") {
    const TemporaryDirectory directory;
    const std::string content = pattern(700'001);
    File out = File::open(directory / "a", OpenMode::create);
    FileWriter writer(out, 1'000'000);
    for (std::size_t at = 0; at < content.size();) {
        const std::size_t piece = std::min(content.size() - at, at % 70'001 + 1);
        writer.write(std::string_view(content).substr(at, piece));
        at += piece;
    }
    const WrittenFile written = writer.finish();
    out.sync();
    out.close();
    CHECK_FALSE(out.is_open());
    CHECK(written.size == content.size());
    CHECK(std::filesystem::file_size(directory / "a") == content.size());
    CHECK(test::read_text(directory / "a") == content);
    CHECK(written.hash == hash128(as_bytes(content)));
    CHECK(read_file(directory / "a", 1'000'000) == content);
    CHECK(as_text(Mapping::open(directory / "a").bytes()) == content);
    const File in = File::open(directory / "a", OpenMode::read);
    std::vector<std::byte> middle(1000);
    in.pread(middle, 500'000);
    CHECK(as_text(middle) == content.substr(500'000, 1000));
    const Error error = error_of([&] { in.pread(middle, 699'500); });
    CHECK(error.code() == ExitCode::corrupt);
    CHECK(error_of([&] { in.pread(middle, UINT64_MAX - 3); }).code() != ExitCode::ok);
    CHECK(error_of([&] { read_file(directory / "a", 700'000); }).code() == ExitCode::data);
    test::write_text(directory / "empty", "");
    CHECK(Mapping::open(directory / "empty").bytes().empty());
    CHECK(read_file(directory / "empty", 0).empty());
}

TEST_CASE("XXH3-128 gives the published digests") {
    // xxHash's own values for the empty input, seed 0 (xxhash 0.8 specification), and what `xxhsum -H2` prints for "a".
    CHECK(hash128({}).hex() == "99aa06d3014798d86001c324468d497f");
    CHECK(hash128(as_bytes("a")).hex() == "a96faf705af16834e6c632b61e964e1f");
    CHECK(Hash128::from_hex("99aa06d3014798d86001c324468d497f") == hash128({}));
    CHECK_FALSE(Hash128::from_hex("99AA06d3014798d86001c324468d497f"));
    CHECK_FALSE(Hash128::from_hex("99aa06d3014798d86001c324468d497"));
}

TEST_CASE("file errors say the path and have the right exit code") {
    const TemporaryDirectory directory;
    const Error missing = error_of([&] { File::open(directory / "none.csv", OpenMode::read); });
    CHECK(missing.code() == ExitCode::data);
    CHECK(std::string(missing.what()).find("none.csv: cannot open for reading: No such file") != std::string::npos);
    CHECK_FALSE(missing.hint().empty());
    CHECK(error_of([&] { File::open(directory.path(), OpenMode::read); }).code() == ExitCode::data);
    CHECK(error_of([&] { File::open(directory / "no/such/dir", OpenMode::create); }).code() == ExitCode::resources);
    REQUIRE(::mkfifo((directory / "fifo").c_str(), 0600) == 0);
    CHECK(error_of([&] { File::open(directory / "fifo", OpenMode::read); }).code() == ExitCode::data);  // and does not block
    test::write_text(directory / "taken", "x");
    CHECK(error_of([&] { File::open(directory / "taken", OpenMode::create_new); }).code() == ExitCode::resources);
    const Error full = error_of([&] {
        File device = File::open("/dev/full", OpenMode::append);
        device.write_all(std::string_view("12345"));
    });
    CHECK(full.code() == ExitCode::resources);
    CHECK(std::string(full.what()).find("/dev/full: no space left while trying to write (5 bytes needed): ") != std::string::npos);
    CHECK(full.hint().find("free space") != std::string::npos);
    const Error short_of_space = error_of([&] { require_space(directory.path(), UINT64_MAX - 1, "the model"); });
    CHECK(short_of_space.code() == ExitCode::resources);
    CHECK(std::string(short_of_space.what()).find("the model needs 18.4 EB") != std::string::npos);
    CHECK_NOTHROW(require_space(directory.path(), 1, "the model"));
}

TEST_CASE("a file appears whole or not at all") {
    const TemporaryDirectory directory;
    write_file_atomically(directory / "a", std::string_view("first"));
    write_file_atomically(directory / "a", std::string_view("second"));
    CHECK(test::read_text(directory / "a") == "second");
    {
        AtomicFile abandoned(directory / "a");
        abandoned.file().write_all(std::string_view("third"));
    }
    CHECK(test::read_text(directory / "a") == "second");
    CHECK(list_directory(directory.path()) == std::vector<std::string>{"a"});
}

TEST_CASE("directories are made, listed, exchanged and removed") {
    const TemporaryDirectory directory;
    make_directories(directory / "x/y/z");
    make_directories(directory / "x/y/z");
    CHECK(error_of([&] { make_directory(directory / "x"); }).code() == ExitCode::resources);
    test::write_text(directory / "x/y/f", "1");
    test::write_text(directory / "outside", "kept");
    REQUIRE(::symlink((directory / "outside").c_str(), (directory / "x/link").c_str()) == 0);
    REQUIRE(::symlink(directory.path().c_str(), (directory / "x/y/up").c_str()) == 0);
    CHECK(path_kind(directory / "x") == PathKind::directory);
    CHECK(path_kind(directory / "outside") == PathKind::file);
    CHECK(path_kind(directory / "x/link") == PathKind::other);
    CHECK(path_kind(directory / "nothing") == PathKind::missing);
    CHECK(list_directory(directory / "x/y") == std::vector<std::string>{"f", "up", "z"});
    make_directory(directory / "w");
    if (exchange_paths(directory / "x", directory / "w")) {
        CHECK(list_directory(directory / "x").empty());
        CHECK(list_directory(directory / "w").size() == 2);
        remove_tree(directory / "w");
    }
    remove_tree(directory / "x");
    CHECK(list_directory(directory.path()) == std::vector<std::string>{"outside"});
    CHECK(test::read_text(directory / "outside") == "kept");
    CHECK_NOTHROW(sync_directory(directory.path()));
}

// What the fault tests below run: every kind of call on one file. Exit code as a command's.
TEST_CASE("file calls for a fault test" * doctest::skip()) {
    const std::filesystem::path root = std::getenv("MOLTEN_TEST_ROOT");
    int code = 0;
    try {
        write_file_atomically(root / "a", std::string_view("new content, longer than before"));
        const File in = File::open(root / "a", OpenMode::read);
        std::vector<std::byte> bytes(31);
        in.pread(bytes, 0);
        if (as_text(bytes) != "new content, longer than before") code = 99;
    } catch (const Error& error) {
        code = static_cast<int>(error.code());
    }
    std::exit(code);
}

TEST_CASE("a fault at any call of an atomic write leaves the old file or the new one") {
    const TemporaryDirectory directory(test::fast_parent());
    const std::string count_path = (directory / "count").string();
    const std::filesystem::path root = directory / "root";
    std::filesystem::create_directory(root);
    const auto run = [&](const std::string& fault) {
        std::filesystem::remove_all(root);
        std::filesystem::create_directory(root);
        test::write_text(root / "a", "old");
        return test::run_child("file calls for a fault test",
                               {{"MOLTEN_TEST_ROOT", root.string()}, {"MOLTEN_FAULT", fault}, {"MOLTEN_FAULT_COUNT", count_path}});
    };
    REQUIRE(run("").exit_code == 0);
    const int calls = std::stoi(test::read_text(count_path));
    CHECK(calls >= 8);
    int killed = 0;
    for (int k = 1; k <= calls; ++k) {
        CAPTURE(k);
        for (const char* kind : {"kill", "eio", "enospc", "edquot", "eintr", "short"}) {
            CAPTURE(kind);
            const auto result = run(std::string(kind) + ":" + std::to_string(k));
            const std::string content = test::read_text(root / "a");
            CHECK((content == "old" || content == "new content, longer than before"));
            if (std::string_view(kind) == "kill") {
                killed += result.signal == SIGKILL;
            } else if (std::string_view(kind) == "eintr" || std::string_view(kind) == "short") {
                CHECK(result.exit_code == 0);
                CHECK(content.size() > 3);
            } else {
                CHECK(result.exit_code == 4);
                CHECK(list_directory(root) == std::vector<std::string>{"a"});
            }
        }
    }
    CHECK(killed == calls);
    CHECK(run("eio:2+").exit_code == 4);
    CHECK(test::read_text(root / "a") == "old");
}

TEST_CASE("a file whose third call fails" * doctest::skip()) {
    const std::filesystem::path root = std::getenv("MOLTEN_TEST_ROOT");
    File file = File::open(root / "a", OpenMode::create);
    file.write_all(std::string_view("x"));
    const bool failed = error_of([&] { file.sync(); }).code() == ExitCode::resources;
    const bool write_refused = error_of([&] { file.write_all(std::string_view("y")); }).code() == ExitCode::resources;
    const bool sync_refused = error_of([&] { file.sync(); }).code() == ExitCode::resources;
    const bool close_refused = error_of([&] { file.close(); }).code() == ExitCode::resources;
    const bool no_call_made = fault::calls() == 3;
    std::exit(failed && write_refused && sync_refused && close_refused && no_call_made ? 42 : 1);
}

TEST_CASE("a file whose fsync failed is never tried again") {
    const TemporaryDirectory directory(test::fast_parent());
    const auto run = [&](const char* fault) {
        return test::run_child("a file whose third call fails", {{"MOLTEN_TEST_ROOT", directory.path().string()}, {"MOLTEN_FAULT", fault}});
    };
    CHECK(run("eio:3").exit_code == 42);
    CHECK(run("enospc:3").exit_code == 42);
    CHECK(run("").exit_code == 1);
}

TEST_CASE("a fault plan that cannot be read is a usage error") {
    const TemporaryDirectory directory(test::fast_parent());
    for (const char* plan : {"bang:1", "kill", "kill:", "kill:0", "kill:x", "kill:3-", "eintr:1+", ":1"}) {
        CAPTURE(plan);
        CHECK(test::run_child("file calls for a fault test", {{"MOLTEN_TEST_ROOT", directory.path().string()}, {"MOLTEN_FAULT", plan}})
                  .exit_code == 2);
    }
}
