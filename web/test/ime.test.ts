import assert from "node:assert/strict";
import { test } from "node:test";
import { ConversionWatch } from "../src/ime";

const enter = { key: "Enter", isComposing: false, keyCode: 13 };

test("Enter within a conversion is swallowed", () => {
  const watch = new ConversionWatch();
  watch.begin();
  assert.equal(watch.swallows({ key: "Enter", isComposing: true, keyCode: 229 }, 100), true);
});

test("Safari's Enter after the conversion, key code 229, is swallowed and its submit is an echo", () => {
  const watch = new ConversionWatch();
  watch.begin();
  watch.end(100);
  assert.equal(watch.swallows({ ...enter, keyCode: 229 }, 101), true);
  assert.equal(watch.echoes(102), true);
});

test("the next Enter submits", () => {
  const watch = new ConversionWatch();
  watch.begin();
  watch.end(100);
  assert.equal(watch.swallows(enter, 400), false);
  assert.equal(watch.echoes(401), false);
});

test("other keys pass during a conversion", () => {
  const watch = new ConversionWatch();
  watch.begin();
  assert.equal(watch.swallows({ key: "ArrowDown", isComposing: true, keyCode: 229 }, 5), false);
});
