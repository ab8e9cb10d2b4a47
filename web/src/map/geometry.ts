/**
 * Geometries as a picker draws them, and the texts in which a form sends them: `緯度,経度` for one point, WKT for all else. GeoJSON
 * and a point on each line are read as well. Positions are longitude and latitude in degrees, in this order.
 */

export type Position = readonly [number, number];
export type Kind = "point" | "line" | "polygon";

/** A point or line has one ring with its positions; a polygon its outline and holes, none of them closed. */
export type Part = readonly (readonly Position[])[];

/** A rectangle: west, south, east, north. */
export type Bounds = readonly [number, number, number, number];

export interface GeoJsonGeometry {
  readonly type: string;
  readonly coordinates: unknown;
}

/** Fewest positions of a ring of a kind. */
export const FEWEST: Readonly<Record<Kind, number>> = { point: 1, line: 2, polygon: 3 };

/** Reads what stands in a field. Nothing entered is no part; null is no geometry of this kind. */
export function read(text: string, kind: Kind): Part[] | null {
  const trimmed = text.trim();
  if (trimmed === "") return [];
  const parts = trimmed.startsWith("{") ? ofJson(trimmed, kind) : (ofWkt(trimmed, kind) ?? ofLines(trimmed, kind));
  return parts?.every(isWhole(kind)) ? parts : null;
}

/** The text of a geometry. */
export function write(parts: readonly Part[], kind: Kind): string {
  const [first] = parts;
  if (!first) return "";
  if (kind === "point" && parts.length === 1) {
    const [longitude, latitude] = first[0]?.[0] ?? [0, 0];
    return `${short(latitude)},${short(longitude)}`;
  }
  const name = { point: "POINT", line: "LINESTRING", polygon: "POLYGON" }[kind];
  const several = parts.length > 1;
  const bodies = parts.map((part) => body(part, kind));
  return several ? `MULTI${name}(${bodies.join(", ")})` : `${name}${bodies[0] ?? ""}`;
}

/** As GeoJSON, to be drawn. */
export function toGeoJson(parts: readonly Part[], kind: Kind): GeoJsonGeometry {
  if (kind === "point") return { type: "MultiPoint", coordinates: parts.map((part) => part[0]?.[0]) };
  if (kind === "line") return { type: "MultiLineString", coordinates: parts.map((part) => part[0]) };
  return { type: "MultiPolygon", coordinates: parts.map((part) => part.map(closed)) };
}

/** The parts of a GeoJSON geometry of any kind, each with its kind; what is no geometry has none. */
export function partsOf(geometry: GeoJsonGeometry | null | undefined): { kind: Kind; part: Part }[] {
  if (!geometry) return [];
  const given = geometry.coordinates;
  const many = geometry.type.startsWith("Multi");
  const each = (many ? given : [given]) as unknown[];
  switch (geometry.type) {
    case "Point":
    case "MultiPoint":
      return each.map((position) => ({ kind: "point", part: [[position as Position]] }));
    case "LineString":
    case "MultiLineString":
      return each.map((line) => ({ kind: "line", part: [line as Position[]] }));
    case "Polygon":
    case "MultiPolygon":
      return each.map((rings) => ({ kind: "polygon", part: (rings as Position[][]).map(opened) }));
    default:
      return [];
  }
}

/** The rectangle around positions; none without any. */
export function bounds(positions: Iterable<Position>): Bounds | null {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [longitude, latitude] of positions) {
    [west, east] = [Math.min(west, longitude), Math.max(east, longitude)];
    [south, north] = [Math.min(south, latitude), Math.max(north, latitude)];
  }
  return west <= east ? [west, south, east, north] : null;
}

/** Every position of some parts. */
export function* positions(parts: Iterable<Part>): Generator<Position> {
  for (const part of parts) for (const ring of part) yield* ring;
}

/** Whether two rectangles have a point in common. */
export function overlap(one: Bounds, other: Bounds): boolean {
  return one[0] <= other[2] && other[0] <= one[2] && one[1] <= other[3] && other[1] <= one[3];
}

/** Whether the second rectangle lies in the first. */
export function holds(outer: Bounds, inner: Bounds): boolean {
  return outer[0] <= inner[0] && outer[1] <= inner[1] && inner[2] <= outer[2] && inner[3] <= outer[3];
}

function isWhole(kind: Kind): (part: Part) => boolean {
  const onGlobe = ([longitude, latitude]: Position): boolean => Math.abs(longitude) <= 180 && Math.abs(latitude) <= 90;
  return (part) => part.length > 0 && part.every((ring) => ring.length >= FEWEST[kind] && ring.every(onGlobe));
}

