"""Admin pages to upload, preview, confirm and download a sheet; used by rules and quick replies."""

import secrets
import time
from pathlib import Path
from typing import Any, ClassVar

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from import_export.admin import ImportExportMixin
from import_export.tmp_storages import BaseStorage

from tenants.context import current_tenant
from whapco.lib.sheet_resources import CannotUndo, SheetFormat, SheetResource, SheetResult
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
        for file in self.folder.iterdir():
            if file.stat().st_mtime < oldest:
                file.unlink(missing_ok=True)


class SheetAdmin(ImportExportMixin, admin.ModelAdmin[Any]):  # type: ignore[misc]
    """Set `resource_classes` and `sheet_format`."""

    sheet_format: ClassVar[type[SheetFormat]]
    resource_classes: ClassVar[tuple[type[SheetResource], ...]]
    tmp_storage_class = PreviewStorage
    import_template_name = "admin/sheet_import.html"
    skip_export_form = True  # one format, all columns: its page would have nothing to ask
    skip_admin_log = True  # one line per row would bury the log

    def get_urls(self) -> list[URLPattern]:
        name = "{}_{}_template".format(*self.get_model_info())
        guard = self.admin_site.admin_view
        urls = [path("plantilla/", guard(self.send_template), name=name)]
        if self.resource_classes[0].can_undo is not None:
            name = "{}_{}_undo_import".format(*self.get_model_info())
            view = require_POST(guard(self.undo_import))
            urls.append(path("importar/deshacer/", view, name=name))
        return [*urls, *super().get_urls()]

    def undo_import(self, request: HttpRequest) -> HttpResponse:
        """What the last import changed goes back to how it was."""
        if not self.has_import_permission(request):
            raise PermissionDenied
        try:
            messages.success(request, self.resource_classes[0].undo())
        except CannotUndo as error:
            messages.error(request, str(error))
        return redirect("admin:{}_{}_changelist".format(*self.get_model_info()))

    def send_template(self, request: HttpRequest) -> HttpResponse:
        """An Excel with the titles, to fill in."""
        if not self.has_import_permission(request):
            raise PermissionDenied
        kind = self.sheet_format()
        response = HttpResponse(
            self.resource_classes[0].template(), content_type=kind.get_content_type()
        )
        response["Content-Disposition"] = f'attachment; filename="plantilla-{kind.sheet}.xlsx"'
        return response

    def get_import_formats(self) -> list[type[SheetFormat]]:
        return [self.sheet_format]

    def get_export_formats(self) -> list[type[SheetFormat]]:
        return [self.sheet_format]

    def has_import_permission(self, request: HttpRequest) -> bool:
        return self.has_add_permission(request) and self.has_change_permission(request)

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_import_context_data(self, **kwargs: Any) -> dict[str, Any]:
        template = reverse("admin:{}_{}_template".format(*self.get_model_info()))
        can_undo = self.resource_classes[0].can_undo
        return {
            **super().get_import_context_data(**kwargs),
            "template_url": template,
            "can_undo": can_undo is not None and can_undo(),
        }

    def add_data_read_fail_error_to_form(self, form: Any, error: Exception) -> None:
        if not isinstance(error, SheetError):
            raise error
        form.add_error("import_file", str(error))

    def process_import(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        try:
            response: HttpResponse = super().process_import(request, **kwargs)
        except (BadSignature, FileNotFoundError):
            messages.error(request, _("La vista previa ya no está: sube el archivo otra vez."))
            return self._back_to_upload()
        return response

    def process_result(self, result: SheetResult, request: HttpRequest) -> HttpResponse:
        if result.has_errors():  # somebody changed the company's data since the preview
            messages.error(request, _("Ya no se puede importar: revisa la vista previa otra vez."))
            return self._back_to_upload()
        response: HttpResponse = super().process_result(result, request)
        return response

    def add_success_message(self, result: SheetResult, request: HttpRequest) -> None:
        ways = self.resource_classes[0].ways_on(result.preview, request)
        messages.success(request, format_html("{} {}", done_words(result), ways))

    def _back_to_upload(self) -> HttpResponse:
        return redirect("admin:{}_{}_import".format(*self.get_model_info()))


def done_words(result: SheetResult) -> str:
    preview = result.preview
    return _("Importación lista: %(new)d nuevas, %(changed)d cambiadas, %(same)d iguales.") % {
        "new": len(preview.new),
        "changed": len(preview.changed),
        "same": preview.same,
    }
