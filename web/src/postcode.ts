/**
 * An address from its postcode: `input[data-postcode]` holds where to ask (`?code=`). What is already typed as the address stays; where a
 * code is shared by several towns, what they have in common is filled in.
 */

import { announce } from "./live";
import { text } from "./texts";

/** Starts every postcode under `root`. */
export function start(root: ParentNode): void {
  for (const code of root.querySelectorAll<HTMLInputElement>("input[data-postcode]")) {
    const address = code.closest(".parts")?.querySelector<HTMLInputElement>("input:not([data-postcode])");
    if (!address || code.dataset["started"]) continue;
    code.dataset["started"] = "true";
    watch(code, address);
  }
}

function watch(code: HTMLInputElement, address: HTMLInputElement): void {
  let filled = "";
  let asked = "";
  code.addEventListener("input", () => {
    const digits = code.value.normalize("NFKC").replaceAll(/[^0-9]/g, "");
    if (digits.length !== 7 || digits === asked) return;
    asked = digits;
    const typed = address.value.trim();
    if (typed !== "" && typed !== filled) return;
    void towns(code.dataset["postcode"] ?? "", digits).then((found) => {
      const start = common(found);
      // Somebody has gone on typing meanwhile.
      if (start === "" || asked !== digits || address.value.trim() !== typed) return;
      filled = start;
      address.value = start;
      address.dispatchEvent(new Event("input", { bubbles: true }));
      announce(text("postcode-filled", { town: start }));
    });
  });
}

async function towns(address: string, code: string): Promise<string[]> {
  try {
    const url = new URL(address, location.href);
    url.searchParams.set("code", code);
    const answer = await fetch(url, { headers: { accept: "application/json" } });
    const body: unknown = answer.ok ? await answer.json() : null;
    const found = body && typeof body === "object" && "towns" in body ? body.towns : null;
    return Array.isArray(found) ? found.filter((town) => typeof town === "string") : [];
  } catch {
    return [];
  }
}

/** What several towns begin with alike. */
export function common(all: readonly string[]): string {
  const [first = "", ...others] = all;
  const letters = [...first];
  for (const other of others) {
    const there = [...other];
    const differs = letters.findIndex((letter, n) => letter !== there[n]);
    if (differs >= 0) letters.length = differs;
  }
  return letters.join("");
}
