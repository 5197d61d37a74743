"""The compiled part of the package: the runtime and its binding, put here by the build."""
