"""The files that rules and quick replies send, for those who edit them to see."""

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_GET

from media_pipeline.models import MediaFile
from media_pipeline.services import open_file

_SHOWN = ("image/jpeg", "image/png", "image/webp", "audio/", "video/mp4", "video/3gpp")


@method_decorator(require_GET)
def show_file(admin: object, request: HttpRequest, file_id: int) -> HttpResponse:
    """An image, a sound or a video is shown, anything else downloaded: no file runs in the page."""
    file = get_object_or_404(MediaFile, pk=file_id)
    try:
        content = open_file(file)
    except FileNotFoundError:
        raise Http404 from None
    is_shown = file.mime_type.startswith(_SHOWN)
    response = FileResponse(
        content,
        as_attachment=not is_shown,
        filename=file.original_name or file.path.rpartition("/")[2],
        content_type=file.mime_type,
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, max-age=3600"
    return response  # type: ignore[return-value]  # every middleware takes it
