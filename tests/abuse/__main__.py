"""`make abuse`: every attack, each with its table; `ARGS="crawler --requests 500"` does one of them."""

import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
PARTS = {
    "static": ["-m", "tests.abuse.static"],
    "hostile_files": ["-m", "tests.abuse.hostile_files"],
    "matrix": ["-m", "pytest", "-q", "-n", "2", "--no-loadscope-reorder", "tests/access"],
    "tampering": ["-m", "tests.abuse.tampering"],
    "crawler": ["-m", "tests.abuse.crawler"],
    "kills": ["-m", "tests.abuse.kills"],
}


def main(wanted: list[str]) -> int:
    """0 when every part passed."""
    parts = [wanted[0]] if wanted else list(PARTS)
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        print(f"There is no part {unknown[0]!r}: choose one of {', '.join(PARTS)}.", file=sys.stderr)
        return 2
    failed = []
    for part in parts:
        print(f"{part}:", flush=True)
        command = [sys.executable, *PARTS[part], *wanted[1:]]
        if subprocess.run(command, cwd=CHECKOUT).returncode:
            failed.append(part)
    print(
        f"abuse: {len(parts) - len(failed)} passed, {len(failed)} failed{': ' if failed else ''}{', '.join(failed)}"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
