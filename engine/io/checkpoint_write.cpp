#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <mutex>
#include <set>

#include "engine/core/error.h"
#include "engine/io/byte_reader.h"
#include "engine/io/checkpoint.h"
#include "engine/io/checkpoint_format.h"
#include "engine/io/json.h"
#include "engine/io/printable.h"

namespace molten::io {
namespace {

// Temporary directories of the saves that this process has open. A directory that carries our own process id and is not among them was
// left by an earlier process of the same id, as is common in containers.
class OpenSaves {
  public:
    void insert(const std::filesystem::path& path) {
        const std::lock_guard lock(mutex_);
        paths_.insert(path);
    }
    void erase(const std::filesystem::path& path) {
        const std::lock_guard lock(mutex_);
        paths_.erase(path);
    }
    bool contains(const std::filesystem::path& path) {
        const std::lock_guard lock(mutex_);
        return paths_.contains(path);
    }

  private:
    std::mutex mutex_;
    std::set<std::filesystem::path> paths_;
};

OpenSaves& open_saves() {
    static OpenSaves saves;
    return saves;
}

// The process id of ".tmp-100.4711", none for any other name.
std::optional<pid_t> process_of(std::string_view name) {
    if (!name.starts_with(checkpoint_format::temporary_prefix)) return std::nullopt;
    const std::string_view digits = name.substr(name.rfind('.') + 1);
    pid_t process = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), process);
    if (error != std::errc() || end != digits.data() + digits.size() || process <= 0) return std::nullopt;
    return process;
}

bool is_running(pid_t process) { return ::kill(process, 0) == 0 || errno != ESRCH; }

void remove_stale_temporaries(const std::filesystem::path& root) {
    for (const std::string& name : list_directory(root)) {
        const auto process = process_of(name);
        if (!process || open_saves().contains(root / name)) continue;
        if (*process == ::getpid() || !is_running(*process)) remove_tree(root / name);
    }
}

std::filesystem::path temporary_directory(const std::filesystem::path& root, std::uint64_t step) {
    return root / fmt::format("{}{}.{}", checkpoint_format::temporary_prefix, step, ::getpid());
}

// Removes a checkpoint so that at no moment half of one is visible: its name goes first.
void remove_checkpoint(const std::filesystem::path& root, std::uint64_t step) {
    const std::filesystem::path doomed = root / fmt::format("{}old-{}.{}", checkpoint_format::temporary_prefix, step, ::getpid());
    rename_path(root / checkpoint_directory_name(step), doomed);
    remove_tree(doomed);
}

bool verifies(const std::filesystem::path& directory) {
    try {
        load_checkpoint(directory);
        return true;
    } catch (const Error& error) {
        if (error.code() == ExitCode::resources) throw;  // a device error is no proof of damage
        return false;
    }
}

}  // namespace

bool checkpoint_format::is_plain_name(std::string_view name) {
    constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+";
    return !name.empty() && name.size() <= 128 && name.front() != '.' && name.find_first_not_of(allowed) == std::string_view::npos;
}

std::optional<std::uint64_t> checkpoint_format::step_of(std::string_view directory_name) {
    std::uint64_t step = 0;
    if (directory_name.size() != 13 || !directory_name.starts_with("step-")) return std::nullopt;
    const auto [end, error] = std::from_chars(directory_name.data() + 5, directory_name.data() + 13, step);
    if (error != std::errc() || end != directory_name.data() + 13) return std::nullopt;
    return step;
}

std::string checkpoint_directory_name(std::uint64_t step) { return fmt::format("step-{:08}", step); }

CheckpointWriter::CheckpointWriter(const std::filesystem::path& root, std::uint64_t step, const CheckpointOptions& options)
    : root_(root), step_(step), options_(options) {
    if (step > checkpoint_format::last_step) {
        throw Error(ExitCode::usage, fmt::format("checkpoint step {} is past {}", step, checkpoint_format::last_step));
    }
    options_.keep = std::max<std::size_t>(options_.keep, 2);
    make_directories(root_);
    remove_stale_temporaries(root_);
    require_space(root_, options_.expected_bytes, fmt::format("the checkpoint of step {}", step_));
    const std::filesystem::path directory = temporary_directory(root_, step_);
    make_directory(directory);
    directory_ = directory;
    open_saves().insert(directory_);
}

