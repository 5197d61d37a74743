"""Tests of the bytecode fixtures and of `conformance.vmfb`."""
