"""A conformance test framework for VM modules of the IREE kind."""
