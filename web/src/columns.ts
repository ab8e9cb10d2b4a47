/** Hiding columns of a table on this machine: `table[data-columns="KEY"]` with `th[data-column]`, and a menu for it. */

import { text } from "./texts";

const PREFIX = "kawasemi-columns:";

/** Starts every such table under `root`. */
export function start(root: ParentNode): void {
  for (const table of root.querySelectorAll<HTMLTableElement>("table[data-columns]")) offer(table);
}

function offer(table: HTMLTableElement): void {
  const key = PREFIX + (table.dataset["columns"] ?? "");
  const holder = document.querySelector(`[data-column-menu="${CSS.escape(table.dataset["columns"] ?? "")}"]`);
  const heads = [...table.querySelectorAll<HTMLTableCellElement>("thead th[data-column]")];
  if (!holder || heads.length < 2) return;
  const hidden = new Set(read(key));
  const apply = (): void => {
    for (const head of heads) {
      const off = hidden.has(head.dataset["column"] ?? "");
      for (const row of table.rows) {
        const cell = row.cells[head.cellIndex];
        if (cell) cell.hidden = off;
      }
    }
  };
  const menu = document.createElement("details");
  menu.className = "menu";
  const summary = document.createElement("summary");
  summary.className = "button button-quiet";
  summary.textContent = text("columns");
  const panel = document.createElement("div");
  panel.className = "menu-panel";
  for (const head of heads) {
    const name = head.dataset["column"] ?? "";
    const label = document.createElement("label");
    label.className = "option";
    const box = document.createElement("input");
    box.type = "checkbox";
    box.checked = !hidden.has(name);
    box.addEventListener("change", () => {
      if (box.checked) hidden.delete(name);
      else hidden.add(name);
      write(key, [...hidden]);
      apply();
    });
    label.append(box, head.dataset["label"] ?? head.textContent?.trim() ?? name);
    panel.append(label);
  }
  menu.append(summary, panel);
  holder.replaceChildren(menu);
  apply();
}

function read(key: string): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key) ?? "[]");
    return Array.isArray(kept) ? kept.filter((name) => typeof name === "string") : [];
  } catch {
    return [];
  }
}

function write(key: string, hidden: string[]): void {
  try {
    localStorage.setItem(key, JSON.stringify(hidden));
  } catch {
    // Without storage the choice holds for this page.
  }
}
