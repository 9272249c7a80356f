"""`python -m portal.auditor`: the verifier without the product."""

import sys

from portal.auditor.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
