/**
 * A map beside a geometry's input. What is drawn is written into the input, and what is typed there is drawn: the input is the truth,
 * so that a draft, a form that comes back with mistakes, and a browser without a map all work alike.
 */

import type { GeoJSONSource, MapMouseEvent, MapTouchEvent } from "maplibre-gl";
import { announce } from "../live";
import { type Corner, Drawing } from "./drawing";
import { bounds, FEWEST, type Kind, type Part, partsOf, type Position, positions, read, toGeoJson, write } from "./geometry";
import { Crosshair } from "./crosshair";
import { Shown } from "./layers";
import { measure, saidArea, saidLength } from "./measure";
import type { PickerSettings } from "./settings";
import { apart, type Path, type Pixel, snap, type Snapped } from "./snap";
import { selfCrossings } from "./split";
import { button, element, note, sayKeys, show, stage, type Stage } from "./stage";

/** Pixels within which a pointer takes hold of a corner: the size of a fingertip. */
const GRASP = 22;
/** Pixels within which a new corner snaps to another shape. */
const SNAP = 14;
/** Positions of other shapes that are looked at for snapping. */
const SNAPPED_TO = 4000;
const INK = "#0017c1";

export async function startPicker(holder: HTMLElement, frame: HTMLElement, settings: PickerSettings): Promise<void> {
  const input = document.getElementById(settings.input);
  if (!(input instanceof HTMLInputElement || input instanceof HTMLTextAreaElement)) throw new Error(`no input ${settings.input}`);
  const made = await stage(holder, frame, settings, false);
  new Picker(made, settings, input).start();
  holder.dataset["mapReady"] = "";
}

type Mode = "draw" | "split";

class Picker {
  private readonly drawing: Drawing;
  private readonly kind: Kind;
  private readonly layers: Shown[];
  private readonly crosshair: Crosshair;
  private mode: Mode = "draw";
  /** The first end of a cut. */
  private cut: Position | null = null;
  /** Where the pointer or the crosshair is while something is being drawn. */
  private hover: Position | null = null;
  private written = "";
  private readonly tools: Record<string, HTMLButtonElement> = {};
  private readonly hint = element("p", "map-hint");
  private readonly said = element("output", "map-measure");

  constructor(
    private readonly stage: Stage,
    settings: PickerSettings,
    private readonly input: HTMLInputElement | HTMLTextAreaElement,
  ) {
    this.kind = settings.shape === "any" ? "polygon" : settings.shape;
    this.drawing = new Drawing(this.kind, settings.multiple);
    this.layers = settings.layers.map((layer) => new Shown(stage, layer, () => {}));
    this.crosshair = new Crosshair(stage.map, {
      enter: (position) => this.act(position),
      back: () => this.removeLast(),
      escape: () => this.cancel(),
      finish: () => this.finish(),
      undo: () => this.undo(),
      redo: () => this.redo(),
      moved: (position) => this.follow(position),
    });
  }

  start(): void {
    this.layers.forEach((layer) => layer.add());
    this.addStyle();
    this.addTools();
    this.watchInput();
    this.watchPointer();
    this.crosshair.start();
    this.take(true);
  }

  // ---- The input -------------------------------------------------------------------------------------------------------------

  /** Draws what stands in the input. */
  private take(isFirst: boolean): void {
    const parts = read(this.input.value, this.kind);
    note(this.stage, "not-read", parts ? "" : this.stage.words.say("not-read"));
    this.drawing.load(parts ?? []);
    this.written = this.input.value;
    if (this.kind !== "point" && this.drawing.isEmpty && parts) this.drawing.begin();
    const extent = bounds(positions(this.drawing.parts));
    if (extent && isFirst) show(this.stage.map, extent, 17);
    this.draw();
  }

  private watchInput(): void {
    for (const event of ["input", "change", "restore"]) {
      this.input.addEventListener(event, () => {
        if (this.input.value === this.written) return;
        this.take(true);
      });
    }
  }

  /** Writes what is drawn into the input, and tells the form. */
  private put(): void {
    const text = write(this.drawing.parts, this.kind);
    if (text !== this.input.value) {
      this.written = text;
      this.input.value = text;
      this.input.dispatchEvent(new Event("input", { bubbles: true }));
    }
    note(this.stage, "not-read", "");
    this.draw();
  }

