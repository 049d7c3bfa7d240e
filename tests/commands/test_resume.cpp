#include <doctest/doctest.h>
#include <signal.h>
#include <sys/mount.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <random>
#include <thread>

#include "engine/io/checkpoint.h"
#include "tests/commands/program.h"

using namespace molten;
using namespace molten::program;
namespace fs = std::filesystem;

namespace {

bool long_form() { return std::getenv("MOLTEN_TEST_LONG") != nullptr; }

// A run with all that a resume can forget: dropout, shuffling, a moving average, two members, an ablation, checkpoints between the ends of epochs.
const Arguments kEventful = {"--target",  "y",   "--epochs",           "3",   "--ensemble",           "2",   "--ablations",      "graph_only",
                             "--dropout", "0.3", "--graph-dropout",    "0.1", "--fingerprint-dropout", "0.4", "--checkpoint-steps", "2",
                             "--ema",     "0.9", "--descriptor-dropout", "0.1", "--patience",           "5"};

// The undisturbed run: its files, its number of I/O calls and its time.
struct Undisturbed {
    Home home;
    fs::path data = home.path / "t.csv";
    std::map<std::string, std::string> files;
    std::uint64_t calls = 0;
    double seconds = 0;

    Undisturbed() {
        write_text(data, molecule_table(60) + "bad,C1CC,1,poor\n");
        const fs::path count = home.path / "count";
        const Ended ended = run(train_into("whole"), {{"MOLTEN_FAULT_COUNT", count.string()}});
        INFO(ended.all());
        REQUIRE(ended.code == 0);
        files = lasting_files(home.path / "whole");
        REQUIRE(files.size() >= 13);
        calls = std::stoull(read_text(count));
        REQUIRE(calls > 300);
        seconds = ended.seconds;
    }
    Arguments train_into(const std::string& name, const Arguments& more = {}) const {
        Arguments given = kEventful;
        given.insert(given.end(), more.begin(), more.end());
        return tiny_training(data, home.path / name, given);
    }
    // Resumes the run `name` to its end and compares it with this one.
    void check_resumed(const std::string& name) const {
        const Ended ended = run(train_into(name, {"--resume", "auto"}));
        INFO(ended.all());
        CHECK(ended.code == 0);
        check_same_files(files, lasting_files(home.path / name));
        fs::remove_all(home.path / name);
    }
};

}  // namespace

TEST_CASE("resume: killed at I/O calls, every resume ends with the same bytes") {
    const Undisturbed whole;
    std::vector<std::uint64_t> calls;
    for (std::uint64_t k = 1; k <= whole.calls; ++k) {
        // Long: the beginning, the end and more than a whole save in the middle at each call, the rest at every ninth.
        const bool each = k < 80 || k + 150 > whole.calls || (k > whole.calls / 2 && k < whole.calls / 2 + 250);
        if (!long_form() || each || k % 9 == 0) calls.push_back(k);
    }
    if (!long_form()) {
        std::mt19937_64 random(2024);
        std::shuffle(calls.begin(), calls.end(), random);
        calls.resize(12);
    }
    std::size_t killed = 0;
    for (const std::uint64_t k : calls) {
        INFO("MOLTEN_FAULT=kill:" << k << " of " << whole.calls);
        const Ended ended = run(whole.train_into("killed"), {{"MOLTEN_FAULT", "kill:" + std::to_string(k)}});
        CHECK(ended.signal == SIGKILL);
        killed += ended.signal == SIGKILL;
        whole.check_resumed("killed");
    }
    MESSAGE("killed at " << killed << " of " << whole.calls << " I/O calls");
}

TEST_CASE("resume: killed again and again, the run still ends with the same bytes") {
    const Undisturbed whole;
    std::mt19937_64 random(7);
    int kills = 0;
    for (int attempt = 0; attempt < 40; ++attempt) {
        const std::uint64_t k = 60 + random() % (whole.calls / 4);
        const Arguments resume = attempt == 0 ? Arguments{} : Arguments{"--resume", "auto"};
        const Ended ended = run(whole.train_into("chain", resume), {{"MOLTEN_FAULT", "kill:" + std::to_string(k)}});
        if (ended.signal != SIGKILL) {
            CHECK(ended.code == 0);
            break;
        }
        ++kills;
    }
    CHECK(kills >= 3);
    whole.check_resumed("chain");
}

