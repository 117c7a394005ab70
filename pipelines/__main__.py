"""``python -m pipelines`` is the ``parcours`` command."""

import sys

from pipelines.cli.main import main

sys.exit(main())
