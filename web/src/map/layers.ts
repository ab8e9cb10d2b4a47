/** The layers of a map: their features, from wherever they come, and how they look. */

import type { ExpressionSpecification, FilterSpecification, GeoJSONSource, Map as MapLibre } from "maplibre-gl";
import { type Bounds, bounds, type GeoJsonGeometry, holds, overlap, partsOf, positions } from "./geometry";
import type { LayerSettings } from "./settings";
import { FONTS, inView, note, type Stage } from "./stage";

export interface Feature {
  readonly id?: string | number | undefined;
  readonly geometry: GeoJsonGeometry | null;
  readonly properties: Readonly<Record<string, unknown>> | null;
}

interface Collection {
  readonly type: "FeatureCollection";
  readonly features: readonly Feature[];
  /** Whether the answer was cut. */
  readonly more?: boolean;
}

const NOTHING: Collection = { type: "FeatureCollection", features: [] };
const DEBOUNCE_MS = 200;

/** A layer that is on a map. */
export class Shown {
  private collection: Collection = NOTHING;
  /** The rectangle for which features were asked, and whether the answer was whole. */
  private asked: { bounds: Bounds; whole: boolean } | null = null;
  private asking: AbortController | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly stage: Stage,
    readonly settings: LayerSettings,
    private readonly changed: () => void,
  ) {}

  get source(): string {
    return `layer-${this.settings.key}`;
  }

  /** The ids of its style layers that a click may hit. */
  get styleLayers(): string[] {
    return ["fill", "outline", "line", "point"].map((part) => `${this.source}-${part}`);
  }

  /** Adds it to the map and begins to load. */
  add(): void {
    const { map } = this.stage;
    const { source, data, key } = this.settings;
    if (source === "tilejson") {
      map.addSource(this.source, { type: "vector", url: new URL(String(data), location.href).href, promoteId: "id" });
    } else {
      map.addSource(this.source, { type: "geojson", data: NOTHING as never, promoteId: "id" });
    }
    addStyle(map, this.settings, this.source, source === "tilejson" ? { "source-layer": key } : {});
    if (source === "inline") this.take(data as Collection);
    else if (source === "geojson") {
      map.on("moveend", () => this.later());
      void this.load();
    }
  }

  /** The rectangle around all features that are known; none without any. */
  extent(): Bounds | null {
    return bounds(this.collection.features.flatMap(({ geometry }) => [...positions(partsOf(geometry).map(({ part }) => part))]));
  }

  /** The features of which a part is in view, each once. */
  visible(): Feature[] {
    const { map } = this.stage;
    if (map.getZoom() < this.settings.minZoom) return [];
    if (this.settings.source === "tilejson") {
      const drawn = map.queryRenderedFeatures({ layers: this.styleLayers.filter((id) => map.getLayer(id)) });
      return distinct(drawn as unknown as Feature[]);
    }
    const view = inView(map);
    return this.collection.features.filter(({ geometry }) => {
      const own = bounds(positions(partsOf(geometry).map(({ part }) => part)));
      return own !== null && overlap(own, view);
    });
  }

  /** Loads what is in view now. */
  async load(): Promise<void> {
    const { map, words } = this.stage;
    const address = String(this.settings.data);
    const isByView = address.includes("{bbox}");
    const view = inView(map);
    if (map.getZoom() < this.settings.minZoom) return;
    if (this.asked && (!isByView || (this.asked.whole && holds(this.asked.bounds, view)))) return;
    this.asking?.abort();
    this.asking = new AbortController();
    const wanted = wider(view);
    const url = address.replace("{bbox}", wanted.map((side) => side.toFixed(6)).join(","));
    try {
      const answer = await fetch(url, { signal: this.asking.signal, headers: { accept: "application/geo+json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const collection = (await answer.json()) as Collection;
      this.asked = { bounds: wanted, whole: collection.more !== true };
      this.take(collection);
      note(this.stage, `failed-${this.settings.key}`, "");
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return;
      note(this.stage, `failed-${this.settings.key}`, words.say("data-failed", { title: this.settings.title }));
    }
  }

  private later(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.load(), DEBOUNCE_MS);
  }

  private take(collection: Collection): void {
    this.collection = collection;
    this.stage.map.getSource<GeoJSONSource>(this.source)?.setData(collection as never);
    const { title, key } = this.settings;
    const count = collection.features.length.toLocaleString("en");
    note(this.stage, `more-${key}`, collection.more ? this.stage.words.say("more", { title, count }) : "");
    this.changed();
  }
}

/** What a feature is called. */
export function labelOf(feature: Feature): string {
  return String(feature.properties?.["label"] ?? feature.properties?.["id"] ?? "");
}

/** What its colour means, in words; empty where the layer is of one colour. */
export function meaning(feature: Feature, { property, values }: LayerSettings): string {
  if (!property) return "";
  const value = String(feature.properties?.[property] ?? "");
  return values?.find(([known]) => known === value)?.[2] ?? "";
}

/** The page behind a feature; none where there is none. */
export function pageOf(feature: Feature, { link }: LayerSettings): string | null {
  const id = feature.properties?.["id"] ?? feature.id;
  return link && id !== undefined ? link.replace("{id}", encodeURIComponent(String(id))) : null;
}

/** Each feature once: tiles cut them into pieces. */
export function distinct(features: readonly Feature[]): Feature[] {
  const known = new Set<unknown>();
  return features.filter((feature) => {
    const id = feature.properties?.["id"] ?? feature.id;
    if (id === undefined) return true;
    if (known.has(id)) return false;
    known.add(id);
    return true;
  });
}

/** A rectangle half as large again on each side, so that a small move asks nothing. */
function wider([west, south, east, north]: Bounds): Bounds {
  const [dx, dy] = [(east - west) / 2, (north - south) / 2];
  return [Math.max(-180, west - dx), Math.max(-85, south - dy), Math.min(180, east + dx), Math.min(85, north + dy)];
}

function addStyle(map: MapLibre, settings: LayerSettings, source: string, more: { "source-layer"?: string }): void {
  const colour = colourOf(settings);
  const of = (...types: string[]): FilterSpecification =>
    ["in", ["geometry-type"], ["literal", types.flatMap((type) => [type, `Multi${type}`])]] as FilterSpecification;
  const common = { source, minzoom: settings.minZoom, ...more };
  map.addLayer({ ...common, id: `${source}-fill`, type: "fill", filter: of("Polygon"), paint: { "fill-color": colour, "fill-opacity": 0.35 } });
  map.addLayer({
    ...common, id: `${source}-outline`, type: "line", filter: of("Polygon"),
    paint: { "line-color": colour, "line-width": ["interpolate", ["linear"], ["zoom"], 12, 1.5, 18, 3] },
  });
  map.addLayer({
    ...common, id: `${source}-line`, type: "line", filter: of("LineString"),
    layout: { "line-cap": "round", "line-join": "round" },
    paint: { "line-color": colour, "line-width": ["interpolate", ["linear"], ["zoom"], 12, 3, 18, 7] },
  });
  map.addLayer({
    ...common, id: `${source}-point`, type: "circle", filter: of("Point"),
    paint: {
      "circle-color": colour,
      "circle-radius": ["interpolate", ["linear"], ["zoom"], 11, 4, 15, 8],
      "circle-stroke-color": "#ffffff",
      "circle-stroke-width": 1.5,
    },
  });
  map.addLayer({
    ...common, id: `${source}-label`, type: "symbol", minzoom: Math.max(16, settings.minZoom), filter: of("Point", "Polygon"),
    layout: { "text-field": ["to-string", ["get", "label"]], "text-font": FONTS, "text-size": 13, "text-offset": [0, 1.1], "text-anchor": "top", "text-max-width": 12 },
    paint: { "text-color": "#1a1a1c", "text-halo-color": "#ffffff", "text-halo-width": 1.5 },
  });
}

function colourOf({ property, values, colour }: LayerSettings): ExpressionSpecification | string {
  if (!property || !values || values.length === 0) return colour;
  const pairs = values.flatMap(([value, own]) => [value, own]);
  return ["match", ["to-string", ["get", property]], ...pairs, colour] as unknown as ExpressionSpecification;
}
