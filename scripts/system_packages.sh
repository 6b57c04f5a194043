#!/usr/bin/env bash
# Installs the Debian packages that this machine lacks; does nothing where nothing is missing.
# Usage: system_packages.sh build|test ...
# build: what `make build` and `make demo` need. test: what `make test` needs besides.
set -euo pipefail

RUST_MINOR_MIN=88 # as in Cargo.toml
packages=()
reasons=()

want() { # reason, package...
    reasons+=("$1")
    shift
    packages+=("$@")
}

rust_minor() {
    rustc --version 2>/dev/null | sed -nE 's/^rustc 1\.([0-9]+)\..*/\1/p'
}

has_rust() {
    local minor
    minor=$(rust_minor || true)
    command -v cargo >/dev/null && [ -n "$minor" ] && [ "$minor" -ge "$RUST_MINOR_MIN" ]
}

for purpose in "$@"; do
    case "$purpose" in
    build)
        python3 -c 'import venv, ensurepip' 2>/dev/null ||
            want "python3 with venv" python3 python3-venv
        command -v cc >/dev/null || want "a C compiler, for linking" gcc libc6-dev
        # Debian's package `cargo` is too old for edition 2024; `cargo-web`, which Debian keeps
        # recent for its browsers, is not. It has no clippy.
        has_rust || want "Rust 1.$RUST_MINOR_MIN or later" cargo-web rustc-web ca-certificates
        ;;
    test)
        command -v git >/dev/null || want "git, which lists the files to check" git
        cargo fmt --version >/dev/null 2>&1 || want "rustfmt" rustfmt-web
        command -v go >/dev/null || want "Go, for the linearizability checker" \
            golang-go ca-certificates
        command -v node >/dev/null || want "Node 18 or later, for receipts in JavaScript" nodejs
        command -v coqc >/dev/null || want "Coq, for the proofs" coq
        command -v ocamlopt >/dev/null || want "OCaml, for what is extracted from the proofs" ocaml
        [ -f "$(ocamlfind query zarith 2>/dev/null)/zarith.cmxa" ] ||
            want "zarith, for exact numbers in what is extracted" libzarith-ocaml-dev ocaml-findlib
        ;;
    *)
        echo "unknown purpose \`$purpose\`: use build or test" >&2
        exit 2
        ;;
    esac
done

if [ ${#packages[@]} -gt 0 ]; then
    printf 'missing: %s\n' "${reasons[@]}"
    if [ "$(id -u)" -ne 0 ]; then
        echo "this user cannot install packages; as root: apt-get install ${packages[*]}" >&2
        exit 1
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
fi

# Debian's own `cargo-web` may be older than that of its security updates.
if [[ " $* " == *" build "* ]] && ! has_rust; then
    echo "the Rust found is older than 1.$RUST_MINOR_MIN: let apt use Debian's security updates," \
        "or install Rust by rustup" >&2
    exit 1
fi

python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "python3 is older than 3.11: name a newer one, \`make PYTHON=python3.12 ...\`" >&2
    exit 1
}
