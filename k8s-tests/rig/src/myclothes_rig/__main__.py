"""`python -m myclothes_rig`: build, boot and break the cluster from a shell."""

import sys

from myclothes_rig.cli import main

sys.exit(main(sys.argv[1:]))
