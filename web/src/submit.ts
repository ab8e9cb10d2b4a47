/** A form is sent once: a second press while the first is on its way does nothing. */

/** Watches every form of the page. */
export function start(root: Document): void {
  root.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || event.defaultPrevented || form.target === "_blank") return;
    if (form.method === "dialog" || form.hasAttribute("data-download")) return;
    if (form.classList.contains("is-sending")) {
      event.preventDefault();
      return;
    }
    form.classList.add("is-sending");
    event.submitter?.classList.add("is-busy");
    // A fragment's form stays on the page after the answer; a page's form is restored with the page by the back button.
    form.addEventListener("htmx:afterRequest", () => release(form), { once: true });
  });
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const form of root.querySelectorAll<HTMLFormElement>("form.is-sending")) release(form);
  });
}

function release(form: HTMLFormElement): void {
  form.classList.remove("is-sending");
  for (const button of form.querySelectorAll(".is-busy")) button.classList.remove("is-busy");
}
