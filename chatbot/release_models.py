"""What was published, who edited what, and what the rules are tried with.

Rules are held here as JSON (chatbot.snapshots), never by foreign key: they outlive their rows.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class RulebookRelease(models.Model):
    """A published rulebook, whole. The newest number answers; nothing here ever changes."""

    class Origin(models.TextChoices):
        PUBLISHED = "publicada", _("Publicada")
        IMPORTED = "importada", _("Importada")
        RESTORED = "restaurada", _("Restaurada")
        FOUND = "inicial", _("Lo que había")

    number = models.PositiveIntegerField(_("versión"), primary_key=True)
    published_at = models.DateTimeField(_("publicada el"))
    published_by = models.CharField(_("publicada por"), max_length=150, blank=True)
    note = models.CharField(_("nota"), max_length=500, blank=True)
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.PUBLISHED)
    rules = models.BinaryField()  # chatbot.snapshots.pack
    rule_count = models.PositiveIntegerField(_("reglas"))

    class Meta:
        verbose_name = _("versión de las reglas")
        verbose_name_plural = _("versiones de las reglas")
        ordering = ["-number"]

    def __str__(self) -> str:
        return str(self.number)


class RuleEdit(models.Model):
    """One act of one person: a saved form, a bulk action, an import. Undone as a whole."""

    class Kind(models.TextChoices):
        SAVED = "guardar", _("Guardó")
        DELETED = "borrar", _("Borró")
        BULK = "varias", _("Cambió varias")
        IMPORTED = "importar", _("Importó")
        RESTORED = "restaurar", _("Restauró")
        UNDONE = "deshacer", _("Deshizo")

    made_at = models.DateTimeField(_("cuándo"), auto_now_add=True, db_index=True)
    author = models.CharField(_("quién"), max_length=150, blank=True)
    kind = models.CharField(_("qué"), max_length=10, choices=Kind.choices)
    title = models.CharField(_("detalle"), max_length=200, blank=True)
    undone_by = models.ForeignKey("self", models.SET_NULL, null=True, editable=False)

    class Meta:
        verbose_name = _("cambio")
        verbose_name_plural = _("cambios")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.title or self.get_kind_display()


class RuleChange(models.Model):
    """What an edit did to one rule: how it was and how it is, null when there was or is none."""

    edit = models.ForeignKey(RuleEdit, on_delete=models.CASCADE, related_name="changes")
    rule_id = models.BigIntegerField(db_index=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    def __str__(self) -> str:
        return str(self.rule_id)


class Scenario(models.Model):
    """A conversation whose answers must stay as they are. `turns` is a list of
    {"say": text or {"tap": option id, "title": text, "rule": id of the rule that offered it} or
    {"form": True, "rule": id} or {"media": "@imagen"},
    "expect": [text of each reply], "step": where the contact stands then}."""

    name = models.CharField(_("nombre"), max_length=120)
    start_step = models.CharField(_("empieza en"), max_length=120, blank=True)  # empty: new contact
    turns = models.JSONField(default=list)
    made_at = models.DateTimeField(auto_now_add=True)
    made_by = models.CharField(max_length=150, blank=True)

    class Meta:
        verbose_name = _("escenario")
        verbose_name_plural = _("escenarios")
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name


class UnmatchedPhrase(models.Model):
    """What contacts wrote in a step and no rule of it understood, equal when normalised."""

    step = models.CharField(_("paso"), max_length=120)
    phrase = models.CharField(_("frase"), max_length=150)  # normalize_text, cut
    example = models.CharField(_("ejemplo"), max_length=300)
    times = models.PositiveIntegerField(_("veces"), default=1)
    last_at = models.DateTimeField(_("última vez"))
    dismissed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("frase sin respuesta")
        verbose_name_plural = _("frases sin respuesta")
        constraints = [models.UniqueConstraint(fields=["step", "phrase"], name="phrase_of_step")]
        indexes = [models.Index(fields=["dismissed_at", "times"], name="phrase_times")]

    def __str__(self) -> str:
        return self.phrase
