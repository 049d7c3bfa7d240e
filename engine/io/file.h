#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// The one door to the file system. Every system call is checked, repeated when a signal interrupts it, counted, and can be made to fail
// for a test (fault.h). What goes wrong is an Error: resources (4) for a full disk, a quota, a device error; data (3) for an input that
// is not there or may not be read; corrupt (6) for a file shorter than it says.
namespace molten::io {

enum class OpenMode {
    read,         // an existing regular file
    read_stream,  // the same, or a pipe, a socket or a terminal
    create,       // write, from empty, replacing what is there
    create_new,   // write, and fail if the name is taken
    append,       // write at the end, created if missing
};

// An open file. Move-only; the destructor closes without a check, for the way out after an error: call close() to know.
class File {
  public:
    static File open(const std::filesystem::path& path, OpenMode mode);
    File(File&& other) noexcept;
    File& operator=(File&& other) noexcept;
    ~File();

    const std::filesystem::path& path() const { return path_; }
    bool is_open() const { return descriptor_ >= 0; }
    std::uint64_t size() const;

    // Up to out.size() bytes from the current position; 0 at the end.
    std::size_t read(std::span<std::byte> out);
    // Exactly out.size() bytes from `offset`; a file that ends before is an Error(corrupt).
    void pread(std::span<std::byte> out, std::uint64_t offset) const;
    void write_all(std::span<const std::byte> bytes);
    void write_all(std::string_view text);
    // Reserves `bytes` from the start, so that a full disk is found before the writing. Does nothing where the file system cannot.
    void allocate(std::uint64_t bytes);
    void truncate(std::uint64_t bytes);
    // Waits until content and metadata are on the device. Once this failed, what the kernel kept is unknown: every later sync, write
    // and close of this file fails too, and the file must be thrown away.
    void sync();
    void close();

  private:
    friend class Mapping;
    File(int descriptor, std::filesystem::path path) : descriptor_(descriptor), path_(std::move(path)) {}
    void require_sound(const char* doing) const;

    int descriptor_ = -1;
    bool sync_failed_ = false;
    std::filesystem::path path_;
};

// A whole file mapped read-only. Its bytes change or vanish (SIGBUS) if somebody rewrites the file in place; molten itself replaces files
// by rename only, which leaves the mapping whole. Training reads into memory of its own instead.
class Mapping {
  public:
    static Mapping open(const std::filesystem::path& path);
    // Of a file that is open for reading, which may be closed afterwards.
    explicit Mapping(const File& file);
    Mapping() = default;
    Mapping(Mapping&& other) noexcept;
    Mapping& operator=(Mapping&& other) noexcept;
    ~Mapping();
    std::span<const std::byte> bytes() const { return bytes_; }

  private:
    std::span<const std::byte> bytes_;
};

// A file that appears whole or not at all: written beside its target, fsynced, renamed over it, the directory fsynced. Without commit()
// the temporary file is removed and the target is as it was.
class AtomicFile {
  public:
    explicit AtomicFile(const std::filesystem::path& target);
    AtomicFile(const AtomicFile&) = delete;
    AtomicFile& operator=(const AtomicFile&) = delete;
    ~AtomicFile();
    File& file() { return file_; }
    void commit();

  private:
    std::filesystem::path target_;
    File file_;
    bool committed_ = false;
};

void write_file_atomically(const std::filesystem::path& target, std::string_view content);
void write_file_atomically(const std::filesystem::path& target, std::span<const std::byte> content);

// The whole of a regular file. One of more than `limit` bytes is refused with Error(data) before anything is allocated.
std::string read_file(const std::filesystem::path& path, std::uint64_t limit);

// Directory calls. `rename_path` replaces a file; `exchange_paths` swaps two names in one step and returns false where the file system
// cannot. `make_directory` fails if the name is taken, `make_directories` makes what is missing. `sync_directory` makes names durable.
void rename_path(const std::filesystem::path& from, const std::filesystem::path& to);
bool exchange_paths(const std::filesystem::path& a, const std::filesystem::path& b);
void remove_file(const std::filesystem::path& path);
void make_directory(const std::filesystem::path& path);
void make_directories(const std::filesystem::path& path);
void remove_directory(const std::filesystem::path& path);
void sync_directory(const std::filesystem::path& path);
// Names in a directory, sorted, without "." and "..".
std::vector<std::string> list_directory(const std::filesystem::path& path);
// Removes a directory and all below it; symbolic links are removed, not followed.
void remove_tree(const std::filesystem::path& path);

enum class PathKind { missing, file, directory, other };
// What stands at `path`, a final symbolic link not followed (it is `other`).
PathKind path_kind(const std::filesystem::path& path);

// Bytes that this user can still write on the file system that holds `path`.
std::uint64_t free_space(const std::filesystem::path& path);
// Throws Error(resources), naming need and free, unless 1.2 times `bytes` are free where `path` is.
void require_space(const std::filesystem::path& path, std::uint64_t bytes, std::string_view purpose);

}  // namespace molten::io
