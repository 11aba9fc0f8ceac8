"""Prints what the frequency attack recovers, as `docs/search-security.md` shows it."""

from __future__ import annotations

import sys

from tests.attacks.frequency.attacker import TOP
from tests.attacks.frequency.corpora import invented, technical, written
from tests.attacks.frequency.lists import SETTINGS as LISTS
from tests.attacks.frequency.lists import Lists
from tests.attacks.frequency.settings import SETTINGS, Scene

KNOWN = (0, 5, 15)


def main() -> None:
    """A table a corpus, and one of short lists."""
    say = sys.stdout.write
    _say_lists(Lists.similar(4_000))
    for name, texts in (("invented", invented(4_000)), ("written", written()), ("technical", technical())):
        similar, known = Scene.similar(texts), Scene.known(texts)
        say(f"\n{name}: {len(texts):,} texts; of the {TOP} commonest words recovered at 0 / 5 / 15 known words\n\n")
        say("| setting | similar texts read | the very texts read |\n|---|---|---|\n")
        for setting, attack in SETTINGS.items():
            cells = [_cell(scene, attack) for scene in (similar, known)]
            say(f"| {setting} | {' | '.join(cells)} |\n")
            sys.stdout.flush()
        linked, of = known.linked_variants()
        say(f"\nlinked to their base: {linked} of the {of} commonest words with diacritics; ")
        say(f"postings of flat x {known.postings_factor():.2f}; dummies told {known.dummies_told():.2f}\n")
        by_rank = (known.recovered_by_rank(attack) for attack in (known.without_frequencies(), known.flat()))
        say(f"by rank alone, the very texts read: ranked {next(by_rank)}, flat {next(by_rank)}\n")


def _say_lists(lists) -> None:
    """What is recovered of values of which each record has one of a few."""
    say = sys.stdout.write
    count, of = len(lists.indexed), len(lists.wanted)
    say(f"\nshort lists: {count:,} records; of {of} values recovered at 0 / 5 / 15 known\n\n")
    say("| setting | similar records read |\n|---|---|\n")
    for setting, attack in LISTS.items():
        say(f"| {setting} | {_cell(lists, attack)} |\n")
        sys.stdout.flush()


def _cell(scene, attack) -> str:
    attacker = attack(scene)
    return " / ".join(str(scene.recovered(attacker, count)) for count in KNOWN)


if __name__ == "__main__":
    main()
