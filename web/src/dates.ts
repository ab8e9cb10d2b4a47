/** Date fields: says the Japanese date beside what was typed, and offers the browser's calendar next to the text. */

import { isoDate, parseDate, sayDate } from "./wareki";

/** Starts every date field under `root`. */
export function start(root: ParentNode): void {
  for (const field of root.querySelectorAll<HTMLElement>("[data-date]")) {
    const input = field.querySelector<HTMLInputElement>("input[type=text]");
    const calendar = field.querySelector<HTMLInputElement>("input[type=date]");
    const said = field.querySelector("output");
    if (!input || !calendar || !said) continue;
    const show = (): void => {
      const date = parseDate(input.value);
      said.textContent = date ? sayDate(date) : "";
      calendar.value = date ? isoDate(date) : "";
    };
    input.addEventListener("input", show);
    calendar.addEventListener("change", () => {
      if (calendar.value === "") return;
      input.value = calendar.value;
      input.dispatchEvent(new Event("input", { bubbles: true }));
    });
    show();
  }
}
