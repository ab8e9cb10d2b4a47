/** A button beside a password shows or hides what was typed. */

/** Starts every such button under `root`. */
export function start(root: ParentNode): void {
  for (const button of root.querySelectorAll<HTMLButtonElement>("button[data-reveals]")) {
    const input = document.getElementById(button.dataset["reveals"] ?? "");
    if (!(input instanceof HTMLInputElement)) continue;
    button.addEventListener("click", () => {
      const shown = input.type === "password";
      input.type = shown ? "text" : "password";
      button.setAttribute("aria-pressed", String(shown));
    });
    input.form?.addEventListener("submit", () => {
      input.type = "password";
    });
  }
}
