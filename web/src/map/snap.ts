/** To which corner or edge nearby a new point snaps. Everything here is in pixels of the map, so that near means near to the eye. */

export interface Pixel {
  readonly x: number;
  readonly y: number;
}

/** A path to which points may snap. */
export interface Path {
  readonly points: readonly Pixel[];
  readonly isRing: boolean;
}

export interface Snapped {
  readonly at: Pixel;
  readonly to: "corner" | "edge";
}

/** Where a point goes: to the nearest corner within reach, else to the nearest edge within reach, else nowhere. */
export function snap(point: Pixel, paths: readonly Path[], reach: number): Snapped | null {
  let corner: Pixel | null = null;
  let edge: Pixel | null = null;
  let [cornerAt, edgeAt] = [reach, reach];
  for (const { points, isRing } of paths) {
    points.forEach((here, index) => {
      const off = apart(point, here);
      if (off <= cornerAt) [corner, cornerAt] = [here, off];
      const next = index + 1 < points.length ? points[index + 1] : isRing ? points[0] : undefined;
      if (!next) return;
      const foot = nearest(point, here, next);
      const footOff = apart(point, foot);
      if (footOff < edgeAt) [edge, edgeAt] = [foot, footOff];
    });
  }
  if (corner) return { at: corner, to: "corner" };
  return edge ? { at: edge, to: "edge" } : null;
}

/** The point of a stretch that is nearest to a point. */
export function nearest(point: Pixel, from: Pixel, to: Pixel): Pixel {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const squared = dx * dx + dy * dy;
  const share = squared === 0 ? 0 : ((point.x - from.x) * dx + (point.y - from.y) * dy) / squared;
  const held = Math.min(1, Math.max(0, share));
  return { x: from.x + held * dx, y: from.y + held * dy };
}

export function apart(one: Pixel, other: Pixel): number {
  return Math.hypot(one.x - other.x, one.y - other.y);
}
