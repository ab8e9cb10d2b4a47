/** What is loaded only by pages that have a map: the entry of `map.js`. */

import { startPicker } from "./picker";
import type { MapSettings } from "./settings";
import { canDraw } from "./stage";
import { startView } from "./view";

/** Puts a map into an element that carries `data-map`. */
export async function start(holder: HTMLElement): Promise<void> {
  const settings = JSON.parse(holder.dataset["map"] ?? "{}") as MapSettings;
  const frame = holder.querySelector<HTMLElement>("[data-map-frame]");
  if (!frame) return;
  const say = (key: string): void => {
    frame.textContent = settings.words[key] ?? "";
    frame.classList.add("map-says");
  };
  if (!canDraw()) {
    say(settings.kind === "picker" ? "unsupported-input" : "unsupported-view");
    return;
  }
  try {
    if (settings.kind === "picker") await startPicker(holder, frame, settings);
    else await startView(holder, frame, settings);
  } catch (error) {
    console.error(error);
    say("failed");
  }
}
