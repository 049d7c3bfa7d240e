#include <dirent.h>
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <fstream>
#include <set>
#include <thread>

#include "chem/featurize/message.h"
#include "chem/featurize/pool.h"
#include "support.h"

using namespace molten::chem;

namespace {

// AddressSanitizer ends a process that has no memory left, after a long report, instead of throwing bad_alloc.
#ifdef __SANITIZE_ADDRESS__
constexpr bool can_run_out_of_memory = false;
#else
constexpr bool can_run_out_of_memory = true;
#endif

double seconds_of(const std::function<void()>& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::string repeated(const std::string& unit, int times) {
    std::string text;
    for (int i = 0; i < times; ++i) text += unit;
    return text;
}

void spin_for_ever() {
    for (std::atomic<unsigned> i = 0;; ++i) {
    }
}

// What the text of a row makes its worker do; every other row is computed as usual.
void misbehave(std::string_view text) {
    if (text == "[Ar]") raise(SIGKILL);
    if (text == "[Kr]") spin_for_ever();
    if (text == "[Xe]") {
        std::vector<std::string> hoard;
        for (;;) hoard.push_back(std::string(1 << 20, 'x'));
    }
    if (text == "[Rn]") std::this_thread::sleep_for(std::chrono::hours(1));
    if (text == "[Ne]") raise(SIGSEGV);
    if (text == "[Og]") _exit(0);
}

FeatureRequest small_request() {
    FeatureRequest request;
    request.graph_options.features = FeatureSet::qm9;
    request.fingerprints = {{.size = 64}};
    request.limits.seconds = 0.5;
    request.limits.memory_mib = 256;
    return request;
}

std::vector<std::string> golden_smiles() {
    std::vector<std::string> smiles;
    for (const auto& row : chem_test::golden("molecules.tsv")) smiles.push_back(row[0]);
    return smiles;
}

bool equal(const Features& a, const Features& b) {
    // Undefined descriptors are NaN on both sides: compare bytes.
    const bool same_descriptors =
        a.descriptors.size() == b.descriptors.size() &&
        (a.descriptors.empty() || std::memcmp(a.descriptors.data(), b.descriptors.data(), a.descriptors.size() * 8) == 0);
    return a.reason == b.reason && a.message == b.message && a.canonical == b.canonical && a.key == b.key && a.formula == b.formula &&
           a.scaffold == b.scaffold && a.heavy_atoms == b.heavy_atoms && a.graph == b.graph && a.fingerprint == b.fingerprint &&
           same_descriptors;
}

}  // namespace

TEST_CASE("workers: the same features as in this process, in order, whatever their number") {
    FeatureRequest request;
    request.key = request.formula = request.scaffold = request.descriptors = true;
    request.fingerprints = {
        {}, {.kind = FingerprintKind::morgan, .size = 512, .radius = 3, .counts = true}, {.kind = FingerprintKind::maccs}};
    const auto smiles = golden_smiles();
    const auto alone = featurize_all(smiles, request, {.isolate = false});
    REQUIRE(alone.size() == smiles.size());
    for (int workers : {1, 2, 5}) {
        std::size_t last_done = 0;
        const auto together = featurize_all(smiles, request, {.workers = workers}, [&](std::size_t done, std::size_t total) {
            CHECK(done > last_done);
            CHECK(total == smiles.size());
            last_done = done;
        });
        CHECK(last_done == smiles.size());
        REQUIRE(together.size() == smiles.size());
        for (std::size_t i = 0; i < smiles.size(); ++i) CHECK_MESSAGE(equal(alone[i], together[i]), smiles[i]);
    }
    for (const auto& features : alone) {
        if (features.usable()) CHECK(features.fingerprint.size() == static_cast<std::size_t>(fingerprint_width(request)));
    }
}

TEST_CASE("workers: nothing in, nothing out, one in, one out") {
    int calls = 0;
    CHECK(featurize_all({}, {}, {}, [&](std::size_t, std::size_t) { ++calls; }).empty());
    CHECK(calls == 1);
    const std::vector<std::string> one = {"CCO"};
    CHECK(featurize_all(one).at(0).canonical == "CCO");
}

TEST_CASE("workers: a crash, a hang, a sleep and a flood each cost one row, within the cap and half a second") {
    struct Case {
        const char* text;
        Reason reason;
    };
    for (const auto& c : {Case{"[Ar]", Reason::crashed}, Case{"[Ne]", Reason::crashed}, Case{"[Og]", Reason::crashed},
                          Case{"[Kr]", Reason::timeout}, Case{"[Rn]", Reason::timeout}, Case{"[Xe]", Reason::memory}}) {
        if (c.reason == Reason::memory && !can_run_out_of_memory) continue;
        INFO(c.text);
        auto smiles = golden_smiles();
        smiles.resize(100);
        smiles[40] = c.text;
        Pool pool(small_request(), {.workers = 2, .before_each = misbehave});
        std::vector<Features> result;
        const double wall = seconds_of([&] { result = pool.run(smiles); });
        CHECK(wall < 0.5 + 0.5 + 0.5);  // the cap, its allowance, and the other 99 rows
        CHECK(result[40].reason == c.reason);
        CHECK_FALSE(result[40].message.empty());
        CHECK(pool.replacements() == 1);
        const auto expected = featurize_all(smiles, small_request(), {.isolate = false});
        for (std::size_t i = 0; i < smiles.size(); ++i) {
            if (i != 40) CHECK_MESSAGE(equal(result[i], expected[i]), smiles[i]);
        }
    }
}

TEST_CASE("workers: the caps are named in the message") {
    const std::vector<std::string> smiles = {"[Kr]", "[Rn]", "[Xe]"};
    const auto result = featurize_all(smiles, small_request(), {.workers = 1, .before_each = misbehave});
    CHECK(result[0].message.find("seconds = 0.5") != std::string::npos);
    CHECK(result[1].message.find("seconds = 0.5") != std::string::npos);
    if (can_run_out_of_memory) CHECK(result[2].message.find("memory_mib = 256") != std::string::npos);
}

TEST_CASE("workers: many crashes in a row, and only crashes") {
    std::vector<std::string> smiles;
    for (int i = 0; i < 60; ++i) smiles.push_back(i % 2 ? "[Ar]" : "CCO");
    Pool pool(small_request(), {.workers = 3, .before_each = misbehave});
    const auto result = pool.run(smiles);
    for (std::size_t i = 0; i < smiles.size(); ++i) CHECK(result[i].reason == (i % 2 ? Reason::crashed : Reason::none));
    CHECK(pool.replacements() == 30);
    CHECK(pool.run(std::vector<std::string>{"CCO"})[0].usable());
}

TEST_CASE("workers: killed from outside while at work") {
    // A worker tells its process number through a pipe, which stays open below the number where workers close what they inherit.
    auto smiles = golden_smiles();
    smiles.insert(smiles.end(), smiles.begin(), smiles.end());
    const std::string note = fmt::format("/tmp/molten_test_worker_{}", getpid());
    const auto leave_note = [note](std::string_view text) {
        if (text != "CCO") return;
        std::ofstream(note) << getpid() << std::flush;
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
    };
    smiles.erase(std::remove(smiles.begin(), smiles.end(), "CCO"), smiles.end());
    smiles.insert(smiles.begin() + 10, "CCO");
    std::thread killer([&] {
        for (int tries = 0; tries < 500; ++tries) {
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
            pid_t victim = 0;
            if (std::ifstream(note) >> victim && victim > 0) {
                kill(victim, SIGKILL);
                return;
            }
        }
    });
    const auto result = featurize_all(smiles, small_request(), {.workers = 2, .before_each = leave_note});
    killer.join();
    std::remove(note.c_str());
    CHECK(result[10].reason == Reason::crashed);
    int crashed = 0;
    for (const auto& features : result) crashed += features.reason == Reason::crashed;
    CHECK(crashed == 1);
}

TEST_CASE("workers: a sink that throws leaves a usable pool") {
    const auto smiles = golden_smiles();
    Pool pool(small_request(), {.workers = 2});
    CHECK_THROWS_AS(pool.run(smiles,
                             [](std::size_t row, Features&&) {
                                 if (row == 5) throw std::runtime_error("full");
                             }),
                    std::runtime_error);
    const auto result = pool.run(smiles);
    const auto expected = featurize_all(smiles, small_request(), {.isolate = false});
    for (std::size_t i = 0; i < smiles.size(); ++i) CHECK(equal(result[i], expected[i]));
}

TEST_CASE("workers: a bad request is told at once") {
    FeatureRequest request;
    request.fingerprints = {{.size = -3}};
    CHECK_THROWS_AS(Pool(request, {.workers = 1}), std::invalid_argument);
}

TEST_CASE("workers: no process and no open file is left behind") {
    const auto open_files = [] {
        int count = 0;
        DIR* folder = opendir("/proc/self/fd");
        while (readdir(folder)) ++count;
        closedir(folder);
        return count;
    };
    const int before = open_files();
    for (int i = 0; i < 5; ++i) featurize_all(golden_smiles(), small_request(), {.workers = 3, .before_each = misbehave});
    CHECK(open_files() == before);
    std::ifstream children(fmt::format("/proc/self/task/{}/children", getpid()));
    std::string line;
    std::getline(children, line);
    CHECK(line.empty());
}

namespace {

// Atoms that all have bonds to all others: as many rings as there can be.
std::string complete_graph(int atoms) {
    std::string smiles;
    for (int i = 0; i < atoms; ++i) {
        smiles += "*";
        for (int j = 0; j < atoms; ++j) {
            if (std::abs(i - j) > 1) smiles += fmt::format("%({})", std::min(i, j) * atoms + std::max(i, j));
        }
    }
    return smiles;
}

struct Pathological {
    const char* name;
    std::string smiles;
    Reason reason;
};

std::vector<Pathological> pathological() {
    using namespace std::string_literals;
    return {
        {"empty", "", Reason::empty},
        {"one space", " ", Reason::blank},
        {"tabs", "\t\t", Reason::blank},
        {"inner space", "C C", Reason::blank},
        {"trailing space", "CCO ", Reason::blank},
        {"name after it", "CCO ethanol", Reason::blank},
        {"line break", "CCCCC\nC", Reason::control_byte},
        {"carriage return", "CCO\r", Reason::control_byte},
        {"leading NUL", "\0C"s, Reason::control_byte},
        {"trailing NUL", "CCO\0"s, Reason::control_byte},
        {"escape", "\x1b[31mC", Reason::control_byte},
        {"delete", "C\x7f", Reason::control_byte},
        {"byte order mark",
         "\xef\xbb\xbf"
         "CCO",
         Reason::non_ascii},
        {"accent", "C\xc3\xa9", Reason::non_ascii},
        {"broken UTF-8", "C\xff\xfe", Reason::non_ascii},
        {"alkane of 10,000", repeated("C", 10000), Reason::too_long},
        {"a megabyte", repeated("C", 1 << 20), Reason::too_long},
        {"open branches x 100,000", repeated("C(", 100000), Reason::too_long},
        {"alkane of 501", repeated("C", 501), Reason::too_many_atoms},
        {"alkane of 2,000", repeated("C", 2000), Reason::too_many_atoms},
        {"aromatic of 2,000", repeated("c", 2000), Reason::too_many_atoms},
        {"open branches x 1,000", repeated("C(", 1000), Reason::too_many_atoms},
        {"bracket atoms x 600", repeated("[C]", 600), Reason::too_many_atoms},
        {"ring closures x 400", repeated("C1C1", 201), Reason::too_many_rings},
        {"two-digit ring closures", repeated("C%12%13", 150) + repeated("C%12%13", 60), Reason::too_many_rings},
        {"500 ions", repeated("[Na+].", 300) + "C", Reason::too_many_fragments},
        {"51 fragments", repeated("C.", 50) + "C", Reason::too_many_fragments},
        {"only dots", repeated(".", 20), Reason::parse_error},
        {"unclosed branch", "C(", Reason::parse_error},
        {"unclosed branches x 400", repeated("C(", 400), Reason::parse_error},
        {"unclosed ring", "C1CCC", Reason::parse_error},
        {"unclosed bracket", "[C", Reason::parse_error},
        {"brackets x 1,000", repeated("[", 1000), Reason::parse_error},
        {"huge isotope", "[99999999999999999999C]", Reason::parse_error},
        {"huge ring number", "C%(99999999999999999999)C", Reason::parse_error},
        {"not chemistry", "notasmiles", Reason::parse_error},
        {"SMARTS", "[C;!H0]", Reason::parse_error},
        {"ring to itself", "C11", Reason::parse_error},
        {"pentavalent carbon", "C(C)(C)(C)(C)C", Reason::valence},
        {"no Kekule structure", "c1cccc1", Reason::kekulize},
        {"aromatic chain", repeated("c", 500), Reason::kekulize},
        {"500 nested branches", std::string("C") + repeated("(C", 499) + repeated(")", 499), Reason::none},
        {"alkane of 500", repeated("C", 500), Reason::none},
        {"18 attachment points, all bonded to all", complete_graph(18), Reason::none},
        {"150 small rings", repeated("C1(CC1)", 150), Reason::none},
        {"200 stereocentres", repeated("[C@H](F)", 199) + "C", Reason::none},
        {"160 stereo bonds", std::string("C") + repeated("/C=C/C", 159), Reason::none},
        {"50 ions", repeated("[Na+].", 49) + "[Cl-]", Reason::none},
        {"attachment points only", repeated("*", 100), Reason::none},
    };
}

}  // namespace

TEST_CASE("workers: pathological molecules end with their own reason, none past its limit and half a second") {
    FeatureRequest request;
    request.key = request.formula = request.scaffold = true;
    const auto cases = pathological();
    REQUIRE(cases.size() >= 40);
    Pool pool(request, {.workers = 1});
    for (const auto& c : cases) {
        INFO(c.name);
        std::vector<Features> result;
        const std::vector<std::string> row = {c.smiles};
        const double wall = seconds_of([&] { result = pool.run(row); });
        CHECK(wall < request.limits.seconds + 0.5);
        INFO(std::string(reason_name(result.at(0).reason)) << ": " << result[0].message);
        CHECK(result[0].reason == c.reason);
        CHECK(result[0].message.empty() == result[0].usable());
    }
}

TEST_CASE("workers: mutated SMILES never crash a worker, and the verdict repeats") {
    const auto seeds = golden_smiles();
    const std::string alphabet = "CNOSPFclnos()[]=#@/\\+-.%0123456789*H:$<>&~BrI";
    std::uint64_t state = 20240917;
    const auto next = [&](std::size_t below) {
        state = state * 6364136223846793005ull + 1442695040888963407ull;
        return static_cast<std::size_t>((state >> 33) % below);
    };
    std::vector<std::string> mutants;
    for (int i = 0; i < 20000; ++i) {
        std::string text = seeds[next(seeds.size())];
        for (std::size_t edits = 1 + next(2); edits > 0; --edits) {
            const std::size_t at = next(text.size() + 1);
            switch (next(4)) {
                case 0:
                    text.insert(at, 1, alphabet[next(alphabet.size())]);
                    break;
                case 1:
                    text.erase(at, 1 + next(3));
                    break;
                case 2:
                    text.insert(at, seeds[next(seeds.size())].substr(0, 1 + next(12)));
                    break;
                default:
                    if (at < text.size()) text[at] = alphabet[next(alphabet.size())];
            }
        }
        mutants.push_back(text);
    }
    FeatureRequest request;
    request.key = request.formula = request.scaffold = true;
    Pool pool(request, {.workers = 2});
    const auto result = pool.run(mutants);
    CHECK(pool.replacements() == 0);
    int usable = 0;
    std::set<Reason> reasons;
    for (std::size_t i = 0; i < mutants.size(); ++i) {
        usable += result[i].usable();
        reasons.insert(result[i].reason);
        CHECK_MESSAGE(result[i].reason != Reason::crashed, mutants[i]);
        CHECK_MESSAGE(result[i].reason != Reason::timeout, mutants[i]);
        CHECK_MESSAGE(result[i].reason != Reason::rdkit_error, mutants[i] << ": " << result[i].message);
    }
    CHECK(usable > 2000);
    CHECK(reasons.size() >= 5);
    const auto again = pool.run(mutants);
    for (std::size_t i = 0; i < mutants.size(); ++i) CHECK_MESSAGE(equal(result[i], again[i]), mutants[i]);
}

TEST_CASE("message: what was encoded decodes to the same, and any damage throws or decodes, never more") {
    FeatureRequest request;
    request.key = request.formula = request.scaffold = request.descriptors = true;
    const Features features = featurize("*Oc1ccc(C(=O)O)cc1", request);
    const std::string frame = encode_frame(features);
    FrameReader reader;
    std::string payload;
    for (char byte : frame) {
        CHECK_FALSE(reader.next(payload));
        reader.append({&byte, 1});
    }
    REQUIRE(reader.next(payload));
    CHECK(equal(decode_features(payload), features));
    CHECK_FALSE(reader.next(payload));

    for (std::size_t length = 0; length < payload.size(); ++length) {
        CHECK_THROWS_AS(decode_features(std::string_view(payload).substr(0, length)), std::runtime_error);
    }
    CHECK_THROWS_AS(decode_features(payload + "x"), std::runtime_error);
    int thrown = 0;
    for (std::size_t i = 0; i < payload.size(); ++i) {
        for (int bit = 0; bit < 8; bit += 7) {
            std::string damaged = payload;
            damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
            try {
                decode_features(damaged);
            } catch (const std::runtime_error&) {
                ++thrown;
            }
        }
    }
    CHECK(thrown > 0);
    FrameReader hostile;
    hostile.append("\xff\xff\xff\xff");
    CHECK_THROWS_AS(hostile.next(payload), std::runtime_error);
}
