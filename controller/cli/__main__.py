"""``python -m controller.cli`` is ``envctl``."""

from controller.cli.main import main

main()
