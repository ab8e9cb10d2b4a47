/**
 * A map with the city's own base map, buttons that are ordinary buttons, and words in the page's language. No glyph or sprite
 * server is asked: text is drawn with the fonts of the machine.
 */

import { AttributionControl, type LngLatBoundsLike, Map as MapLibre, ScaleControl, setWorkerUrl, type StyleSpecification } from "maplibre-gl";
import type { Bounds } from "./geometry";
import type { BaseMap, CityOfStyle, MapSettings } from "./settings";
import { Words } from "./settings";

/** Fonts of labels, as the pages have them. */
export const FONTS = ["BIZ UDPGothic", "Hiragino Sans", "Noto Sans JP", "Noto Sans CJK JP", "sans-serif"];
const CHOSEN_BASE = "kawasemi-map-base";

export interface Stage {
  readonly map: MapLibre;
  readonly words: Words;
  readonly city: CityOfStyle;
  /** Where buttons and sentences about the map go, below it. */
  readonly bar: HTMLElement;
  /** Sentences that stay: what is missing, what was cut. */
  readonly notes: HTMLElement;
}

/** Whether the browser can draw a map at all. */
export function canDraw(): boolean {
  try {
    const canvas = document.createElement("canvas");
    return Boolean(canvas.getContext("webgl2") ?? canvas.getContext("webgl"));
  } catch {
    return false;
  }
}

