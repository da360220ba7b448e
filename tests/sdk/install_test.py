#!/usr/bin/env python3
"""Installs the C++ SDK into a folder of its own and builds a program against it from outside, by CMake and by pkg-config.

    install_test.py SOURCE_DIR
"""

import os
import re
import subprocess
import sys
import tempfile

SOURCE = sys.argv[1]
LAUNCHER = ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] if subprocess.run(["which", "ccache"], capture_output=True).returncode == 0 else []

PROGRAM = """
#include <rowtide/consumer.h>
#include <iostream>
int main() {
  try {
    rowtide::Consumer consumer(rowtide::Options{});
  } catch (const rowtide::Error& error) {
    std::cout << rowtide::name_of(error.code()) << ": " << error.what() << "\\n";
    return 0;
  }
  return 1;
}
"""
CMAKE = """
cmake_minimum_required(VERSION 3.25)
project(outside LANGUAGES CXX)
find_package(rowtide-sdk 0.1 REQUIRED)
add_executable(outside main.cpp)
target_link_libraries(outside PRIVATE rowtide::sdk)
"""
SAID = "InvalidOptions: Options::bootstrap_servers is empty\n"

passed = 0
failures = []


def run(*command, **more):
    done = subprocess.run(command, capture_output=True, text=True, **more)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout


def check(name, holds, seen=""):
    global passed
    if holds:
        passed += 1
    else:
        failures.append(f"{name}: {seen}")


def headers(folder):
    return sorted(os.path.join(folder, name) for name in os.listdir(folder))


def check_headers(include):
    for path in headers(include):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for name in re.findall(r'^\s*#include\s*[<"]([^>"]+)[>"]', text, re.MULTILINE):
            known = name.startswith("rowtide/") or re.fullmatch(r"[a-z_]+", name)
            check("no third-party header", known, f"{path} includes {name}")
        # Each by itself, with every warning of its users.
        run("g++", "-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror", "-fsyntax-only",
            "-x", "c++", "-I", os.path.dirname(include), "-", input=f"#include <rowtide/{os.path.basename(path)}>\n")


def check_symbols(library):
    shown = run("nm", "-DC", "--defined-only", library)
    strange = [line for line in shown.splitlines() if "simdjson" in line or "rd_kafka" in line or "::Impl" in line]
    check("what is inside is hidden", not strange, strange[:3])


def check_cmake(folder, prefix):
    build = os.path.join(folder, "build")
    run("cmake", "-S", folder, "-B", build, f"-DCMAKE_PREFIX_PATH={prefix}")
    run("cmake", "--build", build)
    check("find_package", run(os.path.join(build, "outside")) == SAID)


def check_example(root, prefix):
    build = os.path.join(root, "example")
    run("cmake", "-S", os.path.join(SOURCE, "examples", "consumers", "cpp"), "-B", build, f"-DCMAKE_PREFIX_PATH={prefix}")
    run("cmake", "--build", build)
    check("the example", subprocess.run([os.path.join(build, "cache")], capture_output=True).returncode == 2)


def check_pkg_config(folder, library_dir):
    environment = {**os.environ, "PKG_CONFIG_PATH": f"{library_dir}/pkgconfig", "LD_LIBRARY_PATH": library_dir}
    flags = run("pkg-config", "--cflags", "--libs", "rowtide-sdk", env=environment).split()
    program = os.path.join(folder, "by-pkg-config")
    run("g++", "-std=c++20", os.path.join(folder, "main.cpp"), "-o", program, *flags)
    check("pkg-config", run(program, env=environment) == SAID)


def check_document(include):
    """The code of docs/sdk.md, as it stands there, in a function; each block goes on where the one before ends."""
    with open(os.path.join(SOURCE, "docs", "sdk.md"), encoding="utf-8") as file:
        blocks = re.findall(r"^```cpp\n(.*?)^```$", file.read(), re.MULTILINE | re.DOTALL)
    check("the document's code", len(blocks) == 2, f"{len(blocks)} blocks")
    for number, block in enumerate(blocks):
        options = "" if "rowtide::Options options" in block else "rowtide::Options options;"
        run("g++", "-std=c++20", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-x", "c++", "-I", os.path.dirname(include), "-",
            input=f'#include <rowtide/consumer.h>\nextern bool running;\ntemplate <typename T> void apply(const T&) {{}}\n'
                  f'void example() {{\n{options}\n#line 1 "docs/sdk.md, block {number + 1}"\n{block}}}\n')


def main():
    with tempfile.TemporaryDirectory() as root:
        prefix = os.path.join(root, "prefix")
        build = os.path.join(root, "sdk")
        run("cmake", "-S", os.path.join(SOURCE, "sdk"), "-B", build, "-DCMAKE_INSTALL_LIBDIR=lib", f"-DCMAKE_INSTALL_PREFIX={prefix}",
            "-DCMAKE_BUILD_TYPE=Release", *LAUNCHER)
        run("cmake", "--build", build, "--parallel", "2")
        run("cmake", "--install", build)
        library_dir = os.path.join(prefix, "lib")
        check_headers(os.path.join(prefix, "include", "rowtide"))
        check_document(os.path.join(prefix, "include", "rowtide"))
        check_symbols(os.path.join(library_dir, "librowtide-sdk.so"))
        outside = os.path.join(root, "outside")
        os.mkdir(outside)
        for name, text in (("main.cpp", PROGRAM), ("CMakeLists.txt", CMAKE)):
            with open(os.path.join(outside, name), "w", encoding="utf-8") as file:
                file.write(text)
        check_cmake(outside, prefix)
        check_pkg_config(outside, library_dir)
        check_example(root, prefix)
    for failure in failures:
        print(failure, file=sys.stderr)
    print(passed, len(failures))


main()
