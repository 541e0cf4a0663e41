"""`--stranded`: where open chats go whose step is no longer in any rule."""

from argparse import ArgumentParser

from chatbot.move_choices import WAYS


def add_stranded(parser: ArgumentParser, *, default: str, otherwise: str) -> None:
    """`otherwise` says what happens without it."""
    parser.add_argument(
        "--stranded",
        choices=WAYS,
        default=default,
        help="chats in steps that go: to the nearest step, the start or a person;"
        f" default: {otherwise}",
    )
