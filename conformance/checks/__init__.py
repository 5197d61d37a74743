"""Check-style modules: programs that assert with `check.expect_…`, collected by pytest as tests.

A file `*.mlir` or `*.vmfb` follows the convention when it uses `check` and exports functions without arguments and
results: each of them is a test. A function whose name begins with `fail_`, or that is marked `expect_failure`, has to
fail. `python -m conformance.checks` prints the path of the check module, for use with any module-running tool.
"""
