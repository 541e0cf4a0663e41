"""Who waits for a company to be made may want to know how far it is."""


class Progress:
    """Told what comes next. This one tells nobody."""

    def step(self, name: str) -> None:
        """`name` is one of CompanyCreation.Step."""


SILENT = Progress()
