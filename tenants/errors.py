"""What can go wrong with a company, in words for the person who asked."""


class TenantError(Exception):
    """A company cannot be made, changed or reached. The text is a translated sentence without
    secrets: commands print it, pages show it."""
