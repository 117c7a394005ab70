"""``python -m pipelines`` is the ``parcours`` command."""

import sys

from pipelines.cli import main

sys.exit(main())
