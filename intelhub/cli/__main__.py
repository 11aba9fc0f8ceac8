"""`python -m intelhub.cli`, where the console script is not on the path."""

from intelhub.cli.root import main

main()
