"""`python -m intelhub.cli`, where the console script is not on the path."""

from intelhub.cli.root import main

if __name__ == "__main__":
    main()
