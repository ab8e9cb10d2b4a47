/**
 * htmx, set so that a strict content security policy holds (no eval, no injected styles or scripts) and nothing personal
 * stays in the browser's storage (no history cache).
 */

import htmx from "htmx.org";
import { announce } from "./live";
import { text } from "./texts";

/** Configures htmx and lets every fragment that it brings in start its modules. */
export function start(root: Document, startFragment: (root: ParentNode) => void): void {
  Object.assign(htmx.config, {
    allowEval: false,
    allowScriptTags: false,
    includeIndicatorStyles: false,
    selfRequestsOnly: true,
    historyCacheSize: 0,
    refreshOnHistoryMiss: true,
    defaultSwapStyle: "outerHTML",
    // What was just brought in answers at once: whoever is quick would otherwise choose something and see nothing happen.
    defaultSettleDelay: 0,
    scrollIntoViewOnBoost: false,
    responseHandling: [
      { code: "204", swap: false },
      { code: "[23]..", swap: true },
      { code: "422", swap: true },
      { code: "[45]..", swap: false, error: true },
    ],
  });
  root.addEventListener("htmx:afterSettle", (event) => {
    const { elt } = (event as CustomEvent<{ elt: Element }>).detail;
    startFragment(elt);
  });
  for (const failure of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    root.addEventListener(failure, () => announce(text("request-failed")));
  }
}
