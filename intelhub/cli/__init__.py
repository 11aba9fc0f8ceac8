"""The command line `intelhub`: one module a subject, each importing what it works with only when it runs."""

from intelhub.cli.root import cli, main

__all__ = ["cli", "main"]
