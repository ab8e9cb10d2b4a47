/** Cutting shapes in two, and finding where an outline crosses itself. */

import type { Part, Position } from "./geometry";

/** Where two stretches cross, with how far along each; none where they don't. Touching ends count. */
export function crossing(a: Position, b: Position, c: Position, d: Position): { at: Position; first: number; second: number } | null {
  const [rx, ry] = [b[0] - a[0], b[1] - a[1]];
  const [sx, sy] = [d[0] - c[0], d[1] - c[1]];
  const cross = rx * sy - ry * sx;
  if (cross === 0) return null;
  const first = ((c[0] - a[0]) * sy - (c[1] - a[1]) * sx) / cross;
  const second = ((c[0] - a[0]) * ry - (c[1] - a[1]) * rx) / cross;
  if (first < 0 || first > 1 || second < 0 || second > 1) return null;
  return { at: [a[0] + first * rx, a[1] + first * ry], first, second };
}

/**
 * Cuts a polygon without holes along a stretch that crosses its outline exactly twice. None where it crosses otherwise, or where
 * there are holes, which would have to be given to one side.
 */
export function splitPolygon(part: Part, from: Position, to: Position): [Part, Part] | null {
  const [ring, ...holes] = part;
  if (!ring || holes.length > 0) return null;
  const cuts: { edge: number; at: Position; along: number }[] = [];
  ring.forEach((here, edge) => {
    const next = ring[(edge + 1) % ring.length];
    const found = next ? crossing(here, next, from, to) : null;
    // A crossing at a corner belongs to the edge that begins there.
    if (found && found.first < 1) cuts.push({ edge, at: found.at, along: found.second });
  });
  const [one, other] = cuts;
  if (cuts.length !== 2 || !one || !other) return null;
  const inner = [one.at, ...ring.slice(one.edge + 1, other.edge + 1), other.at];
  const outer = [other.at, ...ring.slice(other.edge + 1), ...ring.slice(0, one.edge + 1), one.at];
  const [left, right] = [distinct(inner), distinct(outer)];
  return left.length >= 3 && right.length >= 3 ? [[left], [right]] : null;
}

/** Cuts a line at one of its points; none at an end. */
export function splitLine(part: Part, index: number): [Part, Part] | null {
  const [line] = part;
  if (!line || index < 1 || index > line.length - 2) return null;
  return [[line.slice(0, index + 1)], [line.slice(index)]];
}

/** Where a ring crosses itself. Outlines of very many points are left to the server. */
export function selfCrossings(ring: readonly Position[], most = 800): Position[] {
  const found: Position[] = [];
  const count = ring.length;
  if (count < 4 || count > most) return found;
  for (let one = 0; one < count; one++) {
    for (let other = one + 2; other < count; other++) {
      if (one === 0 && other === count - 1) continue;
      const [a, b, c, d] = [ring[one], ring[one + 1], ring[other], ring[(other + 1) % count]];
      const cross = a && b && c && d ? crossing(a, b, c, d) : null;
      if (cross) found.push(cross.at);
    }
  }
  return found;
}

function distinct(ring: readonly Position[]): Position[] {
  return ring.filter((here, index) => {
    const before = ring[(index + ring.length - 1) % ring.length];
    return !before || here[0] !== before[0] || here[1] !== before[1];
  });
}
