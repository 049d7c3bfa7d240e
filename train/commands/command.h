#pragma once
#include <CLI/CLI.hpp>
#include <functional>
#include <span>
#include <string>

namespace molten::commands {

// A command of `molten`: declare() adds its flags to the parser and returns what runs once they are parsed (the exit code).
struct Command {
    const char* name;
    const char* summary;
    const char* examples;  // shown at the end of --help
    std::function<int()> (*declare)(CLI::App&);
};
std::span<const Command> all();

// Parses the command line, runs the command, and turns every error into a message with what to do and its exit code.
int run(int argc, char** argv);

extern const Command train_command, predict_command, eval_command, featurize_command, doctor_command;

}  // namespace molten::commands
