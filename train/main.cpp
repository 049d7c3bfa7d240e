#include "train/commands/command.h"

int main(int argc, char** argv) { return molten::commands::run(argc, argv); }