  // ---- Acts, each for pointer and keyboard -----------------------------------------------------------------------------------

  /** Presses the map at a position: takes hold of a corner, sets one, or cuts. */
  private act(position: Position): void {
    if (this.mode === "split") return this.actSplit(position);
    const { drawing } = this;
    if (drawing.pending === null && this.kind !== "point") return this.actOnCorner(position);
    if (this.kind === "point" && drawing.isMultiple && this.actOnPoint(position)) return;
    const [at, snapped] = this.snapped(position);
    const reach = (one: Position, other: Position): boolean => apart(this.pixel(one), this.pixel(other)) <= SNAP;
    const placed = drawing.place(at, reach);
    const { words } = this.stage;
    const tail = snapped ? `。${words.say("said-snapped")}` : "";
    if (placed === "set") announce(words.say("said-point", { place: this.place(at) }) + tail);
    else if (placed === "finished") announce(words.say("said-finished"));
    else if (placed === "too-few") announce(words.say("said-too-few"));
    else announce(words.say("said-vertex", { count: String(drawing.pending?.length ?? 0) }) + tail);
    this.put();
  }

  /** Takes hold of the corner at a position, sets down the one that is held, or adds one on an edge. */
  private actOnCorner(position: Position): void {
    const { drawing, stage: { words } } = this;
    const held = drawing.selected;
    const near = this.cornerAt(this.pixel(position));
    if (held && !near) {
      drawing.move(held, this.snapped(position, held)[0]);
      drawing.selected = null;
      announce(words.say("said-moved"));
      return this.put();
    }
    if (near) {
      const isSame = held && held.part === near.part && held.ring === near.ring && held.index === near.index;
      drawing.selected = isSame ? null : near;
      if (!isSame) announce(words.say("said-picked"));
      return this.draw();
    }
    const edge = this.middleAt(this.pixel(position));
    if (!edge) return;
    drawing.selected = drawing.insert(edge, position);
    this.put();
  }

  /** With several points, pressing one selects it, so that it can be removed. */
  private actOnPoint(position: Position): boolean {
    const near = this.cornerAt(this.pixel(position));
    if (!near) {
      this.drawing.selected = null;
      return false;
    }
    this.drawing.selected = near;
    announce(this.stage.words.say("said-picked"));
    this.draw();
    return true;
  }

  private actSplit(position: Position): void {
    const { drawing, stage: { words } } = this;
    if (this.kind === "line") {
      const corner = this.cornerAt(this.pixel(position));
      if (!corner) return;
      this.endSplit(drawing.splitAt(corner));
      return;
    }
    if (!this.cut) {
      this.cut = position;
      announce(words.say("said-vertex", { count: "1" }));
      return this.draw();
    }
    this.endSplit(drawing.splitBy(this.cut, position));
  }

  private endSplit(done: boolean): void {
    const { words } = this.stage;
    this.mode = "draw";
    this.cut = null;
    announce(words.say(done ? "said-split" : "split-failed"));
    note(this.stage, "split", done ? "" : words.say("split-failed"));
    this.put();
  }

  private removeLast(): void {
    const left = this.drawing.removeLast();
    if (left === null) return;
    announce(this.stage.words.say("said-removed", { count: String(left) }));
    this.put();
  }

  private finish(): void {
    const { words } = this.stage;
    if (this.drawing.pending === null) return;
    const done = this.drawing.finish();
    announce(words.say(done ? "said-finished" : "said-too-few"));
    note(this.stage, "few", done ? "" : words.say("said-too-few"));
    this.put();
  }

  private cancel(): void {
    this.mode = "draw";
    this.cut = null;
    if (this.drawing.cancel() || this.hover) announce(this.stage.words.say("said-cancelled"));
    this.hover = null;
    this.put();
  }

  private undo(): void {
    if (!this.drawing.undo()) return;
    announce(this.stage.words.say("said-undone"));
    this.put();
  }

  private redo(): void {
    if (!this.drawing.redo()) return;
    announce(this.stage.words.say("said-redone"));
    this.put();
  }

  private clear(): void {
    this.drawing.clear();
    this.drawing.begin();
    announce(this.stage.words.say("said-cleared"));
    this.put();
  }

  private beginSplit(): void {
    this.mode = "split";
    this.drawing.selected = null;
    note(this.stage, "split", "");
    this.draw();
  }

