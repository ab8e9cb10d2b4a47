/** What the server says of a map: the settings in `data-map`, and what the style of every map of the city carries besides. */

import type { Bounds, Kind } from "./geometry";
import { fill } from "../texts";

/** A line of a legend: value, colour, words. */
export type LegendEntry = readonly [string, string, string];

export interface LayerSettings {
  readonly key: string;
  readonly title: string;
  readonly shape: Kind | "any";
  readonly source: "geojson" | "tilejson" | "inline";
  /** An address, or a feature collection itself. */
  readonly data: unknown;
  readonly colour: string;
  readonly property?: string;
  readonly values?: readonly LegendEntry[];
  readonly link?: string;
  readonly minZoom: number;
}

interface Common {
  readonly label: string;
  readonly layers: readonly LayerSettings[];
  readonly words: Readonly<Record<string, string>>;
}

export interface ViewSettings extends Common {
  readonly kind: "view";
  readonly bounds: Bounds | null;
}

export interface PickerSettings extends Common {
  readonly kind: "picker";
  readonly input: string;
  readonly shape: Kind | "any";
  readonly multiple: boolean;
}

export type MapSettings = ViewSettings | PickerSettings;

/** A base map of tiles that the operator has set. */
export interface BaseMap {
  readonly key: string;
  readonly title: string;
  readonly tiles: readonly string[];
  readonly attribution: string;
  readonly minZoom: number;
  readonly maxZoom: number;
}

/** What the style says beyond what MapLibre reads: `metadata.kawasemi`. */
export interface CityOfStyle {
  readonly bounds: Bounds;
  readonly title: string;
  readonly bases: readonly BaseMap[];
}

/** The sentences of a map. */
export class Words {
  constructor(private readonly all: Readonly<Record<string, string>>) {}

  say(key: string, args: Readonly<Record<string, string>> = {}): string {
    return fill(this.all[key] ?? key, args);
  }
}
