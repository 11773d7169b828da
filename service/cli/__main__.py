"""`python -m service.cli`, for where the `manchete` script is not on the path."""

from __future__ import annotations

from service.cli.app import main

main()
