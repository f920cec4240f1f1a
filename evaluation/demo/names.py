"""Invented names: parts that are common in Vietnam, joined by chance."""

from pathlib import Path
from random import Random

import yaml

from evaluation.rules.organisation import Gender

PARTS = yaml.safe_load(Path(__file__).with_name("names.yaml").read_text(encoding="utf-8"))
FAMILY = PARTS["family"].split()
MIDDLE = {Gender(gender): words.split() for gender, words in PARTS["middle"].items()}
GIVEN = {Gender(gender): words.split() for gender, words in PARTS["given"].items()}


def invented(chance: Random) -> tuple[str, Gender]:
    """A full name and its gender."""
    gender = Gender.FEMALE if chance.random() < 0.46 else Gender.MALE
    parts = [chance.choice(FAMILY), chance.choice(MIDDLE[gender]), chance.choice(GIVEN[gender])]
    return " ".join(parts), gender
