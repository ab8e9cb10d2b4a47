/** A map to look at: what a click opens, and the list of what is in view. */

import { type MapMouseEvent, Popup } from "maplibre-gl";
import { bounds } from "./geometry";
import { type Feature, labelOf, meaning, pageOf, Shown, distinct } from "./layers";
import type { ViewSettings } from "./settings";
import { element, inView, sayKeys, show, stage, type Stage } from "./stage";

/** Pixels around a click within which something counts as hit; a finger is broad. */
const REACH = 12;
/** Most links of a list or popup. */
const LISTED = 200;

export async function startView(holder: HTMLElement, frame: HTMLElement, settings: ViewSettings): Promise<void> {
  const isTall = holder.classList.contains("map-tall");
  const hadPlace = isTall && location.hash.includes("map=");
  const made = await stage(holder, frame, settings, isTall);
  new View(made, holder, settings).start(hadPlace);
}

interface Hit {
  readonly layer: Shown;
  readonly feature: Feature;
}

class View {
  private readonly layers: Shown[];
  private readonly list: HTMLElement | null;
  private popup: Popup | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** What the list holds, so that it is not made anew for nothing. */
  private listed = "";

  constructor(
    private readonly stage: Stage,
    private readonly holder: HTMLElement,
    private readonly settings: ViewSettings,
  ) {
    this.list = holder.querySelector("[data-map-list]");
    this.layers = settings.layers.map((layer) => new Shown(stage, layer, () => this.listLater()));
  }

  start(hadPlace: boolean): void {
    const { map, words, bar } = this.stage;
    const extent = this.settings.bounds;
    if (extent && !hadPlace) show(map, extent);
    this.layers.forEach((layer) => layer.add());
    const inline = this.layers.filter((layer) => layer.settings.source === "inline").map((layer) => layer.extent());
    const around = bounds(inline.flatMap((one) => (one ? [[one[0], one[1]] as const, [one[2], one[3]] as const] : [])));
    if (around && !extent && !hadPlace) show(map, around, 17);
    map.on("click", (event) => this.open(event));
    map.on("mousemove", ({ point }) => {
      map.getCanvas().style.cursor = this.at(point.x, point.y).length > 0 ? "pointer" : "";
    });
    map.on("moveend", () => this.listLater());
    map.on("idle", () => this.listNow());
    sayKeys(map, bar, words.say("keys-view"), `map-keys-${document.querySelectorAll(".map-keys").length}`);
    this.watchKeys();
    this.watchNarrow();
    this.listNow();
    this.holder.dataset["mapReady"] = "";
  }

  /** What lies within reach of a pixel, the topmost first. */
  private at(x: number, y: number): Hit[] {
    const { map } = this.stage;
    const hits: Hit[] = [];
    for (const layer of [...this.layers].reverse()) {
      const ids = layer.styleLayers.filter((id) => map.getLayer(id));
      const found = map.queryRenderedFeatures([[x - REACH, y - REACH], [x + REACH, y + REACH]], { layers: ids });
      hits.push(...distinct(found as unknown as Feature[]).map((feature) => ({ layer, feature })));
    }
    return hits;
  }

  private open({ point, lngLat }: Pick<MapMouseEvent, "point" | "lngLat">): void {
    const hits = this.at(point.x, point.y);
    this.popup?.remove();
    if (hits.length === 0) return;
    const { map, words } = this.stage;
    const box = element("div", "map-popup");
    if (hits.length > 1) box.append(element("p", "", words.say("here-are", { count: String(hits.length) })));
    box.append(this.links(hits));
    this.popup = new Popup({ maxWidth: "20rem", focusAfterOpen: true }).setLngLat(lngLat).setDOMContent(box).addTo(map);
  }

  private links(hits: readonly Hit[]): HTMLElement {
    const list = element("ul", "map-links");
    for (const { layer, feature } of hits.slice(0, LISTED)) {
      const item = element("li");
      const page = pageOf(feature, layer.settings);
      const label = labelOf(feature);
      const name = page ? element("a", "", label) : element("span", "", label);
      if (name instanceof HTMLAnchorElement && page) name.href = page;
      const kind = [this.layers.length > 1 ? layer.settings.title : "", meaning(feature, layer.settings)].filter(Boolean).join("　");
      item.append(name);
      if (kind) item.append(element("span", "text-soft text-small", kind));
      list.append(item);
    }
    return list;
  }

  /** Enter opens what is nearest to the middle, so that a mouse is not needed. */
  private watchKeys(): void {
    const { map } = this.stage;
    map.getCanvas().addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.popup?.remove();
      if (event.key !== "Enter") return;
      event.preventDefault();
      const middle = map.project(map.getCenter());
      this.open({ point: middle, lngLat: map.getCenter() });
    });
  }

  /** Buttons and links that go on with what is in view. */
  private watchNarrow(): void {
    const box = (): string => inView(this.stage.map).map((side) => side.toFixed(5)).join(",");
    for (const link of document.querySelectorAll<HTMLAnchorElement>("a[data-map-print]")) {
      link.addEventListener("click", () => {
        const address = new URL(link.href);
        address.searchParams.set("bbox", box());
        link.href = address.href;
      });
    }
    for (const button of this.holder.querySelectorAll<HTMLButtonElement>("[data-map-narrow]")) {
      button.addEventListener("click", () => {
        location.href = (button.dataset["mapNarrow"] ?? "").replace("{bbox}", box());
      });
    }
  }

  private listLater(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.listNow(), 150);
  }

  /** Lists what is in view. It is left alone where nothing changed, lest a reader lose the place. */
  private listNow(): void {
    if (!this.list) return;
    // The page's own ledger lies on top and comes first.
    const hits = [...this.layers].reverse().flatMap((layer) => layer.visible().map((feature) => ({ layer, feature })));
    const ids = hits.map(({ layer, feature }) => `${layer.settings.key}/${String(feature.properties?.["id"] ?? "")}`).join(" ");
    if (ids === this.listed && this.list.dataset["mapListed"] !== undefined) return;
    this.listed = ids;
    this.list.dataset["mapListed"] = "";
    const { words } = this.stage;
    const said = hits.length > 0 ? words.say("in-view", { count: hits.length.toLocaleString("en") }) : words.say("none-in-view");
    const line = element("p", "text-small", said);
    line.setAttribute("role", "status");
    this.list.replaceChildren(line, this.links(hits));
  }
}
