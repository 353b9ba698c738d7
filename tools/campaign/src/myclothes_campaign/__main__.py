"""`python -m myclothes_campaign`."""

import sys

from myclothes_campaign.cli import main
from myclothes_campaign.processes import ProcessGround

if __name__ == "__main__":
    sys.exit(main({ProcessGround.name: ProcessGround}))
