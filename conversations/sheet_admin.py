"""Admin pages to upload, preview, confirm and download a sheet; used by rules and quick replies."""

import secrets
import time
from pathlib import Path
from typing import Any, ClassVar

from django.conf import settings
from django.contrib import admin, messages
from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from import_export.admin import ImportExportMixin
from import_export.tmp_storages import BaseStorage

from tenants.context import current_tenant
from whapco.lib.sheet_resources import SheetFormat, SheetResult
from whapco.lib.workbook_checks import SheetError

PREVIEW_SECONDS = 24 * 3600  # how long an uploaded sheet waits for its confirmation


class PreviewStorage(BaseStorage):  # type: ignore[misc]
    """The uploaded file between preview and confirmation. Its name goes through the browser, so it
    is signed for one company: nobody can name another file, or another company's."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.signer = TimestampSigner(salt=f"sheet:{current_tenant().key}")
        self.folder = Path(settings.DATA_DIR) / "imports"

    def save(self, data: bytes) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._drop_forgotten()
        token = secrets.token_hex(16)
        (self.folder / token).write_bytes(data)
        self.name = self.signer.sign(token)

    def read(self) -> bytes:
        """Raises BadSignature or FileNotFoundError: not ours, too old, or already imported."""
        return self._path().read_bytes()

    def remove(self) -> None:
        self._path().unlink(missing_ok=True)

    def _path(self) -> Path:
        return self.folder / self.signer.unsign(self.name, max_age=PREVIEW_SECONDS)

    def _drop_forgotten(self) -> None:
        oldest = time.time() - PREVIEW_SECONDS
        for path in self.folder.iterdir():
            if path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)


class SheetAdmin(ImportExportMixin, admin.ModelAdmin[Any]):  # type: ignore[misc]
    """Set `resource_classes` and `sheet_format`."""

    sheet_format: ClassVar[type[SheetFormat]]
    tmp_storage_class = PreviewStorage
    import_template_name = "admin/sheet_import.html"
    skip_export_form = True  # one format, all columns: its page would have nothing to ask
    skip_admin_log = True  # one line per row would bury the log

    def get_import_formats(self) -> list[type[SheetFormat]]:
        return [self.sheet_format]

    def get_export_formats(self) -> list[type[SheetFormat]]:
        return [self.sheet_format]

    def has_import_permission(self, request: HttpRequest) -> bool:
        return self.has_add_permission(request) and self.has_change_permission(request)

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def add_data_read_fail_error_to_form(self, form: Any, error: Exception) -> None:
        if not isinstance(error, SheetError):
            raise error
        form.add_error("import_file", str(error))

    def process_import(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        try:
            response: HttpResponse = super().process_import(request, **kwargs)
        except (BadSignature, FileNotFoundError):
            messages.error(request, _("La vista previa ya no está: suba el archivo otra vez."))
            return self._back_to_upload()
        return response

    def process_result(self, result: SheetResult, request: HttpRequest) -> HttpResponse:
        if result.has_errors():  # somebody changed the company's data since the preview
            messages.error(request, _("Ya no se puede importar: revise la vista previa otra vez."))
            return self._back_to_upload()
        response: HttpResponse = super().process_result(result, request)
        return response

    def add_success_message(self, result: SheetResult, request: HttpRequest) -> None:
        preview = result.preview
        messages.success(
            request,
            _("Importación lista: %(new)d nuevas, %(changed)d cambiadas, %(same)d iguales.")
            % {"new": len(preview.new), "changed": len(preview.changed), "same": preview.same},
        )

    def _back_to_upload(self) -> HttpResponse:
        return redirect("admin:{}_{}_import".format(*self.get_model_info()))
