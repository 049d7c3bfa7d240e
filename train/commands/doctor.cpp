#include <fmt/format.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <functional>
#include <memory>

#include "chem/molecule/molecule.h"
#include "engine/autograd/op.h"
#include "engine/ops/matmul.h"
#include "kernels/all_cases.h"
#include "kernels/common/parallel.h"
#include "kernels/common/philox.h"
#include "train/commands/command.h"
#include "train/log/run_log.h"

namespace molten::commands {
namespace {

// One line of the check-up: "ok" or what is wrong and what to do.
bool check(const char* name, const std::string& found, bool fine, const std::string& advice = {}) {
    fmt::print("{:<8} {:<22} {}\n", fine ? "ok" : "PROBLEM", name, found);
    if (!fine && !advice.empty()) fmt::print("         {}\n", advice);
    return fine;
}

double gigaflops(std::int64_t n) {
    const Tensor a = Tensor::randn({n, n}, DType::f32, 1), b = Tensor::randn({n, n}, DType::f32, 2);
    double best = 0;
    for (int i = 0; i < 3; ++i) {
        const auto start = std::chrono::steady_clock::now();
        matmul(a, b);
        best = std::max(
            best, 2e-9 * static_cast<double>(n * n * n) / std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    return best;
}

// The product of the installed kernel against sums in double: catches a miscompiled or misdetected SIMD path.
double matmul_error() {
    constexpr std::int64_t n = 97;
    const Tensor a = Tensor::randn({n, n}, DType::f32, 1), b = Tensor::randn({n, n}, DType::f32, 2);
    const auto x = a.to_vector(), y = b.to_vector(), c = matmul(a, b).to_vector();
    double worst = 0;
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j) {
            double sum = 0;
            for (std::size_t k = 0; k < n; ++k) sum += x[i * n + k] * y[k * n + j];
            worst = std::max(worst, std::abs(sum - c[i * n + j]));
        }
    return worst;
}

int run() {
    bool fine = true;
    fine &= check("threads", fmt::format("{} of {} processors", thread_count(), sysconf(_SC_NPROCESSORS_ONLN)), thread_count() >= 1);
    const double memory = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
    fine &= check("memory", log::human_bytes(memory), memory > 2e9, "molten wants 2 GiB");
    struct statvfs disk {};
    const double room = statvfs(".", &disk) == 0 ? static_cast<double>(disk.f_bavail) * static_cast<double>(disk.f_frsize) : 0;
    fine &= check("disk here", log::human_bytes(room), room > 1e9, "less than 1 GB is free: checkpoints may not fit");
    const double error = matmul_error();
    fine &= check("matrix product", fmt::format("error {:.1e}, {:.0f} GFLOP/s at 1024", error, gigaflops(1024)), error < 1e-3,
                  "the CPU kernel is wrong on this machine: please report it");
    const PhiloxBits bits = philox4x32_10(0, 0, 0, 0, 0, 0);
    fine &= check("random numbers", "Philox4x32-10 known answer", bits.word[0] == 0x6627e8d5);
    const chem::Parsed benzene = chem::parse_smiles("c1ccccc1O");
    fine &= check("RDKit", benzene ? "reads phenol as " + chem::canonical_smiles(benzene.molecule) : benzene.verdict.message,
                  benzene && chem::canonical_smiles(benzene.molecule) == "Oc1ccccc1", "reinstall librdkit-dev (scripts/setup)");
    fmt::print("{:<8} {:<22} {}\n", "-", "GPU", "this molten is built without CUDA kernels: it computes on the CPU");
    return fine ? 0 : static_cast<int>(ExitCode::resources);
}

// The support matrix, printed from the two registries: what the engine differentiates, what the kernels take.
int print_ops() {
    fmt::print("{:<18} {:<42} {}\n", "op of the engine", "gradient", "composite");
    for (const OpDef* op : all_ops())
        fmt::print("{:<18} {:<42} {}\n", op->name, op->gradient.backward() ? "yes" : "none: " + std::string(op->gradient.why_not()),
                   op->composite ? "yes" : "-");
    fmt::print("\n{:<18} {:<8} {:<18} {:<10} {}\n", "kernel", "device", "dtypes", "gradient", "variants");
    for (const OpCases* op : all_op_cases()) {
        std::string dtypes;
        for (const DType dtype : op->dtypes) dtypes += (dtypes.empty() ? "" : " ") + std::string(name_of(dtype));
        fmt::print("{:<18} {:<8} {:<18} {:<10} {}\n", op->op, "cpu", dtypes, op->backward ? "yes" : "-",
                   op->variants.empty() ? "one" : fmt::format("{}", fmt::join(op->variants, " ")));
    }
    return 0;
}

std::function<int()> declare(CLI::App& app) {
    auto ops = std::make_shared<bool>(false);
    app.add_flag("--ops", *ops, "print the support matrix: ops, devices, dtypes, gradients, variants");
    return [ops] { return *ops ? print_ops() : run(); };
}

}  // namespace

const Command doctor_command = {"doctor", "check this machine and this build", "  molten doctor\n  molten doctor --ops", declare};

}  // namespace molten::commands
