import assert from "node:assert/strict";
import { test } from "node:test";
import { usable } from "../src/draft";
import { type Control, readEntries, sameEntries, writeEntries } from "../src/entries";

function control(name: string, type: string, value: string, checked?: boolean): Control {
  return { name, type, value, disabled: false, ...(checked === undefined ? {} : { checked }) };
}

const form = (): Control[] => [
  control("pending", "hidden", "secret"),
  control("password", "password", "secret"),
  control("title", "text", "公園の点検"),
  control("days", "checkbox", "mon", true),
  control("days", "checkbox", "tue", false),
  control("kind", "radio", "a", false),
  control("kind", "radio", "b", true),
  control("file", "file", "C:\\fakepath\\a.png"),
];

test("keeps what was typed and chosen, never secrets or files", () => {
  assert.deepEqual(readEntries(form()), [["title", "公園の点検"], ["days", "mon"], ["kind", "b"]]);
});

test("puts entries back, unchecking what was not chosen", () => {
  const target = form();
  assert.equal(writeEntries(target, [["title", "別の題"], ["days", "tue"], ["kind", "a"]]), true);
  assert.deepEqual(readEntries(target), [["title", "別の題"], ["days", "tue"], ["kind", "a"]]);
});

test("putting back the same changes nothing", () => {
  const target = form();
  assert.equal(writeEntries(target, readEntries(target)), false);
});

test("repeated names keep their order", () => {
  const target = [control("tel", "text", ""), control("tel", "text", "")];
  writeEntries(target, [["tel", "1"], ["tel", "2"]]);
  assert.ok(sameEntries(readEntries(target), [["tel", "1"], ["tel", "2"]]));
});

test("a draft is offered only while young and on the same record", () => {
  const base: [string, string][] = [["title", "元"]];
  const kept = JSON.stringify({ at: 1000, base, entries: [["title", "新"]] });
  assert.deepEqual(usable(kept, base, 2000), [["title", "新"]]);
  assert.equal(usable(kept, base, 1000 + 8 * 86_400_000), null);
  assert.equal(usable(kept, [["title", "他の人が直した"]], 2000), null);
  assert.equal(usable("{broken", base, 2000), null);
  assert.equal(usable(null, base, 2000), null);
});
