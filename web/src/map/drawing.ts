/**
 * What is being drawn: a value with acts on it, without a map. Pointer and keyboard do the same acts, so that each has its path to
 * everything, and every act can be undone.
 */

import { FEWEST, type Kind, type Part, type Position } from "./geometry";
import { splitLine, splitPolygon } from "./split";

/** A corner: which part, which ring of it, which position. */
export interface Corner {
  readonly part: number;
  readonly ring: number;
  readonly index: number;
}

interface State {
  readonly parts: readonly Part[];
  /** The positions of what is not finished; none while nothing is being drawn. */
  readonly pending: readonly Position[] | null;
}

/** What placing a position did. */
export type Placed = "set" | "corner" | "finished" | "too-few";

const REMEMBERED = 200;

export class Drawing {
  private state: State = { parts: [], pending: null };
  private before: State[] = [];
  private after: State[] = [];
  selected: Corner | null = null;

  constructor(
    readonly kind: Kind,
    readonly isMultiple: boolean,
  ) {}

  get parts(): readonly Part[] {
    return this.state.parts;
  }

  get pending(): readonly Position[] | null {
    return this.state.pending;
  }

  get isEmpty(): boolean {
    return this.parts.length === 0 && (this.pending?.length ?? 0) === 0;
  }

  get canUndo(): boolean {
    return this.before.length > 0;
  }

  get canRedo(): boolean {
    return this.after.length > 0;
  }

  /** Whether one more may be drawn. */
  get canAdd(): boolean {
    return this.pending === null && (this.isMultiple || this.parts.length === 0);
  }

  /** Takes what stands in the field. It is where undoing begins. */
  load(parts: readonly Part[]): void {
    this.state = { parts, pending: null };
    this.selected = null;
    this.before = [];
    this.after = [];
  }

  /** Begins another line or area. A point needs no beginning. */
  begin(): void {
    if (this.kind !== "point" && this.canAdd) this.to({ ...this.state, pending: [] });
  }

  /** Sets a point, or the next corner of what is being drawn. A corner where the one before is finishes it. */
  place(position: Position, isSame: (one: Position, other: Position) => boolean = equal): Placed {
    if (this.kind === "point") {
      const parts = this.isMultiple ? [...this.parts, [[position]]] : [[[position]]];
      this.to({ parts, pending: null });
      return "set";
    }
    const pending = this.pending ?? [];
    const [first, last] = [pending[0], pending.at(-1)];
    const closes = this.kind === "polygon" && pending.length >= FEWEST.polygon && first && isSame(first, position);
    if (closes || (last && isSame(last, position))) return this.finish() ? "finished" : "too-few";
    this.to({ ...this.state, pending: [...pending, position] });
    return "corner";
  }

  /** Finishes what is being drawn. */
  finish(): boolean {
    const { parts, pending } = this.state;
    if (!pending || pending.length < FEWEST[this.kind]) return false;
    this.to({ parts: this.isMultiple ? [...parts, [pending]] : [[pending]], pending: null });
    return true;
  }

  /** Leaves what is being drawn. */
  cancel(): boolean {
    this.selected = null;
    if (this.pending === null) return false;
    this.to({ ...this.state, pending: null });
    return true;
  }

  /** Takes back the last corner, or removes the selected one. Answers how many are left. */
  removeLast(): number | null {
    const { pending } = this.state;
    if (pending && pending.length > 0) {
      this.to({ ...this.state, pending: pending.slice(0, -1) });
      return pending.length - 1;
    }
    return this.selected ? this.remove(this.selected) : null;
  }

  /** Removes a corner; with the last that a shape needs the part goes as well. Answers how many are left. */
  remove(corner: Corner): number | null {
    const ring = this.parts[corner.part]?.[corner.ring];
    if (!ring?.[corner.index]) return null;
    const rest = ring.filter((_, index) => index !== corner.index);
    const part = this.parts[corner.part] ?? [];
    let parts: Part[];
    if (rest.length >= FEWEST[this.kind]) parts = this.with(corner, rest);
    else if (corner.ring > 0) parts = replaced(this.parts, corner.part, part.filter((_, index) => index !== corner.ring));
    else parts = this.parts.filter((_, index) => index !== corner.part);
    this.selected = null;
    this.to({ ...this.state, parts });
    return rest.length >= FEWEST[this.kind] ? rest.length : 0;
  }

  /** Moves a corner. While it is dragged (`isStep`), only the first step can be undone. */
  move(corner: Corner, position: Position, isStep = false): void {
    const ring = this.parts[corner.part]?.[corner.ring];
    if (!ring?.[corner.index]) return;
    const parts = this.with(corner, ring.map((here, index) => (index === corner.index ? position : here)));
    if (isStep) this.state = { ...this.state, parts };
    else this.to({ ...this.state, parts });
  }

  /** Adds a corner after another one. */
  insert(after: Corner, position: Position): Corner | null {
    const ring = this.parts[after.part]?.[after.ring];
    if (!ring?.[after.index]) return null;
    const index = after.index + 1;
    this.to({ ...this.state, parts: this.with(after, [...ring.slice(0, index), position, ...ring.slice(index)]) });
    return { ...after, index };
  }

  /** Cuts the line at a corner. */
  splitAt(corner: Corner): boolean {
    const part = this.parts[corner.part];
    const halves = this.kind === "line" && this.isMultiple && part ? splitLine(part, corner.index) : null;
    if (!halves) return false;
    this.selected = null;
    this.to({ ...this.state, parts: this.parts.flatMap((each, index) => (index === corner.part ? halves : [each])) });
    return true;
  }

  /** Cuts the one area that a stretch crosses twice. */
  splitBy(from: Position, to: Position): boolean {
    if (this.kind !== "polygon" || !this.isMultiple) return false;
    const halves = this.parts.map((part) => splitPolygon(part, from, to));
    if (halves.filter(Boolean).length !== 1) return false;
    this.selected = null;
    this.to({ ...this.state, parts: this.parts.flatMap((part, index) => halves[index] ?? [part]) });
    return true;
  }

  clear(): void {
    this.selected = null;
    if (!this.isEmpty) this.to({ parts: [], pending: null });
  }

  undo(): boolean {
    return this.go(this.before, this.after);
  }

  redo(): boolean {
    return this.go(this.after, this.before);
  }

  private go(from: State[], back: State[]): boolean {
    const state = from.pop();
    if (!state) return false;
    back.push(this.state);
    this.state = state;
    this.selected = null;
    return true;
  }

  private to(state: State): void {
    this.before.push(this.state);
    if (this.before.length > REMEMBERED) this.before.shift();
    this.after = [];
    this.state = state;
  }

  private with(corner: Corner, ring: readonly Position[]): Part[] {
    const part = this.parts[corner.part] ?? [];
    return replaced(this.parts, corner.part, replaced(part, corner.ring, ring));
  }
}

function replaced<T>(list: readonly T[], at: number, item: T): T[] {
  return list.map((each, index) => (index === at ? item : each));
}

function equal(one: Position, other: Position): boolean {
  return one[0] === other[0] && one[1] === other[1];
}
