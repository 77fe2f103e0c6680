"""The loops that turn the crank: here clock, ledger and wire meet what `exchange` decides."""
