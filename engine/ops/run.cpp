#include "engine/ops/run.h"

#include <cstdlib>
#include <map>
#include <string>

namespace molten {
namespace {

// MOLTEN_KERNEL=matmul:v1,softmax:v2
std::map<std::string, std::string, std::less<>> variants_from_environment() {
    std::map<std::string, std::string, std::less<>> result;
    const char* text = std::getenv("MOLTEN_KERNEL");
    if (!text) return result;
    std::string rest = text;
    while (!rest.empty()) {
        const auto comma = rest.find(',');
        const std::string item = rest.substr(0, comma);
        const auto colon = item.find(':');
        if (colon == std::string::npos || colon == 0 || colon + 1 == item.size())
            throw Error(ExitCode::usage, "MOLTEN_KERNEL holds '" + item + "'",
                        "write op:variant, several with commas: matmul:v1,softmax:v2");
        result[item.substr(0, colon)] = item.substr(colon + 1);
        rest = comma == std::string::npos ? "" : rest.substr(comma + 1);
    }
    return result;
}

}  // namespace

void op_error(std::string_view op, const std::string& what) { throw Error(ExitCode::usage, std::string(op) + ": " + what); }

Launch launch_for(std::string_view op) {
    static const auto chosen = variants_from_environment();
    Launch launch;
    launch.scratch = &thread_workspace();
    if (!chosen.empty())
        if (const auto it = chosen.find(op); it != chosen.end()) launch.variant = it->second.c_str();
    return launch;
}

}  // namespace molten
