"""Uploads are cut off while they arrive: what no message could carry does not fill the disk."""

from typing import Any, Final

from django.core.files.uploadhandler import FileUploadHandler, StopUpload

from conversations.whatsapp.outbound import MEDIA_BYTES_LIMIT

MOST_BYTES: Final = max(MEDIA_BYTES_LIMIT.values())


class LimitUploadHandler(FileUploadHandler):
    """The request goes on without the file, and says so in `too_big`."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        if start + len(raw_data) > MOST_BYTES:
            request: Any = self.request
            request.too_big = True
            raise StopUpload(connection_reset=False)  # the rest is read and thrown away
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """It keeps nothing itself."""