  // ---- The pointer -----------------------------------------------------------------------------------------------------------

  private watchPointer(): void {
    const { map } = this.stage;
    let dragged: Corner | null = null;
    let hasMoved = false;
    let suppressed = false;
    const begin = (event: MapMouseEvent | MapTouchEvent): void => {
      if (this.mode === "split" || this.drawing.pending !== null) return;
      if ("touches" in event.originalEvent && event.originalEvent.touches.length !== 1) return;
      dragged = this.cornerAt(event.point) ?? this.pulledOut(event.point, event.lngLat.toArray());
      hasMoved = false;
      if (dragged) event.preventDefault();
    };
    const go = (event: MapMouseEvent | MapTouchEvent): void => {
      if (!dragged) {
        this.follow(event.lngLat.toArray());
        return;
      }
      this.drawing.move(dragged, this.snapped(event.lngLat.toArray(), dragged)[0], hasMoved);
      hasMoved = true;
      this.draw();
    };
    const end = (): void => {
      suppressed = dragged !== null && hasMoved;
      if (suppressed) {
        announce(this.stage.words.say("said-moved"));
        this.put();
      }
      dragged = null;
    };
    map.on("mousedown", begin);
    map.on("touchstart", begin);
    map.on("mousemove", go);
    map.on("touchmove", go);
    map.on("mouseup", end);
    map.on("touchend", end);
    map.on("touchcancel", end);
    map.on("click", (event) => {
      // The click that ends a drag is no press.
      if (suppressed) {
        suppressed = false;
        return;
      }
      this.act(event.lngLat.toArray());
    });
    // A double click means "finish" while drawing, not "zoom".
    map.on("dblclick", (event) => {
      if (this.drawing.pending !== null) event.preventDefault();
    });
  }

  /** A new corner out of the middle of an edge, where that is what was taken hold of. */
  private pulledOut(point: Pixel, position: Position): Corner | null {
    const edge = this.middleAt(point);
    return edge ? this.drawing.insert(edge, position) : null;
  }

  /** Shows where the next corner would be. */
  private follow(position: Position): void {
    const isDrawing = this.drawing.pending !== null && this.drawing.pending.length > 0;
    if (!isDrawing && !this.cut) {
      if (this.hover) {
        this.hover = null;
        this.draw();
      }
      return;
    }
    this.hover = this.snapped(position)[0];
    this.draw();
  }

  // ---- What is near ----------------------------------------------------------------------------------------------------------

  private pixel(position: Position): Pixel {
    return this.stage.map.project([position[0], position[1]]);
  }

  private position({ x, y }: Pixel): Position {
    const { lng, lat } = this.stage.map.unproject([x, y]);
    return [lng, lat];
  }

  private place([longitude, latitude]: Position): string {
    return this.stage.words.say("said-place", { lat: latitude.toFixed(5), lon: longitude.toFixed(5) });
  }

  private cornerAt(point: Pixel): Corner | null {
    let found: Corner | null = null;
    let nearest = GRASP;
    this.drawing.parts.forEach((rings, part) => {
      rings.forEach((ring, ringAt) => {
        ring.forEach((position, index) => {
          const off = apart(point, this.pixel(position));
          if (off <= nearest) [found, nearest] = [{ part, ring: ringAt, index }, off];
        });
      });
    });
    return found;
  }

  /** The corner before the edge whose middle is at a pixel. */
  private middleAt(point: Pixel): Corner | null {
    for (const { corner, at } of this.middles()) if (apart(point, this.pixel(at)) <= GRASP) return corner;
    return null;
  }

  private *middles(): Generator<{ corner: Corner; at: Position }> {
    if (this.kind === "point") return;
    for (const [part, rings] of this.drawing.parts.entries()) {
      for (const [ringAt, ring] of rings.entries()) {
        for (const [index, here] of ring.entries()) {
          const next = ring[index + 1] ?? (this.kind === "polygon" ? ring[0] : undefined);
          if (!next) continue;
          // On the screen, since the middle in degrees is not in the middle of a long edge.
          const [one, other] = [this.pixel(here), this.pixel(next)];
          if (apart(one, other) < 2 * GRASP) continue;
          const at = this.position({ x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 });
          yield { corner: { part, ring: ringAt, index }, at };
        }
      }
    }
  }

