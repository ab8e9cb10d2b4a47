// The manuals hold: every numbered step of every manual is walked through the real program, and what it names is on its screen.
// With MANUALS_OUT=FOLDER the pictures are taken on the way (`make manuals`), otherwise the steps are only walked.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { startCity } from "../lib/city.mjs";
import { KEYS, named, readManual, sectionsOf, taken } from "../manuals/lib/markdown.mjs";
import { walk, Windows } from "../manuals/lib/walk.mjs";

const SCRIPTS = join(dirname(fileURLToPath(import.meta.url)), "../manuals");
const OUT = process.env["MANUALS_OUT"];
// While one chapter is written: only this manual, only this chapter, with the pictures of the others as they were.
const ONLY = process.env["MANUALS_ONLY"];
const CHAPTER = process.env["MANUALS_CHAPTER"];

test("every section for staff and operators is in some manual, and every file is read", () => {
  for (const key of KEYS) readManual(key);
  for (const file of ["docs/clerks.md", "docs/operators.md", "docs/upgrade.md"]) {
    for (const title of sectionsOf(file)) assert.ok(taken.has(`${file}#${title}`), `no manual takes in 「${title}」 of ${file}`);
  }
});

test("what a step names is told from what it brings about", () => {
  const step = [{ t: /** @type {const} */ ("text"), s: "「保存する」を押します。「保存しました」と出ます。" }];
  assert.deepEqual(named(step), [{ label: "保存する", later: false }, { label: "保存しました", later: true }]);
});

for (const key of KEYS.filter((key) => ONLY === undefined || key === ONLY)) {
  const manual = readManual(key);
  test(`${manual.title}`, { timeout: 1_800_000 }, async (t) => {
    const scripts = readdirSync(join(SCRIPTS, key)).filter((name) => name.endsWith(".mjs")).map((name) => name.replace(/\.mjs$/, ""));
    const files = manual.chapters.map((chapter) => chapter.file);
    assert.deepEqual(scripts.filter((name) => name !== "setup" && !files.includes(name)), [], "scripts of chapters that are not there");
    const out = OUT && join(OUT, key);
    if (out) {
      if (!CHAPTER) rmSync(out, { recursive: true, force: true });
      mkdirSync(out, { recursive: true });
    }
    const city = await startCity(t, { residents: 500 });
    const windows = new Windows(t, city);
    if (scripts.includes("setup")) await (await script(key, "setup")).setup(city, windows);
    /** What each procedure showed, by chapter and place in it. @type {Record<string, import("../manuals/lib/walk.mjs").Look[]>} */
    const looks = out && CHAPTER ? JSON.parse(readFileSync(join(out, "looks.json"), "utf8")) : {};
    for (const [number, chapter] of manual.chapters.entries()) {
      /** @type {import("../manuals/lib/walk.mjs").Walks} */
      const walks = existsSync(join(SCRIPTS, key, `${chapter.file}.mjs`)) ? (await script(key, chapter.file)).walks : {};
      const procedures = chapter.blocks.filter((block) => block.k === "steps");
      const headings = procedures.map((block) => String(block.procedure));
      assert.deepEqual(Object.keys(walks).filter((name) => !headings.includes(name)), [], `${chapter.file}: walked, but not in the text`);
      assert.equal(new Set(headings).size, headings.length, `${chapter.file}: two procedures under one heading`);
      if (CHAPTER && chapter.file !== CHAPTER) continue;
      for (const [index, block] of procedures.entries()) {
        const place = `${manual.title} ${number + 1}章「${block.procedure}」`;
        await t.test(place, async () => {
          const walked = walks[String(block.procedure)];
          assert.ok(walked, `${place}: 手順を試すものが e2e/manuals/${key}/${chapter.file}.mjs にありません`);
          const stem = `${String(number + 1).padStart(2, "0")}-${index + 1}`;
          looks[`${chapter.file}/${index}`] = await walk({ place, steps: block.items ?? [], script: walked, windows, stem, out: out && join(out, "pictures") });
        });
      }
    }
    if (out) writeFileSync(join(out, "looks.json"), JSON.stringify(looks, null, 2));
  });
}

/** @param {string} key @param {string} name */
const script = (key, name) => import(pathToFileURL(join(SCRIPTS, key, `${name}.mjs`)).href);
