import assert from "node:assert/strict";
import { test } from "node:test";
import { Drawing } from "../src/map/drawing";
import { bounds, type Part, partsOf, type Position, positions, read, toGeoJson, write } from "../src/map/geometry";
import { area, distance, measure, saidArea, saidLength } from "../src/map/measure";
import { snap } from "../src/map/snap";
import { selfCrossings, splitLine, splitPolygon } from "../src/map/split";

const square: Part = [[[0, 0], [4, 0], [4, 4], [0, 4]]];

test("what stands in a field is read in every way it is written", () => {
  assert.deepEqual(read("35.4378, 139.4269", "point"), [[[[139.4269, 35.4378]]]]);
  assert.deepEqual(read("北緯35.4378° 東経139.4269°", "point"), [[[[139.4269, 35.4378]]]]);
  assert.deepEqual(read("POINT(139.4269 35.4378)", "point"), [[[[139.4269, 35.4378]]]]);
  assert.deepEqual(read("MULTIPOINT((1 2), (3 4))", "point"), read("MULTIPOINT(1 2, 3 4)", "point"));
  assert.deepEqual(read("LINESTRING(1 2, 3 4.5)", "line"), [[[[1, 2], [3, 4.5]]]]);
  assert.deepEqual(read("35,139\n36,140", "line"), [[[[139, 35], [140, 36]]]]);
  assert.deepEqual(read("POLYGON((0 0, 4 0, 4 4, 0 4, 0 0))", "polygon"), [square]);
  assert.deepEqual(read("MULTIPOLYGON(((0 0, 4 0, 4 4, 0 0)), ((9 9, 10 9, 10 10, 9 9)))", "polygon")?.length, 2);
  assert.deepEqual(read('{"type":"Polygon","coordinates":[[[0,0],[4,0],[4,4],[0,4],[0,0]]]}', "polygon"), [square]);
  assert.deepEqual(read("", "line"), []);
});

test("what is no shape of the kind is refused, not guessed", () => {
  for (const [text, kind] of [
    ["139.4269, 35.4378", "point"], ["35.4", "point"], ["POINT(1 2)", "line"], ["POLYGON((0 0, 1 1))", "polygon"], ["{", "point"],
    ['{"type":"Point","coordinates":["a",2]}', "point"], ["LINESTRING(1 2, 3)", "line"], ["公園", "point"],
  ] as const) {
    assert.equal(read(text, kind), null, text);
  }
});

test("a text that was written is read back", () => {
  const hole: Part = [[[0, 0], [9, 0], [9, 9], [0, 9]], [[2, 2], [4, 2], [4, 4]]];
  for (const [parts, kind, text] of [
    [[[[[139.4269, 35.4378]]]], "point", "35.4378,139.4269"],
    [[[[[1, 2], [3, 4]]]], "line", "LINESTRING(1 2, 3 4)"],
    [[hole], "polygon", "POLYGON((0 0, 9 0, 9 9, 0 9, 0 0), (2 2, 4 2, 4 4, 2 2))"],
    [[square, [[[9, 9], [10, 9], [10, 10]]]], "polygon", "MULTIPOLYGON(((0 0, 4 0, 4 4, 0 4, 0 0)), ((9 9, 10 9, 10 10, 9 9)))"],
  ] as [Part[], "point" | "line" | "polygon", string][]) {
    assert.equal(write(parts, kind), text);
    assert.deepEqual(read(text, kind), parts);
  }
  assert.equal(write([], "line"), "");
  assert.deepEqual(bounds(positions([hole])), [0, 0, 9, 9]);
  assert.deepEqual(partsOf(toGeoJson([hole], "polygon") as never).map(({ part }) => part), [hole]);
});

test("lengths and areas agree with the plane zone of the city", () => {
  // In the plane zone IX (EPSG:6677, by Kawase's formula) these two places are 143.355 m apart.
  assert.ok(Math.abs(distance([139.4267, 35.4374], [139.4277, 35.4384]) - 143.355) < 0.03);
  const [x, y] = [139.43, 35.44];
  const ring: Position[] = [[x, y], [x + 0.001, y], [x + 0.001, y + 0.001], [x, y + 0.001]];
  const sides = distance(ring[0]!, ring[1]!) * distance(ring[1]!, ring[2]!);
  assert.ok(Math.abs(area(ring) - sides) / sides < 1e-4);
  const inner: Position[] = [[x + 0.0004, y + 0.0004], [x + 0.0006, y + 0.0004], [x + 0.0006, y + 0.0006], [x + 0.0004, y + 0.0006]];
  assert.ok(measure([[ring, inner]], "polygon").area < area(ring), "a hole is taken off");
  assert.deepEqual([saidLength(12.34), saidLength(1234), saidArea(99.9), saidArea(12_345)], ["12.3 m", "1.23 km", "99.9 ㎡", "12,345 ㎡（1.23 ha）"]);
});

