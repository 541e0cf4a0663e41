# Two commands: `make run` and `make test`. What they do is in scripts/.
.PHONY: help run setup test check lint format bench chaos messages

help:
	@echo "make run       the demo on http://127.0.0.1:8000 (PORT=8001 make run)"
	@echo "make setup     only install: virtual environment, requirements, secrets"
	@echo "make test      gates and the whole suite, on SQLite and on MariaDB"
	@echo "make check     gates and the suite on SQLite"
	@echo "make lint      only the gates"
	@echo "make format    format Python and templates"
	@echo "make bench     the benchmarks of bench/"
	@echo "make chaos     minutes of kills, locks, errors and damaged webhooks, and an auditor"
	@echo "make messages  collect the texts and compile the English catalogue"

run:
	@scripts/run.sh

setup:
	@scripts/setup.sh

test:
	@scripts/test.sh $(ARGS)

check:
	@scripts/test.sh --sqlite $(ARGS)

lint:
	@scripts/setup.sh --dev
	@scripts/lint.sh

format:
	@.venv/bin/ruff format --quiet .
	@.venv/bin/ruff check --quiet --fix .
	@git ls-files -z -- '*.html' | xargs -0 .venv/bin/djade --target-version 5.2

bench:
	@scripts/bench.sh $(ARGS)

chaos:
	@scripts/chaos.sh $(ARGS)

messages:
	@scripts/messages.sh
