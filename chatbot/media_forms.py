"""The files that go with a rule or a quick reply, in a form: uploaded here, or by address.

What is saved is the list as it stands on the page: rows are made anew, so that what somebody else
did to them meanwhile cannot break the page.
"""

from typing import Any, cast

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.forms import BaseInlineFormSet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chatbot.rule_data import MediaRef
from conversations.uploads import FileRefused, keep_upload
from media_pipeline.models import MediaFile
from whapco.lib.media_cells import is_link

AnyForm = forms.ModelForm[Any]
MEDIA_KINDS = (
    ("", gettext_lazy("Según el archivo")),
    ("image", gettext_lazy("Imagen")),
    ("video", gettext_lazy("Video")),
    ("audio", gettext_lazy("Audio")),
    ("document", gettext_lazy("Documento")),
)


class MediaForm(forms.ModelForm[Any]):
    """One file. `upload` is kept at once, so that it need not be chosen again when the rest of the
    page has to be mended."""

    upload = forms.FileField(label=gettext_lazy("archivo"), required=False)
    file = forms.ModelChoiceField(
        queryset=MediaFile.objects.none(), required=False, widget=forms.HiddenInput
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].queryset = MediaFile.objects.all()  # type: ignore[attr-defined]
        if "kind" in self.fields:
            self.fields["kind"] = _kind_field(self.instance.kind)
        self.fields["position"].required = False
        self.fields["upload"].widget.attrs["accept"] = (
            "image/jpeg,image/png,video/mp4,video/3gpp,audio/*,.pdf,.doc,.docx,.xls,.xlsx,.ppt,"
            ".pptx,.txt,.csv"
        )

    def clean_url(self) -> str:
        url = str(self.cleaned_data["url"]).strip()
        if url and not is_link(url):
            raise forms.ValidationError(
                _("No es una dirección http(s). Cópiala completa, o sube el archivo.")
            )
        return url

    def clean_position(self) -> int:
        return self.cleaned_data["position"] or 0

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        upload = cleaned.get("upload")
        if isinstance(upload, UploadedFile) and not self.errors:
            self._keep(upload, cleaned)
        return cleaned

    def media_ref(self) -> MediaRef | None:
        """What is to be sent; None: nothing stands here, or it goes away."""
        cleaned = getattr(self, "cleaned_data", {})
        file = cleaned.get("file")
        if cleaned.get("DELETE") or not (file or cleaned.get("url")):
            return None
        kind = cleaned.get("kind", "")
        return MediaRef(kind, "", file.pk) if file else MediaRef(kind, cleaned["url"])

    @property
    def shown_file(self) -> MediaFile | None:
        """The file that stands here now, for the page to show."""
        pk = str(self["file"].value() or "")
        return MediaFile.objects.filter(pk=pk).first() if pk.isdecimal() else None

    def _keep(self, upload: "UploadedFile[Any]", cleaned: dict[str, Any]) -> None:
        try:
            file, kind = keep_upload(upload, cleaned.get("kind", ""))
        except FileRefused as error:
            self.add_error("upload", str(error))
            return
        cleaned |= {"file": file, "url": "", "kind": kind, "upload": None}
        data: Any = self.data
        self.data = data = data.copy()
        data[self.add_prefix("file")] = str(file.pk)
        data[self.add_prefix("url")] = ""


class MediaFormSet(BaseInlineFormSet[Any, Any, AnyForm]):
    """Its `save` replaces the files that are stored by those on the page, in their order."""

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(_all_new(data, kwargs.get("prefix", "")), *args, **kwargs)

    def medias(self) -> tuple[MediaRef, ...]:
        """As they would be saved."""
        found = [
            (form.cleaned_data.get("position") or 0, place, cast("MediaForm", form).media_ref())
            for place, form in enumerate(self.forms)
            if form.is_valid()
        ]
        ordered = sorted(found, key=lambda item: item[:2])
        return tuple(media for _position, _place, media in ordered if media)

    def save(self, commit: bool = True) -> list[Any]:
        self.new_objects: list[Any] = []
        self.changed_objects: list[Any] = []
        self.deleted_objects: list[Any] = []
        model: Any = self.model
        names = {field.attname for field in model._meta.concrete_fields}
        owner = {self.fk.attname: self.instance.pk}
        model._default_manager.filter(**owner).delete()
        for position, media in enumerate(self.medias()):
            values = {name: value for name, value in vars(media).items() if name in names}
            model._default_manager.create(**owner, position=position, **values)
        return []


def _all_new(data: Any, prefix: str) -> Any:
    """What was posted, without the ids of the rows that the page was loaded with."""
    if data is None:
        return None
    data = data.copy()
    data[f"{prefix}-INITIAL_FORMS"] = "0"
    for name in [name for name in data if name.startswith(f"{prefix}-") and name.endswith("-id")]:
        data[name] = ""
    return data


def _kind_field(stored: str) -> forms.ChoiceField:
    """Excel lets people write a MIME type or a word of their own: it stays as it is."""
    known = dict(MEDIA_KINDS)
    own = [] if not stored or stored in known else [(stored, stored)]
    return forms.ChoiceField(
        label=_("tipo"), choices=[*MEDIA_KINDS, *own], required=False, initial=stored
    )
