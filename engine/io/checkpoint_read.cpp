#include <fmt/format.h>

#include <algorithm>

#include "engine/core/error.h"
#include "engine/io/checkpoint.h"
#include "engine/io/checkpoint_format.h"
#include "engine/io/json.h"
#include "engine/io/printable.h"

namespace molten::io {
namespace {

[[noreturn]] void fail(const std::filesystem::path& directory, const std::string& what) {
    throw Error(ExitCode::corrupt, fmt::format("{}: {}", directory.string(), what), "use an earlier checkpoint");
}

Hash128 hash_of_file(const File& file, std::uint64_t size) {
    Hasher hasher;
    std::vector<std::byte> window(static_cast<std::size_t>(std::min<std::uint64_t>(size, 1 << 20)));
    for (std::uint64_t offset = 0; offset < size; offset += window.size()) {
        const auto piece = std::span(window).first(static_cast<std::size_t>(std::min<std::uint64_t>(window.size(), size - offset)));
        file.pread(piece, offset);
        hasher.update(piece);
    }
    return hasher.digest();
}

std::string read_part(const std::filesystem::path& directory, std::string_view name, std::uint64_t limit) {
    const std::filesystem::path path = directory / name;
    if (path_kind(path) != PathKind::file) fail(directory, fmt::format("{} is missing: the save was not finished", name));
    const std::uint64_t size = File::open(path, OpenMode::read).size();
    if (size > limit) fail(directory, fmt::format("{} is damaged: {} bytes, at most {} expected", name, size, limit));
    return read_file(path, limit);
}

// MANIFEST.json, whose hash is in DONE.
std::string read_manifest_text(const std::filesystem::path& directory) {
    const std::string done = read_part(directory, checkpoint_format::done, checkpoint_format::done_limit);
    const std::string text = read_part(directory, checkpoint_format::manifest, checkpoint_format::manifest_limit);
    if (done != hash128(std::as_bytes(std::span(text))).hex() + "\n")
        fail(directory, "MANIFEST.json is damaged: its hash is not the one in DONE");
    return text;
}

Checkpoint parse_manifest(const std::filesystem::path& directory, const std::string& text) {
    const Json document =
        parse_json(text, (directory / checkpoint_format::manifest).string(), {.bytes = checkpoint_format::manifest_limit});
    const JsonView manifest(document, "MANIFEST.json");
    if (manifest["format"].string() != checkpoint_format::name) manifest["format"].fail("this is no checkpoint of molten");
    const std::int64_t version = manifest["version"].integer(1);
    if (version > checkpoint_format::version) {
        throw Error(ExitCode::data,
                    fmt::format("{}: written by a newer molten (format version {}, this one reads up to {})", directory.string(), version,
                                checkpoint_format::version),
                    "use a newer molten");
    }
    Checkpoint checkpoint;
    checkpoint.path = directory;
    checkpoint.step = static_cast<std::uint64_t>(manifest["step"].integer(0));
    const JsonView files = manifest["files"];
    for (std::size_t i = 0; i < files.array().size(); ++i) {
        CheckpointFile file;
        file.name = files[i]["name"].string();
        if (!checkpoint_format::is_plain_name(file.name)) files[i]["name"].fail("not a plain file name");
        file.size = static_cast<std::uint64_t>(files[i]["size"].integer(0));
        const auto hash = Hash128::from_hex(files[i]["xxh3_128"].string());
        if (!hash) files[i]["xxh3_128"].fail("not 32 hexadecimal digits");
        file.hash = *hash;
        checkpoint.files.push_back(std::move(file));
    }
    return checkpoint;
}

void verify_file(const std::filesystem::path& directory, const CheckpointFile& expected) {
    const std::filesystem::path path = directory / expected.name;
    if (path_kind(path) != PathKind::file) fail(directory, fmt::format("{} is missing", expected.name));
    const File file = File::open(path, OpenMode::read);
    if (file.size() != expected.size)
        fail(directory, fmt::format("{} has {} bytes, {} expected", expected.name, file.size(), expected.size));
    const Hash128 found = hash_of_file(file, expected.size);
    if (found != expected.hash) {
        fail(directory, fmt::format("{} is damaged: hash {}, {} expected", expected.name, found.hex(), expected.hash.hex()));
    }
}

}  // namespace

std::filesystem::path Checkpoint::file(std::string_view name) const {
    const bool listed = std::any_of(files.begin(), files.end(), [&](const CheckpointFile& file) { return file.name == name; });
    if (!listed) fail(path, fmt::format("holds no file {}", printable(name)));
    return path / name;
}

Checkpoint load_checkpoint(const std::filesystem::path& directory) {
    if (path_kind(directory) != PathKind::directory) {
        throw Error(ExitCode::data, fmt::format("{}: is no checkpoint directory", directory.string()), "name a directory step-00000000");
    }
    Checkpoint checkpoint = parse_manifest(directory, read_manifest_text(directory));
    const auto step = checkpoint_format::step_of(directory.filename().string());
    if (step && *step != checkpoint.step) fail(directory, fmt::format("its manifest is of step {}", checkpoint.step));
    for (const CheckpointFile& file : checkpoint.files) verify_file(directory, file);
    return checkpoint;
}

std::vector<std::uint64_t> list_checkpoint_steps(const std::filesystem::path& root) {
    std::vector<std::uint64_t> steps;
    if (path_kind(root) == PathKind::missing) return steps;
    for (const std::string& name : list_directory(root)) {
        if (const auto step = checkpoint_format::step_of(name)) steps.push_back(*step);
    }
    std::sort(steps.rbegin(), steps.rend());
    return steps;
}

CheckpointSearch find_latest_good(const std::filesystem::path& root) {
    CheckpointSearch search;
    for (const std::uint64_t step : list_checkpoint_steps(root)) {
        const std::string name = checkpoint_directory_name(step);
        try {
            search.found = load_checkpoint(root / name);
            return search;
        } catch (const Error& error) {
            search.passed_over.push_back(fmt::format("{}: {}", name, error.what()));
        }
    }
    return search;
}

}  // namespace molten::io
