"""The command line, as `python -m micrograd`."""

import sys

from micrograd.cli import main

if __name__ == '__main__':
    sys.exit(main())
