"""What every page owes its reader, asked of an open page: axe, width, language, console."""

import re
from pathlib import Path
from typing import Any

AXE = (Path(__file__).parent / "vendor/axe-core-4.14.1/axe.min.js").read_text(encoding="utf-8")
PHONE = {"width": 360, "height": 780}
DESK = {"width": 1280, "height": 900}
# Words that no Vietnamese syllable without accents is mistaken for.
ENGLISH = (
    "the|and|of|is|are|was|were|for|with|from|this|that|not|your|you|which|who|what|sheets?|months?|scores?|scored|units?"
    "|save|saved|open|opened|back|persons?|people|click|error|pages?|lists?|title|names?|dates?|day|days|year|years|none"
    "|null|undefined|true|false|search|find|files?|delete|remove|edit|submit|submitted|draft|waiting|done|failed|running"
    "|finished|level|points?|quantity|quality|reason|criteria|criterion|official|officials|agency|division|department"
    "|assigned|added|chosen|state|kind|code|until|before|after|only|today|english|show|shown|accept|confirm|publish"
)
ENGLISH_WORD = re.compile(rf"\b({ENGLISH})\b", re.IGNORECASE)
UNFILLED = re.compile(r"%\(\w+\)|\{\w+\}|&(amp|lt|gt|quot|#\d+);")
VISIBLE_TEXTS = """() => {
  const found = [document.title];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (parent.closest("script, style, noscript, #texts, [lang=en], .code, .paper") || !walker.currentNode.data.trim()) continue;
    found.push(walker.currentNode.data.trim());
  }
  for (const one of document.querySelectorAll("[aria-label], [title], [placeholder], [alt]")) {
    for (const name of ["aria-label", "title", "placeholder", "alt"]) found.push(one.getAttribute(name) || "");
  }
  return found;
}"""
RUN_AXE = """async () => {
  const found = await axe.run(document, {resultTypes: ["violations"], rules: {region: {enabled: true}}});
  return found.violations.map(one => [one.impact, one.id, one.help, one.nodes.slice(0, 3).map(node => node.html.slice(0, 160))]);
}"""
WIDER_THAN_ITS_SCREEN = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll("header *, main *")].reverse().filter(one => one.getBoundingClientRect().right > width + 1)
    .slice(0, 3).map(one => one.outerHTML.slice(0, 160)).concat(`${document.documentElement.scrollWidth} px`);
}"""


class Watch:
    """Listens to a page: what the console said and what the server refused."""

    def __init__(self, page: Any) -> None:
        self.faults: list[str] = []
        page.on("pageerror", lambda fault: self.faults.append(f"script: {fault}"))
        page.on("console", self._said)
        page.on("response", self._answered)

    def _said(self, message: Any) -> None:
        if message.type == "error":
            self.faults.append(f"console: {message.text}")

    def _answered(self, response: Any) -> None:
        if response.status >= 400:
            self.faults.append(f"{response.status}: {response.url}")

    def taken(self) -> list[str]:
        faults, self.faults = self.faults, []
        return faults


def faults_of(page: Any, watch: Watch, *, on_phone: bool = True) -> list[str]:
    """Everything wrong with the page that is open, at a desk and on a phone; its width is a desk's again afterwards."""
    faults = [*_language(page), *(f"desk: {fault}" for fault in _accessibility(page))]
    page.set_viewport_size(PHONE)
    wide = page.evaluate(WIDER_THAN_ITS_SCREEN)
    if wide:
        faults.append(f"phone: scrolls sideways: {wide}")
    if on_phone:
        faults += [f"phone: {fault}" for fault in _accessibility(page)]
    page.set_viewport_size(DESK)
    return faults + watch.taken()


def _accessibility(page: Any) -> list[str]:
    if not page.evaluate("typeof axe !== 'undefined'"):
        page.evaluate(AXE)
    return [
        f"{impact} {rule}: {says} {nodes}"
        for impact, rule, says, nodes in page.evaluate(RUN_AXE)
        if impact in ("serious", "critical")
    ]


def _language(page: Any) -> list[str]:
    texts = page.evaluate(VISIBLE_TEXTS)
    english = [text for text in texts if ENGLISH_WORD.search(text)]
    unfilled = [text for text in texts if UNFILLED.search(text)]
    return [f"English: {english[:5]}"] * bool(english) + [f"unfilled: {unfilled[:5]}"] * bool(unfilled)
