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
