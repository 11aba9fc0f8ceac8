"""`intelhub demo` with few records, there in seconds: keys, server, database and worker are the real ones."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from intelhub.demo.loading import load_demo
from intelhub.demo.run import prepare_keys
from intelhub.supervisor import DemoSteps, run_demo

COUNT = 30

if __name__ == "__main__":
    sys.exit(run_demo(Path(sys.argv[1]), 0, DemoSteps(prepare_keys=prepare_keys, load=partial(load_demo, count=COUNT))))