/** Puts a map into its frame. */
export async function stage(holder: HTMLElement, frame: HTMLElement, settings: MapSettings, keepsPlace: boolean): Promise<Stage> {
  const words = new Words(settings.words);
  const style = await styleOf(holder.dataset["mapBase"] ?? "");
  const city = cityOf(style);
  setWorkerUrl(new URL(holder.dataset["mapWorker"] ?? "", location.href).href);
  frame.textContent = "";
  const bar = element("div", "map-bar");
  const canvas = element("div", "map-canvas");
  const notes = element("div", "map-notes");
  notes.setAttribute("role", "status");
  // Below the map, which must not move under the pointer when a button comes or goes.
  frame.append(canvas, bar, notes);
  const hash = keepsPlace ? { hash: "map" as const } : {};
  const map = new MapLibre({
    container: canvas,
    style,
    bounds: city.bounds as unknown as LngLatBoundsLike,
    fitBoundsOptions: { padding: 16 },
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    maxPitch: 0,
    maxZoom: 21,
    renderWorldCopies: false,
    locale: { "Map.Title": settings.label, "AttributionControl.ToggleAttribution": words.say("attribution"), "Popup.Close": words.say("close") },
    ...hash,
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.addControl(new AttributionControl({ compact: false }), "bottom-right");
  map.addControl(new ScaleControl({ maxWidth: 120 }), "top-left");
  addButtons(map, canvas, words, city);
  addBases(map, bar, words, city);
  await ready(map);
  return { map, words, city, bar, notes };
}

/** Brings a rectangle into view. */
export function show(map: MapLibre, [west, south, east, north]: Bounds, closest = 18): void {
  map.fitBounds([[west, south], [east, north]], { padding: 40, maxZoom: closest, animate: false });
}

/** What is in view. */
export function inView(map: MapLibre): Bounds {
  const bounds = map.getBounds();
  return [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
}

/** An element with a class, and text in it. */
export function element<K extends keyof HTMLElementTagNameMap>(tag: K, className = "", text = ""): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

/** A button that does something. */
export function button(label: string, act: () => void, className = "button"): HTMLButtonElement {
  const made = element("button", className, label);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}

/** Says what the keys do to whoever reaches the map with them; to a pointer they would be in the way. */
export function sayKeys(map: MapLibre, bar: HTMLElement, sentence: string, id: string): void {
  const line = element("p", "map-keys visually-hidden", sentence);
  line.id = id;
  const canvas = map.getCanvas();
  const described = canvas.getAttribute("aria-describedby");
  canvas.setAttribute("aria-describedby", described ? `${described} ${id}` : id);
  canvas.addEventListener("focus", () => line.classList.toggle("visually-hidden", !canvas.matches(":focus-visible")));
  canvas.addEventListener("blur", () => line.classList.add("visually-hidden"));
  bar.append(line);
}

/** Says one sentence in a place for it, or takes it away. */
export function note(stage: Stage, key: string, sentence: string): void {
  const known = stage.notes.querySelector<HTMLElement>(`[data-note="${CSS.escape(key)}"]`);
  if (sentence === "") {
    known?.remove();
    return;
  }
  if (known?.textContent === sentence) return;
  const line = known ?? element("p", "map-note");
  line.dataset["note"] = key;
  line.textContent = sentence;
  if (!known) stage.notes.append(line);
}

async function styleOf(address: string): Promise<StyleSpecification> {
  const answer = await fetch(address, { headers: { accept: "application/json" } });
  if (!answer.ok) throw new Error(`the style of the map: ${answer.status}`);
  return (await answer.json()) as StyleSpecification;
}

function cityOf(style: StyleSpecification): CityOfStyle {
  const metadata = style.metadata as { kawasemi?: CityOfStyle } | undefined;
  if (!metadata?.kawasemi) throw new Error("the style of the map does not say where the city is");
  return metadata.kawasemi;
}

function ready(map: MapLibre): Promise<void> {
  return new Promise((done, failed) => {
    map.once("load", () => done());
    // What fails later is said by the layer that it belongs to.
    map.once("error", ({ error }) => failed(error));
  });
}

function addButtons(map: MapLibre, canvas: HTMLElement, words: Words, city: CityOfStyle): void {
  const group = element("div", "map-buttons");
  const icon = (sign: string, label: string, act: () => void): HTMLButtonElement => {
    const made = button(sign, act, "map-button");
    made.setAttribute("aria-label", label);
    made.title = label;
    return made;
  };
  group.append(
    icon("＋", words.say("zoom-in"), () => map.zoomIn()),
    icon("－", words.say("zoom-out"), () => map.zoomOut()),
    icon("⌂", words.say("home"), () => show(map, city.bounds)),
  );
  canvas.append(group);
}

/** Lets the base map be chosen, where there is more than the city's own. */
function addBases(map: MapLibre, bar: HTMLElement, words: Words, city: CityOfStyle): void {
  if (city.bases.length === 0) return;
  const label = element("label", "map-base", words.say("bases"));
  const select = element("select", "input");
  for (const base of [{ key: "", title: city.title }, ...city.bases]) select.append(new Option(base.title, base.key));
  label.append(select);
  bar.append(label);
  const choose = (): void => {
    setBase(map, city.bases, select.value);
    try {
      localStorage.setItem(CHOSEN_BASE, select.value);
    } catch {
      // The browser keeps nothing: it is asked again next time.
    }
  };
  select.addEventListener("change", choose);
  map.once("load", () => {
    try {
      select.value = localStorage.getItem(CHOSEN_BASE) ?? "";
    } catch {
      return;
    }
    if (select.selectedIndex < 0) select.value = "";
    if (select.value) setBase(map, city.bases, select.value);
  });
}

/** Puts tiles under everything that was drawn, or takes them away; the city's own areas would cover them. */
function setBase(map: MapLibre, bases: readonly BaseMap[], key: string): void {
  if (map.getLayer("base-tiles")) map.removeLayer("base-tiles");
  if (map.getSource("base-tiles")) map.removeSource("base-tiles");
  const base = bases.find((one) => one.key === key);
  for (const layer of map.getStyle().layers) {
    const metadata = layer.metadata as { kawasemi?: string } | undefined;
    if (metadata?.kawasemi === "own") map.setLayoutProperty(layer.id, "visibility", base ? "none" : "visible");
  }
  if (!base) return;
  const { tiles, attribution, minZoom, maxZoom } = base;
  map.addSource("base-tiles", { type: "raster", tiles: [...tiles], tileSize: 256, attribution, minzoom: minZoom, maxzoom: maxZoom });
  const above = map.getStyle().layers.find((layer) => layer.type !== "background");
  map.addLayer({ id: "base-tiles", type: "raster", source: "base-tiles" }, above?.id);
}