TEST_CASE("resume: killed at random moments, every resume ends with the same bytes") {
    const Undisturbed whole;
    std::mt19937_64 random(99);
    for (int i = 0; i < (long_form() ? 30 : 8); ++i) {
        const double moment = whole.seconds * static_cast<double>(random() % 1000) / 1000;
        INFO("killed after " << moment << " s of " << whole.seconds);
        Child child(whole.train_into("killed"));
        std::this_thread::sleep_for(std::chrono::duration<double>(moment));
        child.send(SIGKILL);
        const Ended ended = child.wait();
        CHECK((ended.signal == SIGKILL || ended.code == 0));
        whole.check_resumed("killed");
    }
}

TEST_CASE("resume: a full disk at any call ends with exit 4, keeps the good checkpoint, and the run goes on later") {
    const Undisturbed whole;
    std::mt19937_64 random(4);
    for (int i = 0; i < (long_form() ? 60 : 6); ++i) {
        const std::uint64_t k = 1 + random() % whole.calls;
        INFO("MOLTEN_FAULT=enospc:" << k << "+ of " << whole.calls);
        const Ended ended = run(whole.train_into("full"), {{"MOLTEN_FAULT", "enospc:" + std::to_string(k) + "+"}});
        INFO(ended.all());
        CHECK(ended.code == 4);
        CHECK(ended.err.find("error:") != std::string::npos);
        CHECK(io::find_latest_good(whole.home.path / "full" / "checkpoints").passed_over.empty());
        whole.check_resumed("full");
    }
}

TEST_CASE("resume: a real full disk") {
    const Undisturbed whole;
    const fs::path disk = whole.home.path / "disk", ballast = disk / "ballast";
    fs::create_directory(disk);
    constexpr std::uint64_t size = 16 << 20;
    if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=16m") != 0) {
        MESSAGE("SKIPPED: no small file system can be mounted here");
        return;
    }
    struct Unmount {
        fs::path at;
        ~Unmount() { ::umount2(at.c_str(), MNT_DETACH); }
    } unmount{disk};
    // A checkpoint holds the weights, their average, the best ones and two moments.
    const std::uint64_t checkpoint = 5 * fs::file_size(whole.home.path / "whole/best/member_0.safetensors") + 65536;
    write_text(ballast, std::string(size - checkpoint * 7 / 4 - 65536, 'x'));  // room for one checkpoint, not for two
    const Ended ended = run(whole.train_into("disk/run"));
    INFO(ended.all());
    CHECK(ended.code == 4);
    CHECK(ended.err.find("free") != std::string::npos);
    const auto good = io::find_latest_good(disk / "run" / "checkpoints");
    CHECK(good.found.has_value());
    CHECK(good.passed_over.empty());
    fs::remove(ballast);
    whole.check_resumed("disk/run");
}

TEST_CASE("resume: a signal saves, exits with 75, and the run goes on to the same bytes") {
    const Home home;
    const fs::path data = home.path / "t.csv";
    write_text(data, molecule_table(60));
    const Arguments settings = {"--target", "y", "--epochs", "60", "--dropout", "0.2", "--ensemble", "2", "--checkpoint-seconds", "1000"};
    REQUIRE(run(tiny_training(data, home.path / "whole", settings)).code == 0);
    const auto whole = lasting_files(home.path / "whole");
    std::size_t line = 3;
    for (const int signal : {SIGTERM, SIGINT, SIGUSR1}) {
        INFO("signal " << signal);
        const fs::path out = home.path / "stopped";
        Child child(tiny_training(data, out, settings));
        while (child.running() && lines(read_text(out / "metrics.jsonl")).size() < line) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        line += 27;
        child.send(signal);
        const Ended ended = child.wait();
        INFO(ended.all());
        CHECK(ended.code == 75);
        CHECK(ended.err.find("--resume auto") != std::string::npos);
        CHECK(lines(read_text(out / "metrics.jsonl")).size() < 120);
        Arguments resume = settings;
        resume.insert(resume.end(), {"--resume", "auto"});
        const Ended resumed = run(tiny_training(data, out, resume));
        CHECK(resumed.code == 0);
        CHECK(resumed.out.find("resuming model") != std::string::npos);
        check_same_files(whole, lasting_files(out));
        fs::remove_all(out);
    }
}