  /** A position moved to a corner or edge of another shape nearby. */
  private snapped(position: Position, without?: Corner): [Position, Snapped | null] {
    const pixel = this.pixel(position);
    const found = snap(pixel, [...this.otherPaths(without)], SNAP);
    return found ? [this.position(found.at), found] : [position, null];
  }

  private *otherPaths(without?: Corner): Generator<Path> {
    let left = SNAPPED_TO;
    for (const layer of this.layers) {
      for (const { geometry } of layer.visible()) {
        for (const { kind, part } of partsOf(geometry)) {
          for (const ring of part) {
            left -= ring.length;
            if (left < 0) return;
            yield { points: ring.map((position) => this.pixel(position)), isRing: kind === "polygon" };
          }
        }
      }
    }
    if (this.kind === "point") return;
    for (const [index, part] of this.drawing.parts.entries()) {
      if (index === without?.part) continue;
      for (const ring of part) yield { points: ring.map((position) => this.pixel(position)), isRing: this.kind === "polygon" };
    }
  }

  // ---- What is seen ----------------------------------------------------------------------------------------------------------

  private addTools(): void {
    const { words, bar } = this.stage;
    const group = element("div", "map-tools");
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", this.stage.map.getCanvas().getAttribute("aria-label") ?? "");
    const add = (key: string, act: () => void): void => {
      const made = button(words.say(`tool-${key}`), act);
      this.tools[key] = made;
      group.append(made);
    };
    add("finish", () => this.finish());
    add("add", () => {
      this.drawing.begin();
      this.draw();
      this.stage.map.getCanvas().focus();
    });
    add("cancel", () => this.cancel());
    add("delete", () => this.removeLast());
    add("undo", () => this.undo());
    add("redo", () => this.redo());
    if (this.kind !== "point" && this.drawing.isMultiple) add("split", () => this.beginSplit());
    add("clear", () => this.clear());
    this.hint.id = `${this.input.id}-map-hint`;
    const canvas = this.stage.map.getCanvas();
    canvas.setAttribute("role", "application");
    canvas.setAttribute("aria-describedby", this.hint.id);
    bar.append(this.hint, group, this.said);
    sayKeys(this.stage.map, bar, words.say("keys-draw"), `${this.input.id}-map-keys`);
  }

  private draw(): void {
    const { drawing } = this;
    this.drawTools();
    const pending = drawing.pending ?? [];
    const path = this.hover && pending.length > 0 ? [...pending, this.hover] : pending;
    const features = [
      feature(toGeoJson(drawing.parts, this.kind), "shape"),
      ...(path.length > 1 ? [feature({ type: "LineString", coordinates: path }, "pending")] : []),
      ...(this.kind === "polygon" && path.length > 2 ? [feature({ type: "Polygon", coordinates: [[...path, path[0]]] }, "pending")] : []),
      ...pending.map((position) => feature(point(position), "corner")),
      ...(this.kind === "point" ? this.corners() : pending.length === 0 ? [...this.corners(), ...this.middlePoints()] : []),
      ...this.crossings().map((position) => feature(point(position), "crossing")),
      ...(this.cut ? [feature(point(this.cut), "corner")] : []),
      ...(this.cut && this.hover ? [feature({ type: "LineString", coordinates: [this.cut, this.hover] }, "cut")] : []),
    ];
    this.stage.map.getSource<GeoJSONSource>("drawing")?.setData({ type: "FeatureCollection", features } as never);
  }

  private corners(): object[] {
    const { selected } = this.drawing;
    const all: object[] = [];
    this.drawing.parts.forEach((rings, part) => {
      rings.forEach((ring, ringAt) => {
        ring.forEach((position, index) => {
          const isSelected = selected?.part === part && selected.ring === ringAt && selected.index === index;
          all.push(feature(point(position), isSelected ? "selected" : "corner"));
        });
      });
    });
    return all;
  }

  private middlePoints(): object[] {
    return [...this.middles()].map(({ at }) => feature(point(at), "middle"));
  }

  private crossings(): Position[] {
    if (this.kind !== "polygon") return [];
    const found = this.drawing.parts.flatMap((part) => part.flatMap((ring) => selfCrossings(ring)));
    note(this.stage, "crosses", found.length > 0 ? this.stage.words.say("crosses") : "");
    return found;
  }

