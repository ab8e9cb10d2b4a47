/** A button that puts the device's position into a point field: `button[data-locates="ID"]`. */

import { announce } from "./live";
import { text } from "./texts";

/** Starts every such button under `root`. */
export function start(root: ParentNode): void {
  for (const button of root.querySelectorAll<HTMLButtonElement>("button[data-locates]")) {
    const input = document.getElementById(button.dataset["locates"] ?? "");
    if (!(input instanceof HTMLInputElement)) continue;
    button.hidden = !("geolocation" in navigator);
    button.addEventListener("click", () => {
      navigator.geolocation.getCurrentPosition(
        ({ coords }) => {
          input.value = `${coords.latitude.toFixed(6)},${coords.longitude.toFixed(6)}`;
          input.dispatchEvent(new Event("input", { bubbles: true }));
        },
        () => announce(text("location-failed")),
        { enableHighAccuracy: true, timeout: 10_000 },
      );
    });
  }
}
