"""`python -m fhircase` is `fhircase`."""

from fhircase.cli import main

if __name__ == "__main__":
    main()
