"""Accessibility by axe-core, in the page as it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from browser.chromium import packages

if TYPE_CHECKING:
    from playwright.sync_api import Page

_RUN = """async () => {
  const found = await axe.run(document, { resultTypes: ["violations"] });
  return found.violations.flatMap((rule) =>
    rule.nodes.map((node) => `${rule.id} at ${node.target.join(" ")}: ${node.failureSummary}`));
}"""


def axe_violations(page: Page) -> list[str]:
    """Give all violations that axe finds: the rule, the place, and what would mend it."""
    # Evaluated, not loaded: the policy of the page would forbid another script.
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate((packages() / "axe-core" / "axe.min.js").read_text("utf-8"))
    found: list[str] = page.evaluate(_RUN)
    return found
