/**
 * Asks before something that is hard to undo: `data-confirm` on a button or a form holds the question. Without a script
 * the server asks on a page of its own, or the button lies inside a `details` that has to be opened first.
 */

import { text } from "./texts";

/** Watches every form of the page; runs before `submit.start`'s listener marks the form as sent. */
export function start(root: Document): void {
  const agreed = new WeakSet<HTMLFormElement>();
  root.addEventListener(
    "submit",
    (event) => {
      const form = event.target;
      if (!(form instanceof HTMLFormElement)) return;
      const { submitter } = event;
      const question = submitter?.getAttribute("data-confirm") ?? form.getAttribute("data-confirm");
      if (!question || agreed.delete(form)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const label = submitter?.textContent?.trim() || text("confirm-proceed");
      void ask(question, label).then((yes) => {
        if (!yes) return;
        agreed.add(form);
        form.requestSubmit(submitter);
      });
    },
    true,
  );
}

/** Shows the question; the careful answer has the focus. */
export function ask(question: string, proceedLabel: string): Promise<boolean> {
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-labelledby", "confirm-question");
  const body = document.createElement("form");
  body.method = "dialog";
  body.className = "dialog-body";
  const sentence = document.createElement("p");
  sentence.id = "confirm-question";
  sentence.textContent = question;
  const row = document.createElement("div");
  row.className = "button-row";
  row.append(button("no", "button", text("confirm-cancel"), true));
  row.append(button("yes", "button button-primary button-danger", proceedLabel, false));
  body.append(sentence, row);
  dialog.append(body);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
  });
}

function button(value: string, className: string, label: string, focused: boolean): HTMLButtonElement {
  const element = document.createElement("button");
  element.value = value;
  element.className = className;
  element.textContent = label;
  element.autofocus = focused;
  return element;
}
