/** A button that prints the page: `button[data-prints]`. */

/** Starts every such button under `root`. */
export function start(root: ParentNode): void {
  for (const button of root.querySelectorAll<HTMLButtonElement>("button[data-prints]")) {
    button.addEventListener("click", () => window.print());
  }
}
