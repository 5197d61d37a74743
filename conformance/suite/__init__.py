"""The cases, a file an area: `pytest --pyargs conformance --runtime=… `."""
