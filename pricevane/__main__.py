"""`python -m pricevane` is the same as `pricevane`."""

from pricevane.cli import main

if __name__ == "__main__":
    main()
