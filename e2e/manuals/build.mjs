// Sets the manuals as PDF: the text of docs/manuals with the pictures that the walk has taken, by the program's own typesetter.
//
//   node e2e/manuals/build.mjs WALKED OUT
//
// WALKED is the folder that the walk (`MANUALS_OUT`) has filled; KAWASEMI_TEST_BIN names the program. SOURCE_DATE_EPOCH, or the
// last commit, gives the date on the cover; where there is neither (an unpacked archive of the source), it is today's.

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { binary } from "../lib/city.mjs";
import { KEYS, readManual } from "./lib/markdown.mjs";
import { markTerms } from "./lib/terms.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
const [walked, out] = process.argv.slice(2).map((path) => resolve(path));
if (!walked || !out) {
  console.error("使い方: node e2e/manuals/build.mjs 歩いた結果のフォルダー 出力先");
  process.exit(2);
}
const program = binary();
const version = execFileSync(program, ["--version"], { encoding: "utf8" }).trim().split(" ").pop();
const epoch = Number(process.env["SOURCE_DATE_EPOCH"] ?? lastCommit());
const date = new Intl.DateTimeFormat("ja-JP-u-ca-japanese", { era: "long", year: "numeric", month: "long", day: "numeric", timeZone: "Asia/Tokyo" })
  .format(new Date(epoch * 1000));

mkdirSync(out, { recursive: true });
const only = process.env["MANUALS_ONLY"];
for (const key of KEYS.filter((key) => only === undefined || key === only)) {
  const manual = readManual(key);
  const folder = join(walked, key);
  /** @type {Record<string, import("./lib/walk.mjs").Look[]>} */
  const looks = JSON.parse(readFileSync(join(folder, "looks.json"), "utf8"));
  const terms = markTerms(manual);
  const chapters = manual.chapters.map((chapter, number) => {
    let procedure = 0;
    let picture = 0;
    const blocks = chapter.blocks.map((block) => {
      if (block.k !== "steps") return block;
      const seen = looks[`${chapter.file}/${procedure++}`];
      if (!seen) throw new Error(`${manual.title} 「${block.procedure}」: この手順は、まだ試していません`);
      return { k: "steps", groups: grouped(block.items ?? [], seen, () => `${number + 1}-${++picture}`) };
    });
    return { title: chapter.title, blocks };
  });
  const data = { title: manual.title, version, date, front: withSigns(manual.front), chapters: withSigns(chapters), terms };
  writeFileSync(join(folder, "data.json"), JSON.stringify(data));
  mkdirSync(join(folder, "pictures"), { recursive: true });
  const file = join(out, `${manual.title}.pdf`);
  execFileSync(program, [
    "print", "template", join(HERE, "manual.typ"), "--data", join(folder, "data.json"), "--assets", join(folder, "pictures"),
    "--title", `カワセミ ${manual.title}`, "--at", String(epoch), "--out", file,
  ], { stdio: "inherit" });
}

/**
 * The same with what the printer refuses as a character put as a sign for the template to draw: a ticked box, which no font of
 * prints has, and 〓, which in a record is the trace of a lost character; a manual may speak of both.
 *
 * @template T
 * @param {T} value
 * @returns {T}
 */
function withSigns(value) {
  if (Array.isArray(value)) return /** @type {T} */ (value.flatMap((item) => (isPiece(item) ? signs(item) : [withSigns(item)])));
  if (value === null || typeof value !== "object") return value;
  return /** @type {T} */ (Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withSigns(inner)])));
}

/** @param {unknown} item @returns {item is import("./lib/markdown.mjs").Piece} */
function isPiece(item) {
  return typeof item === "object" && item !== null && "t" in item && "s" in item;
}

/** @param {import("./lib/markdown.mjs").Piece} piece */
function signs({ t, s }) {
  const parts = s.split(/([☑〓])/).filter((part) => part !== "");
  return parts.map((part) => (part === "☑" ? { t: "sign", s: "ticked" } : part === "〓" ? { t: "sign", s: "lost" } : { t, s: part }));
}

/** When the tree was last committed, in seconds; now, where git doesn't know it. */
function lastCommit() {
  try {
    return execFileSync("git", ["log", "-1", "--format=%ct"], { cwd: HERE, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return Math.floor(Date.now() / 1000);
  }
}

/**
 * The steps with the pictures behind them: those that one picture shows are one group, which stays on a page.
 *
 * @param {import("./lib/markdown.mjs").Piece[][]} steps
 * @param {import("./lib/walk.mjs").Look[]} looks
 * @param {() => string} next the number of the next picture
 */
function grouped(steps, looks, next) {
  const groups = [];
  let from = 0;
  for (const look of looks) {
    const pictures = look.pictures.map((picture) => ({ ...picture, number: next() }));
    groups.push({ start: from + 1, steps: steps.slice(from, look.after), pictures });
    from = Math.max(from, look.after);
  }
  if (from < steps.length) groups.push({ start: from + 1, steps: steps.slice(from), pictures: [] });
  return groups;
}