CheckpointWriter::~CheckpointWriter() {
    if (directory_.empty()) return;
    open_saves().erase(directory_);
    try {
        remove_tree(directory_);
    } catch (const std::exception&) {
        // The error that brought us here says more; what is left is removed by the next save.
    }
}

void CheckpointWriter::write_file(std::string_view name, const std::function<void(FileWriter&)>& write, std::uint64_t expected_size,
                                  WrittenFile* written) {
    File file = File::open(directory_ / name, OpenMode::create_new);
    FileWriter writer(file, expected_size);
    write(writer);
    *written = writer.finish();
    file.sync();
    file.close();
}

void CheckpointWriter::add(std::string_view name, const std::function<void(FileWriter&)>& write, std::uint64_t expected_size) {
    if (directory_.empty() || failed_) throw Error(ExitCode::usage, fmt::format("{}: this save is over", root_.string()));
    const bool taken = std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.name == name; });
    if (!checkpoint_format::is_plain_name(name) || name == checkpoint_format::manifest || name == checkpoint_format::done || taken) {
        throw Error(ExitCode::usage, fmt::format("{} cannot be the name of a file of this checkpoint", printable(name)));
    }
    failed_ = true;  // until all of it is on the disk
    WrittenFile written;
    write_file(name, write, expected_size, &written);
    entries_.push_back({std::string(name), written});
    failed_ = false;
}

void CheckpointWriter::add(std::string_view name, std::span<const std::byte> bytes) {
    add(
        name, [&](FileWriter& writer) { writer.write(bytes); }, bytes.size());
}

void CheckpointWriter::add(std::string_view name, std::string_view text) { add(name, as_bytes(text)); }

std::filesystem::path CheckpointWriter::commit() {
    if (directory_.empty() || failed_) throw Error(ExitCode::usage, fmt::format("{}: this save is over", root_.string()));
    failed_ = true;
    Json files = Json::array();
    for (const Entry& entry : entries_) {
        Json row = Json::object();
        row.set("name", entry.name).set("size", entry.written.size).set("xxh3_128", entry.written.hash.hex());
        files.push_back(std::move(row));
    }
    Json manifest = Json::object();
    manifest.set("format", checkpoint_format::name)
        .set("version", checkpoint_format::version)
        .set("step", step_)
        .set("files", std::move(files));
    const std::string text = manifest.text(true);
    WrittenFile written;
    write_file(
        checkpoint_format::manifest, [&](FileWriter& writer) { writer.write(text); }, 0, &written);
    const std::string done = written.hash.hex() + "\n";
    write_file(
        checkpoint_format::done, [&](FileWriter& writer) { writer.write(done); }, 0, &written);
    sync_directory(directory_);

    const std::filesystem::path target = root_ / checkpoint_directory_name(step_);
    publish(target);
    write_file_atomically(root_ / "latest", target.filename().string() + "\n");
    prune(target);
    return target;
}

void CheckpointWriter::publish(const std::filesystem::path& target) {
    const std::filesystem::path temporary = directory_;
    bool replaced = false;
    if (path_kind(target) == PathKind::missing) {
        rename_path(temporary, target);
    } else if (exchange_paths(temporary, target)) {
        replaced = true;  // `temporary` is now the directory that was there
    } else {
        remove_checkpoint(root_, step_);
        rename_path(temporary, target);
    }
    // Past this point nothing of the save is removed on failure: before the fsync below nobody knows which of the two names will last.
    directory_.clear();
    open_saves().erase(temporary);
    sync_directory(root_);
    if (replaced) remove_tree(temporary);
}

void CheckpointWriter::prune(const std::filesystem::path& newest) {
    std::size_t good = 1;  // the one just written
    for (const std::uint64_t step : list_checkpoint_steps(root_)) {
        const std::filesystem::path directory = root_ / checkpoint_directory_name(step);
        if (directory == newest) continue;
        if (good >= options_.keep && step < step_) {
            remove_checkpoint(root_, step);
        } else if (verifies(directory)) {
            ++good;
        }
    }
}

}  // namespace molten::io
