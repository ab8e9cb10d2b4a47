/**
 * Choosing rows of a list: a box for all, ranges with Shift, the arrow keys from box to box, and a bar that says how many
 * are chosen. Without a script each box is an ordinary checkbox of the form.
 */

import { announce } from "./live";
import { between, overall } from "./selection";
import { text } from "./texts";

/** Starts every form under `root` that has rows to choose. */
export function start(root: ParentNode): void {
  for (const form of root.querySelectorAll<HTMLFormElement>("form[data-bulk]")) watch(form);
}

function watch(form: HTMLFormElement): void {
  const boxes = (): HTMLInputElement[] => [...form.querySelectorAll<HTMLInputElement>("input[data-select-row]")];
  const all = form.querySelector<HTMLInputElement>("input[data-select-all]");
  const bar = form.querySelector<HTMLElement>("[data-bulk-bar]");
  const count = form.querySelector("[data-bulk-count]");
  let anchor = -1;

  const show = (say: boolean): void => {
    const chosen = boxes().map((box) => box.checked);
    const number = chosen.filter(Boolean).length;
    if (all) {
      all.checked = overall(chosen) === "all";
      all.indeterminate = overall(chosen) === "some";
    }
    if (bar) bar.hidden = number === 0;
    const sentence = text("bulk-count", { count: String(number) });
    if (count) count.textContent = sentence;
    if (say) announce(sentence);
  };
  const choose = (indices: number[], checked: boolean): void => {
    const list = boxes();
    for (const index of indices) {
      const box = list[index];
      if (box) box.checked = checked;
    }
  };

  all?.addEventListener("change", () => {
    choose(between(0, boxes().length - 1), all.checked);
    show(true);
  });
  form.addEventListener("click", (event) => {
    const index = boxes().indexOf(event.target as HTMLInputElement);
    if (index < 0) return;
    const { checked } = event.target as HTMLInputElement;
    if (event.shiftKey && anchor >= 0) choose(between(anchor, index), checked);
    anchor = index;
    show(true);
  });
  form.addEventListener("keydown", (event) => {
    const list = boxes();
    const index = list.indexOf(event.target as HTMLInputElement);
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    const next = list[index + step];
    if (index < 0 || step === 0 || !next) return;
    event.preventDefault();
    next.focus();
    if (!event.shiftKey) return;
    choose([index, index + step], true);
    anchor = index + step;
    show(true);
  });
  show(false);
}
