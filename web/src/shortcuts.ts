/**
 * Keyboard shortcuts: any link, button or field may carry `data-shortcut="g h"`. `?` shows those of the page in a dialog,
 * where they can also be switched off (WCAG 2.1.4). They never fire while something is being typed.
 */

import { belongsToConversion } from "./ime";
import { KeySequence } from "./keys";

const OFF = "kawasemi-shortcuts-off";

/** Watches the whole page. */
export function start(root: Document): void {
  const dialog = root.querySelector<HTMLDialogElement>("dialog[data-shortcut-help]");
  const sequence = new KeySequence();
  root.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || belongsToConversion(event)) return;
    if (isTyping(event.target) || isOff()) return;
    const targets = shortcutTargets(root);
    const typed = sequence.press(event.key, event.timeStamp, ["?", ...targets.keys()]);
    if (typed === null) return;
    event.preventDefault();
    if (typed === "?") showHelp(dialog, targets);
    else act(targets.get(typed));
  });
  for (const button of root.querySelectorAll("[data-opens-shortcuts]")) {
    button.addEventListener("click", () => showHelp(dialog, shortcutTargets(root)));
  }
  const box = dialog?.querySelector<HTMLInputElement>("input[data-shortcuts-on]");
  if (box) {
    box.checked = !isOff();
    box.addEventListener("change", () => {
      if (box.checked) localStorage.removeItem(OFF);
      else localStorage.setItem(OFF, "1");
    });
  }
}

function shortcutTargets(root: Document): Map<string, HTMLElement> {
  const targets = new Map<string, HTMLElement>();
  for (const element of root.querySelectorAll<HTMLElement>("[data-shortcut]")) {
    const keys = element.dataset["shortcut"];
    if (keys && !targets.has(keys)) targets.set(keys, element);
  }
  return targets;
}

function act(element: HTMLElement | undefined): void {
  if (!element) return;
  if (element.matches("input, select, textarea")) element.focus();
  else element.click();
}

function showHelp(dialog: HTMLDialogElement | null, targets: Map<string, HTMLElement>): void {
  const list = dialog?.querySelector("dl");
  if (!dialog || !list || dialog.open) return;
  const said = [...targets].map(([keys, element]): [string, string] => [keys, labelOf(element)]);
  list.querySelectorAll("[data-of-page]").forEach((item) => item.remove());
  for (const [keys, label] of said) {
    const term = document.createElement("dt");
    const meaning = document.createElement("dd");
    for (const item of [term, meaning]) item.dataset["ofPage"] = "";
    for (const key of keys.split(" ")) {
      const cap = document.createElement("kbd");
      cap.textContent = key;
      term.append(cap, " ");
    }
    meaning.textContent = label;
    list.append(term, meaning);
  }
  dialog.showModal();
}

function labelOf(element: HTMLElement): string {
  const { shortcutLabel } = element.dataset;
  return shortcutLabel ?? element.getAttribute("aria-label") ?? element.textContent?.trim() ?? "";
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.matches("textarea, select")) return true;
  const quiet = ["checkbox", "radio", "button", "submit", "file", "range"];
  return target instanceof HTMLInputElement && !quiet.includes(target.type);
}

function isOff(): boolean {
  try {
    return localStorage.getItem(OFF) !== null;
  } catch {
    return false;
  }
}
