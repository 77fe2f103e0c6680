"""The closed vocabulary of rules: one kind a file, reading and writing on one screen."""
