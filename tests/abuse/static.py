"""`python -m tests.abuse.static`: bandit over the application, pip-audit over what is installed with it.

Every finding of bandit from medium on is mended or carries `# nosec Bxxx` with the reason in words. pip-audit asks an advisory
service; where none can be reached that is said, and never called clean.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

from tests.abuse import sql_texts
from tests.abuse.judged import Verdict
from tests.abuse.kills import table

CHECKOUT = Path(__file__).resolve().parents[2]
SERVICES = ("pypi", "osv")
NOSEC = re.compile(r"#\s*nosec\b(?P<ids>[ ,B0-9]*)(?P<reason>.*)")


def bandit() -> Verdict:
    """Findings of medium or higher severity in `evaluation`, and exceptions without a reason."""
    command = [
        sys.executable,
        "-m",
        "bandit",
        "-q",
        "-r",
        "evaluation",
        "config.py",
        "wsgi.py",
        "-c",
        "pyproject.toml",
    ]
    done = subprocess.run(
        [*command, "--severity-level", "medium", "-f", "json"], cwd=CHECKOUT, capture_output=True, text=True
    )
    found = json.loads(done.stdout)
    faults = [
        f"{one['filename']}:{one['line_number']} {one['test_id']} {one['issue_text'][:120]}"
        for one in found["results"]
    ]
    faults += [f"bandit could not read {one['filename']}: {one['reason']}" for one in found["errors"]]
    faults += silenced_without_a_reason() + sql_texts.unexplained()
    return Verdict("findings of bandit, medium and above", found["metrics"]["_totals"]["loc"], faults)


def silenced_without_a_reason() -> list[str]:
    """Places that silence bandit without naming the finding and the reason."""
    found = []
    for path in sorted((CHECKOUT / "evaluation").rglob("*.py")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            mark = NOSEC.search(line)
            if mark and (not mark["ids"].strip(" ,") or len(mark["reason"].split()) < 3):
                found.append(f"{path.relative_to(CHECKOUT)}:{number} silences bandit without a reason")
    return found


def pip_audit() -> tuple[Verdict | None, str]:
    """Known vulnerabilities of the pinned packages, or None with the reason why nobody could be asked."""
    reasons = []
    for service in SERVICES:
        command = [sys.executable, "-m", "pip_audit", "-r", "requirements.txt", "--no-deps", "--disable-pip"]
        done = subprocess.run(
            [*command, "-s", service, "-f", "json", "--progress-spinner", "off", "--timeout", "10"],
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            timeout=300,
        )
        try:
            packages = json.loads(done.stdout)["dependencies"]
        except (ValueError, KeyError):
            reasons.append(f"{service}: {_last_line(done.stderr)}")
            continue
        if packages and all("skip_reason" in one for one in packages):
            reasons.append(
                f"{service}: {packages[0]['skip_reason'][:150]}, and so for all {len(packages)} packages"
            )
            continue
        skipped = [
            f"{one['name']} was not looked at: {one['skip_reason']}"
            for one in packages
            if "skip_reason" in one
        ]
        found = [
            f"{one['name']} {one['version']}: {hole['id']}, mended in {', '.join(hole['fix_versions']) or 'no version'}"
            for one in packages
            for hole in one.get("vulns", [])
        ]
        return Verdict(f"known holes in packages ({service})", len(packages), found + skipped), ""
    return None, "; ".join(reasons)


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:200] if lines else "no answer"


def main() -> int:
    """0 when nothing was found; an advisory service that nobody can reach is said and fails nothing."""
    verdicts = [bandit()]
    audit, reason = pip_audit()
    if audit is None:
        print(f"  pip-audit: NOT REACHABLE, so nothing is known about the packages ({reason})", flush=True)
    else:
        verdicts.append(audit)
    return table("static", verdicts)


if __name__ == "__main__":
    sys.exit(main())
