"""Django's MySQL backend, but that a connection moves from company to company."""
