#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/io/file_writer.h"

// Checkpoints that are complete or invisible. A save goes: preflight, directory .tmp-STEP.PID, every file hashed while written and
// fsynced, MANIFEST.json fsynced, DONE fsynced, the directory fsynced, rename to step-%08d, the parent fsynced, `latest` replaced, old
// ones removed. Killed anywhere, full anywhere: what was good before is good after.
//
//   root/latest                        the name of the newest directory, for people and scripts; nothing here reads it
//   root/step-00000100/MANIFEST.json   format, version, step, and size and XXH3-128 of every file
//   root/step-00000100/DONE            XXH3-128 of MANIFEST.json
//   root/step-00000100/...             the files
//
// One process writes to a root at a time. With several ranks: a barrier, then rank 0 calls commit().
namespace molten::io {

struct CheckpointOptions {
    // How many good checkpoints stay; at least 2, whatever is asked.
    std::size_t keep = 2;
    // Bytes that the save will take, for the preflight: without 1.2 times as many free, the constructor throws Error(resources).
    std::uint64_t expected_bytes = 0;
};

// One save. A failure anywhere is an Error (resources for disk and device); the save is then over, and the destructor removes what it
// wrote as far as the disk lets it. A file whose fsync failed is never tried again.
class CheckpointWriter {
  public:
    // Makes `root` if needed, removes temporary directories of processes that are no more, and begins the save of `step`
    // (at most 99,999,999).
    CheckpointWriter(const std::filesystem::path& root, std::uint64_t step, const CheckpointOptions& options = {});
    CheckpointWriter(const CheckpointWriter&) = delete;
    CheckpointWriter& operator=(const CheckpointWriter&) = delete;
    ~CheckpointWriter();

    // Adds a file under a plain name, written by `write` to the writer it gets, or given as bytes. `expected_size`, where known, is
    // reserved first, so that a full disk shows before the writing. On the disk when this returns.
    void add(std::string_view name, const std::function<void(FileWriter&)>& write, std::uint64_t expected_size = 0);
    void add(std::string_view name, std::span<const std::byte> bytes);
    void add(std::string_view name, std::string_view text);

    // Makes the checkpoint visible under root/step-%08d and returns that path. A directory of that name is replaced in one step (on file
    // systems without an exchange of names: it is moved aside first). Then removes all that is older than the last `keep` good ones; to
    // know that they are good, those before this one are read and verified.
    std::filesystem::path commit();

  private:
    void write_file(std::string_view name, const std::function<void(FileWriter&)>& write, std::uint64_t expected_size,
                    WrittenFile* written);
    void publish(const std::filesystem::path& target);
    void prune(const std::filesystem::path& newest);

    struct Entry {
        std::string name;
        WrittenFile written;
    };
    std::filesystem::path root_;
    std::uint64_t step_;
    CheckpointOptions options_;
    std::filesystem::path directory_;  // .tmp-STEP.PID; empty once renamed
    std::vector<Entry> entries_;
    bool failed_ = false;
};

struct CheckpointFile {
    std::string name;
    std::uint64_t size = 0;
    Hash128 hash;
};

struct Checkpoint {
    std::filesystem::path path;
    std::uint64_t step = 0;
    std::vector<CheckpointFile> files;

    // The file `name`; Error(corrupt) if the manifest has none.
    std::filesystem::path file(std::string_view name) const;
};

// Reads a checkpoint directory and every byte in it. Throws Error(corrupt) that says which file differs and how, Error(data) for a path
// that is no checkpoint or of a newer format, Error(resources) where the device fails.
Checkpoint load_checkpoint(const std::filesystem::path& directory);

struct CheckpointSearch {
    std::optional<Checkpoint> found;
    // Why each newer one was passed over, newest first: "step-00000300: model.safetensors has 10 bytes, 20 expected".
    std::vector<std::string> passed_over;
};

// The newest checkpoint under `root` that verifies. A root that does not exist holds none.
CheckpointSearch find_latest_good(const std::filesystem::path& root);

// Steps of the directories named step-%08d under `root`, newest first, verified or not.
std::vector<std::uint64_t> list_checkpoint_steps(const std::filesystem::path& root);
std::string checkpoint_directory_name(std::uint64_t step);

}  // namespace molten::io
