"""``python -m pipelines`` is the ``parcours`` command."""

import sys

from pipelines.cli.entry import main

sys.exit(main())
