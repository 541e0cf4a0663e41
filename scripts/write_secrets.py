"""Write SECRET_KEY and FIELD_KEYS to data/secrets.env once, readable by their owner only.

Standard library alone. Where a SECRET_KEY is already in force (environment or `.env`) nothing is
written: FIELD_KEYS may be derived from it, and new ones would make stored tokens unreadable.
"""

import base64
import os
import re
import secrets
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADER = """\
# Written once by `make setup`. Losing FIELD_KEYS loses every stored access token and database
# password: keep a copy away from this machine.
"""


def main() -> None:
    path = ROOT / "data" / "secrets.env"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    env_file = Path(os.environ.get("WHAPCO_ENV_FILE") or ROOT / ".env")
    if path.exists() or os.environ.get("SECRET_KEY") or names_secret_key(env_file):
        return
    field_key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    text = f"{HEADER}SECRET_KEY={secrets.token_urlsafe(50)}\nFIELD_KEYS={field_key}\n"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def names_secret_key(env_file: Path) -> bool:
    if not env_file.is_file():
        return False
    return bool(re.search(r"(?m)^\s*(export\s+)?SECRET_KEY\s*=\s*\S", env_file.read_text()))


if __name__ == "__main__":
    main()
