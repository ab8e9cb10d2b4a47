/**
 * Drawing with the keyboard: a cross that the arrow keys move over the map, and keys for every act. The map takes these keys only
 * while it has the focus, and Tab always leaves it.
 */

import type { Map as MapLibre } from "maplibre-gl";
import type { Position } from "./geometry";
import { element } from "./stage";

export interface Acts {
  readonly enter: (position: Position) => void;
  readonly back: () => void;
  readonly escape: () => void;
  readonly finish: () => void;
  readonly undo: () => void;
  readonly redo: () => void;
  readonly moved: (position: Position) => void;
}

/** Pixels of a step, and of a small one with Shift. */
const STEP = 20;
const SMALL_STEP = 2;
/** Pixels from the edge at which the map moves along. */
const EDGE = 48;

const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
};

export class Crosshair {
  private readonly cross = element("div", "map-cross");
  private x = 0;
  private y = 0;
  private isPlaced = false;

  constructor(
    private readonly map: MapLibre,
    private readonly acts: Acts,
  ) {}

  start(): void {
    const canvas = this.map.getCanvas();
    // The map's own keys move the map; here they move the cross.
    this.map.keyboard.disable();
    this.cross.hidden = true;
    this.cross.setAttribute("aria-hidden", "true");
    this.map.getCanvasContainer().append(this.cross);
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("focus", () => {
      if (canvas.matches(":focus-visible")) this.appear();
    });
    canvas.addEventListener("blur", () => {
      this.cross.hidden = true;
    });
    this.map.on("resize", () => {
      this.isPlaced = false;
    });
  }

  private appear(): void {
    if (!this.isPlaced) {
      const { clientWidth, clientHeight } = this.map.getCanvas();
      [this.x, this.y, this.isPlaced] = [clientWidth / 2, clientHeight / 2, true];
    }
    this.cross.hidden = false;
    this.put();
  }

  private put(): void {
    this.cross.style.left = `${this.x}px`;
    this.cross.style.top = `${this.y}px`;
  }

  private position(): Position {
    const { lng, lat } = this.map.unproject([this.x, this.y]);
    return [lng, lat];
  }

  private key(event: KeyboardEvent): void {
    if (!this.handles(event)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  private handles(event: KeyboardEvent): boolean {
    const key = event.key;
    if (event.ctrlKey || event.metaKey) {
      if (key.toLowerCase() === "z") event.shiftKey ? this.acts.redo() : this.acts.undo();
      else if (key.toLowerCase() === "y") this.acts.redo();
      else return false;
      return true;
    }
    if (event.altKey) return false;
    const arrow = ARROWS[key];
    if (arrow) {
      this.appear();
      this.move(arrow, event.shiftKey ? SMALL_STEP : STEP);
      return true;
    }
    switch (key) {
      case "Enter":
      case " ":
        this.appear();
        this.acts.enter(this.position());
        return true;
      case "Backspace":
      case "Delete":
        this.acts.back();
        return true;
      case "Escape":
        this.acts.escape();
        return true;
      case "f":
      case "F":
        this.acts.finish();
        return true;
      case "+":
      case "=":
      case "-":
        this.map.easeTo({ zoom: this.map.getZoom() + (key === "-" ? -1 : 1), around: this.map.unproject([this.x, this.y]), duration: 0 });
        return true;
      default:
        return false;
    }
  }

  private move([dx, dy]: readonly [number, number], step: number): void {
    const { clientWidth, clientHeight } = this.map.getCanvas();
    const [x, y] = [this.x + dx * step, this.y + dy * step];
    // Near the edge the map goes along instead, so that the cross never leaves it.
    const [overX, overY] = [beyond(x, clientWidth), beyond(y, clientHeight)];
    if (overX !== 0 || overY !== 0) this.map.panBy([overX, overY], { animate: false });
    [this.x, this.y] = [x - overX, y - overY];
    this.put();
    this.acts.moved(this.position());
  }
}

/** How far a coordinate is beyond the margin of an extent. */
function beyond(at: number, extent: number): number {
  const margin = Math.min(EDGE, extent / 4);
  if (at < margin) return at - margin;
  return at > extent - margin ? at - (extent - margin) : 0;
}
