"""What can go wrong with a backup, in words for the operator."""


class BackupError(Exception):
    """A dump cannot be made, read or restored. The text is a sentence without secrets."""