test("a corner wins over an edge, and what is far away over neither", () => {
  const path = { points: [{ x: 0, y: 0 }, { x: 100, y: 0 }, { x: 100, y: 100 }], isRing: true };
  assert.deepEqual(snap({ x: 5, y: 4 }, [path], 10), { at: { x: 0, y: 0 }, to: "corner" });
  assert.deepEqual(snap({ x: 50, y: 4 }, [path], 10), { at: { x: 50, y: 0 }, to: "edge" });
  assert.equal(snap({ x: 50, y: 30 }, [path], 10), null);
  const open = snap({ x: 48, y: 52 }, [{ ...path, isRing: false }], 10);
  assert.equal(open, null, "an open path has no closing edge");
});

test("an area is cut in two by a line through it, and by no other", () => {
  const halves = splitPolygon(square, [2, -1], [2, 5]);
  assert.deepEqual(halves?.map(([ring]) => ring?.length), [4, 4]);
  assert.equal(splitPolygon(square, [5, -1], [5, 5]), null);
  assert.equal(splitPolygon(square, [2, 2], [2, 5]), null, "an end inside cuts nothing off");
  assert.equal(splitPolygon([square[0]!, [[1, 1], [2, 1], [2, 2]]], [3, -1], [3, 5]), null, "holes are left whole");
  assert.deepEqual(splitLine([[[0, 0], [1, 1], [2, 2]]], 1), [[[[0, 0], [1, 1]]], [[[1, 1], [2, 2]]]]);
  assert.equal(splitLine([[[0, 0], [1, 1]]], 0), null);
  assert.equal(selfCrossings(square[0]!).length, 0);
  assert.deepEqual(selfCrossings([[0, 0], [4, 4], [4, 0], [0, 4]]), [[2, 2]]);
});

test("a polygon is drawn corner by corner and closed at the first", () => {
  const drawing = new Drawing("polygon", true);
  drawing.begin();
  assert.equal(drawing.place([0, 0]), "corner");
  assert.equal(drawing.place([4, 0]), "corner");
  assert.equal(drawing.place([4, 0]), "too-few", "the same corner again finishes, but two are too few");
  assert.equal(drawing.finish(), false);
  assert.equal(drawing.place([4, 4]), "corner");
  assert.equal(drawing.place([0, 0]), "finished");
  assert.deepEqual(drawing.parts, [[[[0, 0], [4, 0], [4, 4]]]]);
  assert.equal(drawing.pending, null);
  assert.ok(drawing.canAdd);
});

test("every act can be undone and done again", () => {
  const drawing = new Drawing("line", true);
  drawing.begin();
  drawing.place([0, 0]);
  drawing.place([1, 1]);
  drawing.place([2, 2]);
  assert.equal(drawing.removeLast(), 2);
  drawing.undo();
  assert.equal(drawing.pending?.length, 3);
  drawing.finish();
  assert.ok(drawing.splitAt({ part: 0, ring: 0, index: 1 }));
  assert.equal(drawing.parts.length, 2);
  drawing.undo();
  drawing.move({ part: 0, ring: 0, index: 1 }, [5, 5]);
  drawing.move({ part: 0, ring: 0, index: 1 }, [6, 6], true);
  drawing.undo();
  assert.deepEqual(drawing.parts[0], [[[0, 0], [1, 1], [2, 2]]], "a drag is one act");
  drawing.redo();
  assert.deepEqual(drawing.parts[0]?.[0]?.[1], [6, 6]);
  while (drawing.canUndo) drawing.undo();
  assert.ok(drawing.isEmpty);
});

test("with its last corner a part goes, and a point is replaced unless several are wanted", () => {
  const drawing = new Drawing("polygon", false);
  drawing.load([[[[0, 0], [4, 0], [4, 4]]]]);
  assert.equal(drawing.canAdd, false);
  assert.equal(drawing.remove({ part: 0, ring: 0, index: 0 }), 0);
  assert.equal(drawing.parts.length, 0);
  const one = new Drawing("point", false);
  one.place([1, 1]);
  one.place([2, 2]);
  assert.deepEqual(one.parts, [[[[2, 2]]]]);
  const several = new Drawing("point", true);
  several.place([1, 1]);
  several.place([2, 2]);
  assert.equal(several.parts.length, 2);
});
