#!/bin/sh
# Resolves the dependencies into hashed requirements that name no index host.
set -eu
cd "$(dirname "$0")/.."
test -x .venv/bin/uv || .venv/bin/python -m pip install --quiet uv
compile() {
    .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --custom-compile-command "make lock" --all-extras "$@" pyproject.toml
}
compile --group build -o requirements/run.txt
compile --group build --group dev -c requirements/run.txt -o requirements/dev.txt
