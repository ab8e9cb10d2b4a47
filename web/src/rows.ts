/**
 * Child rows (明細): adding and removing without a round trip. The server renders an empty row into a `template` with
 * `__row__` where the index goes; without a script the same buttons submit the form and the server adds the row.
 */

import { announce } from "./live";
import { text } from "./texts";

/** Starts every list of child rows under `root`. */
export function start(root: ParentNode): void {
  for (const field of root.querySelectorAll<HTMLElement>("[data-rows]")) {
    field.dataset["nextRow"] ??= String(field.querySelectorAll("[data-row]").length);
    field.addEventListener("click", (event) => {
      const button = event.target instanceof Element ? event.target.closest("button") : null;
      if (button?.name === "_add_row") {
        event.preventDefault();
        const row = add(field);
        row?.querySelector<HTMLElement>("input:not([type=hidden]), select, textarea")?.focus();
        announce(text("row-added"));
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

/** The indices of the rows of a field that some entries name: `items.3.amount` names the row 3 of `items`. */
export function rowsNamed(field: string, names: Iterable<string>): Set<number> {
  const indices = new Set<number>();
  for (const name of names) {
    const index = name.startsWith(`${field}.`) ? /^\d+(?=\.)/.exec(name.slice(field.length + 1))?.[0] : undefined;
    if (index !== undefined) indices.add(Number(index));
  }
  return indices;
}

/** Gives a form the rows that some entries name, no more and no less, so that the entries find their places. */
export function fit(form: HTMLFormElement, names: readonly string[]): void {
  for (const field of form.querySelectorAll<HTMLElement>("[data-rows]")) {
    const key = field.dataset["rows"] ?? "";
    const wanted = rowsNamed(key, names);
    for (const index of rowsNamed(key, namesIn(field))) if (!wanted.has(index)) rowAt(field, key, index)?.remove();
    for (const index of [...wanted].sort((one, other) => one - other)) {
      while (Number(field.dataset["nextRow"]) <= index) {
        const at = Number(field.dataset["nextRow"]);
        const row = add(field);
        if (!row) break;
        if (!wanted.has(at)) row.remove();
      }
    }
  }
}

function namesIn(field: HTMLElement): string[] {
  return [...field.querySelectorAll<HTMLInputElement>("[data-row] [name]")].map(({ name }) => name);
}

function rowAt(field: HTMLElement, key: string, index: number): Element | null {
  return field.querySelector(`[data-row] [name^="${CSS.escape(`${key}.${index}.`)}"]`)?.closest("[data-row]") ?? null;
}

function add(field: HTMLElement): Element | null {
  const index = Number(field.dataset["nextRow"]);
  const template = field.querySelector("template");
  const list = field.querySelector("[data-row-list]");
  if (!template || !list) return null;
  const parsed = new DOMParser().parseFromString(rowHtml(template.innerHTML, index), "text/html");
  const row = parsed.body.firstElementChild;
  if (!row) return null;
  list.append(row);
  field.dataset["nextRow"] = String(index + 1);
  document.dispatchEvent(new CustomEvent("htmx:afterSettle", { detail: { elt: row } }));
  return row;
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
