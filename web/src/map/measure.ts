/**
 * Lengths and areas of what is being drawn, in metres. They are measured on a plane that touches the ellipsoid (GRS80) at the
 * shape, which over a city is exact to a ten-thousandth; what is stored is measured by the server in the city's plane zone.
 */

import type { Kind, Part, Position } from "./geometry";

/** Semi-major axis and square of the eccentricity of GRS80. */
const MAJOR = 6_378_137;
const ECCENTRICITY_2 = 0.006_694_380_022_9;

/** Metres per degree of longitude and latitude at a latitude. */
export function scale(latitude: number): [number, number] {
  const phi = (latitude * Math.PI) / 180;
  const w2 = 1 - ECCENTRICITY_2 * Math.sin(phi) ** 2;
  const across = (MAJOR / Math.sqrt(w2)) * Math.cos(phi);
  const along = (MAJOR * (1 - ECCENTRICITY_2)) / w2 ** 1.5;
  return [(across * Math.PI) / 180, (along * Math.PI) / 180];
}

/** The length of a path in metres; of a ring with its closing edge. */
export function length(path: readonly Position[], isRing = false): number {
  const edges = isRing ? path.length : path.length - 1;
  let sum = 0;
  for (let index = 0; index < edges; index++) {
    const [one, other] = [path[index], path[(index + 1) % path.length]];
    if (one && other) sum += distance(one, other);
  }
  return sum;
}

/** The distance of two positions in metres. */
export function distance(one: Position, other: Position): number {
  const [x, y] = scale((one[1] + other[1]) / 2);
  return Math.hypot((other[0] - one[0]) * x, (other[1] - one[1]) * y);
}

/** The area of a ring in square metres. */
export function area(ring: readonly Position[]): number {
  const [first] = ring;
  if (!first) return 0;
  const middle = ring.reduce((sum, [, latitude]) => sum + latitude, 0) / ring.length;
  const [x, y] = scale(middle);
  let twice = 0;
  for (let index = 0; index < ring.length; index++) {
    const [one, other] = [ring[index] ?? first, ring[(index + 1) % ring.length] ?? first];
    twice += (one[0] - first[0]) * (other[1] - first[1]) - (other[0] - first[0]) * (one[1] - first[1]);
  }
  return (Math.abs(twice) / 2) * x * y;
}

/** Length or perimeter and area of parts together; holes are taken off. */
export function measure(parts: readonly Part[], kind: Kind): { length: number; area: number } {
  const sum = { length: 0, area: 0 };
  for (const part of parts) {
    part.forEach((ring, index) => {
      sum.length += length(ring, kind === "polygon");
      sum.area += (index === 0 ? 1 : -1) * area(ring);
    });
  }
  return sum;
}

/** A length as people read it: 12.3 m, 1.23 km. */
export function saidLength(metres: number): string {
  return metres < 1000 ? `${grouped(metres, metres < 100 ? 1 : 0)} m` : `${grouped(metres / 1000, 2)} km`;
}

/** An area as people read it: 12.3 ㎡, 12,345 ㎡（1.23 ha）. */
export function saidArea(metres: number): string {
  const plain = `${grouped(metres, metres < 100 ? 1 : 0)} ㎡`;
  return metres < 10_000 ? plain : `${plain}（${grouped(metres / 10_000, 2)} ha）`;
}

function grouped(number: number, decimals: number): string {
  return number.toLocaleString("en", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}
