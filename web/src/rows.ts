/**
 * Child rows (明細): adding and removing without a round trip. The server renders an empty row into a `template` with
 * `__row__` where the index goes; without a script the same buttons submit the form and the server adds the row.
 */

import { announce } from "./live";
import { text } from "./texts";

/** Starts every list of child rows under `root`. */
export function start(root: ParentNode): void {
  for (const field of root.querySelectorAll<HTMLElement>("[data-rows]")) {
    let next = field.querySelectorAll("[data-row]").length;
    field.addEventListener("click", (event) => {
      const button = event.target instanceof Element ? event.target.closest("button") : null;
      if (button?.name === "_add_row") {
        event.preventDefault();
        add(field, next);
        next += 1;
      } else if (button?.name === "_remove_row") {
        event.preventDefault();
        remove(field, button);
      }
    });
  }
}

/** The row's HTML for an index: every `__row__` of the template replaced. */
export function rowHtml(template: string, index: number): string {
  return template.replaceAll("__row__", String(index));
}

function add(field: HTMLElement, index: number): void {
  const template = field.querySelector("template");
  const list = field.querySelector("[data-row-list]");
  if (!template || !list) return;
  const parsed = new DOMParser().parseFromString(rowHtml(template.innerHTML, index), "text/html");
  const row = parsed.body.firstElementChild;
  if (!row) return;
  list.append(row);
  document.dispatchEvent(new CustomEvent("htmx:afterSettle", { detail: { elt: row } }));
  row.querySelector<HTMLElement>("input:not([type=hidden]), select, textarea")?.focus();
  announce(text("row-added"));
}

function remove(field: HTMLElement, button: Element): void {
  const row = button.closest("[data-row]");
  const form = button.closest("form");
  const neighbour = row?.nextElementSibling ?? row?.previousElementSibling;
  row?.remove();
  form?.dispatchEvent(new Event("input", { bubbles: true }));
  const next = neighbour?.querySelector<HTMLElement>("input:not([type=hidden]), select, textarea");
  (next ?? field.querySelector<HTMLElement>("button[name=_add_row]"))?.focus();
  announce(text("row-removed"));
}