  private drawTools(): void {
    const { drawing, tools, stage: { words } } = this;
    const isDrawing = drawing.pending !== null && this.kind !== "point";
    const count = drawing.pending?.length ?? 0;
    const seen: Record<string, boolean> = {
      finish: isDrawing && count > 0,
      add: !isDrawing && this.mode === "draw" && this.kind !== "point" && drawing.canAdd,
      cancel: this.mode === "split" || (isDrawing && (count > 0 || drawing.parts.length > 0)),
      delete: count > 0 || drawing.selected !== null,
      undo: drawing.canUndo,
      redo: drawing.canRedo,
      split: !isDrawing && this.mode === "draw" && drawing.parts.length > 0,
      clear: drawing.parts.length > 0,
    };
    for (const [key, made] of Object.entries(tools)) made.hidden = !seen[key];
    const finish = tools["finish"];
    if (finish) finish.disabled = count < FEWEST[this.kind];
    const add = tools["add"];
    if (add) add.textContent = words.say(drawing.parts.length > 0 ? "tool-add" : "tool-draw");
    const hint = this.mode === "split" ? (this.kind === "line" ? "split-here" : "split-hint")
      : isDrawing || this.kind === "point" ? `draw-${this.kind}` : "edit-hint";
    this.hint.textContent = words.say(hint);
    this.said.textContent = this.measured();
  }

  /** Length and area, of what is being drawn while it is. */
  private measured(): string {
    const { drawing, stage: { words } } = this;
    if (this.kind === "point") return "";
    const pending = drawing.pending ?? [];
    const path = this.hover && pending.length > 0 ? [...pending, this.hover] : pending;
    const parts: readonly Part[] = path.length > 1 ? [[path]] : drawing.parts;
    if (parts.length === 0) return "";
    const isOpen = this.kind === "line" || (path.length > 1 && path.length < 3);
    const { length, area } = measure(parts, isOpen ? "line" : this.kind);
    if (isOpen) return words.say("length", { value: saidLength(length) });
    return [words.say("area", { value: saidArea(area) }), words.say("perimeter", { value: saidLength(length) })].join("　");
  }

  private addStyle(): void {
    const { map } = this.stage;
    const are = (...roles: string[]) => ["in", ["get", "role"], ["literal", roles]] as never;
    const colour = ["match", ["get", "role"], "crossing", "#ce0000", "cut", "#ce0000", INK] as never;
    map.addSource("drawing", { type: "geojson", data: { type: "FeatureCollection", features: [] } });
    map.addLayer({ id: "drawing-fill", type: "fill", source: "drawing", filter: ["all", are("shape", "pending"), ["==", ["geometry-type"], "Polygon"]] as never, paint: { "fill-color": INK, "fill-opacity": 0.2 } });
    map.addLayer({ id: "drawing-halo", type: "line", source: "drawing", filter: are("shape", "pending", "cut"), layout: { "line-join": "round", "line-cap": "round" }, paint: { "line-color": "#ffffff", "line-width": 6, "line-opacity": 0.8 } });
    map.addLayer({ id: "drawing-line", type: "line", source: "drawing", filter: are("shape", "pending", "cut"), layout: { "line-join": "round", "line-cap": "round" }, paint: { "line-color": colour, "line-width": 3 } });
    map.addLayer({ id: "drawing-middle", type: "circle", source: "drawing", filter: are("middle"), paint: { "circle-radius": 5, "circle-color": "#ffffff", "circle-stroke-color": INK, "circle-stroke-width": 1.5, "circle-opacity": 0.9 } });
    map.addLayer({ id: "drawing-corner", type: "circle", source: "drawing", filter: are("corner", "crossing"), paint: { "circle-radius": this.kind === "point" ? 10 : 7, "circle-color": colour, "circle-stroke-color": "#ffffff", "circle-stroke-width": 2.5 } });
    map.addLayer({ id: "drawing-selected", type: "circle", source: "drawing", filter: are("selected"), paint: { "circle-radius": 10, "circle-color": "#ffffff", "circle-stroke-color": "#ce0000", "circle-stroke-width": 4 } });
  }
}

function point(position: Position): { type: string; coordinates: unknown } {
  return { type: "Point", coordinates: position };
}

function feature(geometry: { type: string; coordinates: unknown }, role: string): object {
  return { type: "Feature", geometry, properties: { role } };
}
