"""`python -m deskside`."""

from deskside.cli import main

main()
