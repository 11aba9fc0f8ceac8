"""Measures the product against itself without its locks, over HTTP, and writes docs/benchmarks.md; see `__main__`."""