/** A degree with seven decimals, which is a centimetre. */
function short(degrees: number): string {
  return String(Number(degrees.toFixed(7)));
}

function body(part: Part, kind: Kind): string {
  const position = ([longitude, latitude]: Position): string => `${short(longitude)} ${short(latitude)}`;
  const ring = (ring: readonly Position[]): string => `(${ring.map(position).join(", ")})`;
  if (kind === "polygon") return `(${part.map((hole) => ring(closed(hole))).join(", ")})`;
  return ring(part[0] ?? []);
}

function closed(ring: readonly Position[]): Position[] {
  const [first] = ring;
  return first ? [...ring, first] : [];
}

function opened(ring: readonly Position[]): Position[] {
  const [first, last] = [ring[0], ring.at(-1)];
  const isClosed = ring.length > 1 && first && last && first[0] === last[0] && first[1] === last[1];
  return (isClosed ? ring.slice(0, -1) : [...ring]).map(([longitude, latitude]) => [longitude, latitude]);
}

function ofJson(text: string, kind: Kind): Part[] | null {
  try {
    const value = JSON.parse(text) as { type?: string; geometry?: unknown; features?: { geometry: unknown }[] };
    const geometries = value.type === "FeatureCollection" ? (value.features ?? []).map((one) => one.geometry)
      : [value.type === "Feature" ? value.geometry : value];
    const parts = geometries.flatMap((geometry) => partsOf(geometry as GeoJsonGeometry));
    const fits = parts.length > 0 && parts.every((part) => part.kind === kind && part.part.every(areNumbers));
    return fits ? parts.map(({ part }) => part) : null;
  } catch {
    return null;
  }
}

function areNumbers(ring: readonly Position[]): boolean {
  return ring.every((position) => Number.isFinite(position[0]) && Number.isFinite(position[1]));
}

const WKT: Readonly<Record<string, Kind>> = { POINT: "point", LINESTRING: "line", POLYGON: "polygon" };
const PAIR = /([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)\s+([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)/g;

/** Every `lon lat` becomes an array and every parenthesis a bracket, so that JSON's own reader does the nesting. */
function ofWkt(text: string, wanted: Kind): Part[] | null {
  const [, name = "", inside = ""] = /^([A-Za-z]+)\s*(\(.*\))$/s.exec(text) ?? [];
  const several = name.toUpperCase().startsWith("MULTI");
  if (WKT[name.toUpperCase().replace(/^MULTI/, "")] !== wanted) return null;
  const pair = (_: string, x: string, y: string): string => `[${Number(x)},${Number(y)}]`;
  const json = inside.replaceAll(PAIR, pair).replaceAll("(", "[").replaceAll(")", "]");
  try {
    return fromNested(JSON.parse(json) as unknown[], wanted, several);
  } catch {
    return null;
  }
}

function fromNested(list: readonly unknown[], kind: Kind, several: boolean): Part[] {
  const each = several ? list : [list];
  switch (kind) {
    case "point":
      // In MULTIPOINT each position may stand in parentheses of its own; the one of POINT always does.
      return each.map((item) => [[positionIn(item)]]);
    case "line":
      return each.map((line) => [(line as unknown[]).map(positionIn)]);
    case "polygon":
      return each.map((rings) => (rings as unknown[][]).map((ring) => opened(ring.map(positionIn))));
  }
}

/** The position in some nested arrays; throws where there is none. */
function positionIn(item: unknown): Position {
  const [first, second] = item as unknown[];
  if (typeof first === "number" && typeof second === "number") return [first, second];
  if (second === undefined && Array.isArray(first)) return positionIn(first);
  throw new SyntaxError("no position");
}

/** A point on each line, latitude first as people read it off a map. */
function ofLines(text: string, kind: Kind): Part[] | null {
  const read: Position[] = [];
  for (const line of text.split(/\n|;/).map((part) => part.trim()).filter(Boolean)) {
    const numbers = line.normalize("NFKC").replaceAll(/[北緯東経°度,、]/g, " ").trim().split(/\s+/).map(Number);
    const [latitude, longitude] = numbers;
    if (numbers.length !== 2 || latitude === undefined || longitude === undefined || numbers.some(Number.isNaN)) return null;
    read.push([longitude, latitude]);
  }
  if (kind === "point") return read.map((position) => [[position]]);
  return [[kind === "polygon" ? opened(read) : read]];
}