TEST_CASE("resume: a second signal ends the program at once") {
    const Home home;
    const fs::path data = home.path / "t.csv", out = home.path / "run";
    write_text(data, molecule_table(80));
    // One step takes long enough for two signals to fall into it.
    Child child(tiny_training(data, out, {"--target", "y", "--width", "768", "--layers", "4", "--batch-size", "100", "--epochs", "50"}));
    while (child.running() && read_text(out / "metrics.jsonl").empty()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    child.send(SIGTERM);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    child.send(SIGTERM);
    const auto sent = std::chrono::steady_clock::now();
    const Ended ended = child.wait();
    CHECK(std::chrono::duration<double>(std::chrono::steady_clock::now() - sent).count() < 1);
    CHECK(ended.code == 128 + SIGTERM);
}

TEST_CASE("resume: other settings and another data file are refused, with what differs") {
    const Home home;
    const fs::path data = home.path / "t.csv", out = home.path / "run";
    write_text(data, molecule_table(40));
    REQUIRE(run(tiny_training(data, out, {"--target", "y"})).code == 0);
    const Ended exists = run(tiny_training(data, out, {"--target", "y"}));
    CHECK(exists.code == 2);
    CHECK(exists.err.find("--resume auto") != std::string::npos);
    const Ended other = run(tiny_training(data, out, {"--target", "y", "--learning-rate", "0.5", "--layers", "2", "--resume", "auto"}));
    CHECK(other.code == 2);
    CHECK(other.err.find("was learning_rate = 0.001") != std::string::npos);
    CHECK(other.err.find("now learning_rate = 0.5") != std::string::npos);
    CHECK(other.err.find("now layers = 2") != std::string::npos);
    CHECK(other.err.find("width") == std::string::npos);  // what is the same is not listed
    CHECK(run(tiny_training(data, out, {"--target", "y", "--checkpoint-steps", "7", "--resume", "auto"})).code == 0);
    write_text(data, molecule_table(41));
    const Ended changed = run(tiny_training(data, out, {"--target", "y", "--resume", "auto"}));
    CHECK(changed.code == 3);
    CHECK(changed.err.find("data file has changed") != std::string::npos);
    const auto before = files_below(out);
    CHECK(run(tiny_training(data, out, {"--target", "y", "--overwrite"})).code == 0);
    CHECK(files_below(out).at("predictions.csv") != before.at("predictions.csv"));
    const fs::path foreign = home.path / "foreign";
    fs::create_directory(foreign);
    write_text(foreign / "thesis.txt", "years of work");
    const Ended kept = run(tiny_training(data, foreign, {"--target", "y", "--overwrite"}));
    CHECK(kept.code == 2);
    CHECK(kept.err.find("is no run directory") != std::string::npos);
    CHECK(read_text(foreign / "thesis.txt") == "years of work");
}

TEST_CASE("resume: a damaged newest checkpoint is passed over with its reason, and the bytes are the same") {
    const Undisturbed whole;
    const Ended killed = run(whole.train_into("damaged"), {{"MOLTEN_FAULT", "kill:" + std::to_string(whole.calls * 3 / 4)}});
    REQUIRE(killed.signal == SIGKILL);
    const auto newest = io::find_latest_good(whole.home.path / "damaged" / "checkpoints").found.value().path;
    std::string bytes = read_text(newest / "state.safetensors");
    bytes[bytes.size() / 2] ^= 1;
    write_text(newest / "state.safetensors", bytes);
    const Ended ended = run(whole.train_into("damaged", {"--resume", "auto"}));
    INFO(ended.all());
    CHECK(ended.code == 0);
    CHECK(ended.err.find("passed over") != std::string::npos);
    CHECK(ended.err.find("state.safetensors") != std::string::npos);
    check_same_files(whole.files, lasting_files(whole.home.path / "damaged"));
}
