"""django-import-export's pages over our own importers: one set of rules for admin and commands.

The library brings upload, preview, confirmation and download; reading, checking and saving are
the importer's, so its row-by-row machinery (instance loaders, widgets, diffs) is not used.
"""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import tablib
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from import_export.fields import Field
from import_export.formats.base_formats import XLSX
from import_export.resources import ModelResource
from import_export.results import Result, RowResult

from whapco.lib.spreadsheets import Column, Table, read_table, write_table
from whapco.lib.upsert import ImportResult


class CannotUndo(Exception):
    """There is nothing to take back, or it changed since. The text says so, in Spanish."""


class SheetResult(Result):  # type: ignore[misc]
    """What the library's pages ask for, and `preview` for ours."""

    def __init__(self, preview: ImportResult) -> None:
        super().__init__()
        self.preview = preview
        self.totals[RowResult.IMPORT_TYPE_NEW] = len(preview.new)
        self.totals[RowResult.IMPORT_TYPE_UPDATE] = len(preview.changed)
        self.totals[RowResult.IMPORT_TYPE_SKIP] = preview.same

    def has_errors(self) -> bool:
        return bool(self.preview.errors)


class SheetFormat(XLSX):  # type: ignore[misc]
    """An .xlsx read by whapco.lib.spreadsheets. `columns` are set by each kind of sheet."""

    columns: ClassVar[Sequence[Column]]
    sheet: ClassVar[str]

    def create_dataset(self, in_stream: bytes) -> Table:
        return read_table(in_stream, self.columns)

    def export_data(self, dataset: tablib.Dataset, **_: Any) -> bytes:
        return write_table(dataset.headers, list(dataset), sheet=self.sheet)


class SheetResource(ModelResource):  # type: ignore[misc]
    """A sheet's columns, and the services that read and write it."""

    columns: ClassVar[Sequence[Column]]

    def run_import(self, table: Table, *, dry_run: bool, author: str, title: str) -> ImportResult:
        """`author` is who imports, `title` the name of the file."""
        raise NotImplementedError

    @staticmethod
    def template() -> bytes:
        """An .xlsx to fill in."""
        raise NotImplementedError

    @staticmethod
    def ways_on(result: ImportResult, request: HttpRequest) -> SafeString:
        """What a person may do after that import: buttons and links."""
        return SafeString()

    # Of those whose last import is taken back by a page of its own; `undo` says what it did.
    can_undo: ClassVar[Callable[[], bool] | None] = None

    @staticmethod
    def undo() -> str:
        raise CannotUndo

    def lines(self, queryset: QuerySet[Any]) -> list[list[str]]:
        """The rows of `queryset` under `columns`."""
        raise NotImplementedError

    def get_user_visible_fields(self) -> list[Field]:
        return [Field(column_name=column.name) for column in self.columns]

    def import_data(
        self, dataset: Table, dry_run: bool = False, file_name: str = "", user: Any = "", **_: Any
    ) -> SheetResult:
        result = self.run_import(dataset, dry_run=dry_run, author=str(user), title=file_name or "")
        return SheetResult(result)

    def export(self, queryset: QuerySet[Any] | None = None, **_: Any) -> tablib.Dataset:
        rows = self.lines(self.get_queryset() if queryset is None else queryset)
        return tablib.Dataset(*rows, headers=[column.name for column in self.columns])
