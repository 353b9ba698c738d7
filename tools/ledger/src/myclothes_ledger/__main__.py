"""`python -m myclothes_ledger`."""

import sys

from myclothes_ledger.cli import main

if __name__ == "__main__":
    sys.exit(main())
