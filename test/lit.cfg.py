# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Runs the .mlir and .test files of these folders; all paths come from CMake.
import os

import lit.formats

FOLDERS = {"dialects", "passes", "compiler", "cli", "e2e"}

config.name = "dsc"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.buildDir, "test", "lit")
config.excludes = ["Inputs"] + [
    name for name in os.listdir(config.test_source_root) if name not in FOLDERS]
config.environment["PATH"] = os.pathsep.join(
    [os.path.join(config.buildDir, "bin"), config.toolsDir,
     config.environment["PATH"]])
config.substitutions.append(("%root", config.sourceDir))
# Compiled CUDA code is kept apart from the user's.
config.environment["XDG_CACHE_HOME"] = os.path.join(config.test_exec_root, "cache")
config.substitutions.append(("%dsc", os.path.join(config.buildDir, "bin", "dsc")))
for name in ("fake_nvrtc", "failing_nvrtc"):
    config.substitutions.append(("%" + name, os.path.join(
        config.buildDir, "test", "compiler", "codegen", f"lib{name}.so")))
# What only some machines have; tests of it say REQUIRES.
if config.nvrtc:
    config.available_features.add("nvrtc")
    config.environment["DSC_NVRTC"] = config.nvrtc
if config.nvcc:
    config.available_features.add("nvcc")
    config.substitutions.append(("%nvcc", config.nvcc))
if config.clang:
    config.available_features.add("clang")
