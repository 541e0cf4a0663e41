"""Forms are read from a page as a browser would send them."""

from whapco.isolation.forms import Form, forms_of

PAGE = """
<form method="post" action="../guardar?x=1">
  <input type="hidden" name="key" value="k1"><input name="nombre" value="Ana">
  <input type="checkbox" name="si" value="1" checked><input type="checkbox" name="no" value="1">
  <input type="file" name="archivo"><input type="submit" name="_save" value="Guardar">
  <textarea name="texto">hola &amp; adiós</textarea>
  <select name="rol"><option value="a">A</option><option value="b" selected>B</option></select>
  <select name="tipo"><option value="c">C</option><option value="d">D</option></select>
  <button formaction="/borrar">Borrar</button>
</form>
<button hx-post="/leido">Leído</button>
"""
FIELDS = {
    "key": ["k1"],
    "nombre": ["Ana"],
    "si": ["1"],
    "texto": ["hola & adiós"],
    "rol": ["b"],
    "tipo": ["c"],
}


def test_forms_are_read_as_a_browser_sends_them() -> None:
    assert forms_of("/chats/7/", PAGE) == [
        Form("/chats/guardar", FIELDS),
        Form("/borrar", FIELDS),
        Form("/leido", {}),
    ]


def test_a_form_without_address_is_its_pages() -> None:
    assert forms_of("/login", "<form method=post><input name=a value=1></form>") == [
        Form("/login", {"a": ["1"]})
    ]
