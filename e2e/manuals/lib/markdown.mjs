// Reads the text of a manual: chapters in Markdown, one file each, as blocks that the typesetter and the walk both use.
//
// - A numbered list in a chapter is a procedure: it belongs to the heading above it, each item is a step, and a script walks it.
// - A paragraph `→ [題](../../clerks.md#題)` is replaced by that section of that file, so that nothing is explained twice: as a
//   「くわしく」 beside the steps, or with ⇒ as the text itself. Numbered lists in what was taken in so are read, not walked.
// - 「…」 in a step names something on the screen; `…` is what somebody types.

import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { marked } from "marked";

const TOP = join(dirname(fileURLToPath(import.meta.url)), "../../..");
/** Where the text of the manuals lies. */
export const MANUALS = join(TOP, "docs/manuals");

/**
 * A piece of a line: `t` is text, b (bold), code, term (first mention of a term in its section) or pre (lines to be typed, under an
 * item of a list).
 *
 * @typedef {{ t: "text" | "code" | "b" | "term" | "pre", s: string }} Piece
 *
 * @typedef {object} Block
 * @property {"h" | "p" | "ul" | "ol" | "steps" | "table" | "note" | "code" | "detail"} k
 * @property {number} [level] of a heading, 1 to 4
 * @property {Piece[]} [c] the line of a heading, paragraph or note
 * @property {Piece[][]} [items] of a list, or the steps
 * @property {Piece[][]} [head]
 * @property {Piece[][][]} [rows]
 * @property {string} [s] the text of code, or the title of a detail
 * @property {Block[]} [blocks] of a detail: a section that was taken in
 * @property {string} [procedure] of steps: the heading that they belong to
 *
 * @typedef {object} Chapter
 * @property {string} file without its ending, such as `01-sign-in`
 * @property {string} title
 * @property {Block[]} blocks
 *
 * @typedef {object} Manual
 * @property {string} key its folder
 * @property {string} title
 * @property {Piece[][]} front what stands on the page behind the cover
 * @property {Chapter[]} chapters
 */

/** The manuals in the order in which they are listed. */
export const KEYS = ["clerks", "administrators", "operators", "residents"];

/** Sections that some chapter has taken in, as `file#heading`; a test holds that none was forgotten. @type {Set<string>} */
export const taken = new Set();

/**
 * @param {string} key
 * @returns {Manual}
 */
export function readManual(key) {
  const folder = join(MANUALS, key);
  const files = readdirSync(folder).filter((name) => name.endsWith(".md")).sort();
  const [cover, ...rest] = files;
  if (cover !== "00-cover.md") throw new Error(`docs/manuals/${key} has no 00-cover.md`);
  const front = blocksOf(join(folder, cover));
  const title = plain(front[0]?.c ?? []);
  const chapters = rest.map((name) => {
    const blocks = blocksOf(join(folder, name));
    const [head] = blocks;
    if (head?.k !== "h" || head.level !== 1) throw new Error(`docs/manuals/${key}/${name} does not begin with its title`);
    return { file: name.replace(/\.md$/, ""), title: plain(head.c ?? []), blocks: blocks.slice(1) };
  });
  return { key, title, front: front.slice(1).map((block) => block.c ?? []), chapters };
}

/** The text of a line without its marks. @param {Piece[]} pieces */
export const plain = (pieces) => pieces.map((piece) => piece.s).join("");

/** What a step names on the screen, in order. @param {Piece[]} step */
export function named(step) {
  const text = step.map((piece) => (piece.t === "code" ? "`".repeat(piece.s.length) : piece.s)).join("");
  return [...text.matchAll(/「([^「」]+)」/g)].map((found) => ({
    label: String(found[1]),
    // What appears because of the step is looked for afterwards.
    later: /^[^。、を]{0,24}(出ます|並びます|表示されます|変わります|開きます|見つかり)/.test(text.slice(found.index + found[0].length)),
  }));
}

/** The headings of a file's sections of the second level. @param {string} path from the top folder */
export function sectionsOf(path) {
  return marked.lexer(readFileSync(join(TOP, path), "utf8"))
    .filter((token) => token.type === "heading" && token.depth === 2)
    .map((token) => plain(inline(/** @type {any} */ (token).tokens)));
}

/** @param {string} file @returns {Block[]} */
function blocksOf(file) {
  const tokens = marked.lexer(readFileSync(file, "utf8"));
  return convert(tokens, { file, shift: 0, walked: true });
}

/**
 * @param {any[]} tokens
 * @param {{ file: string, shift: number, walked: boolean }} how
 * @returns {Block[]}
 */
function convert(tokens, how) {
  /** @type {Block[]} */
  const blocks = [];
  let heading = "";
  let level = 1;
  for (const token of tokens) {
    switch (token.type) {
      case "heading": {
        level = Math.min(token.depth + how.shift, 4);
        const c = inline(token.tokens);
        heading = plain(c);
        blocks.push({ k: "h", level, c });
        break;
      }
      case "paragraph": {
        const include = included(token);
        if (include) {
          const inside = section(include.path, include.title, how.file, level);
          blocks.push(...(include.whole ? inside.blocks : [{ k: /** @type {const} */ ("detail"), s: inside.title, blocks: inside.blocks }]));
        }
        else blocks.push({ k: "p", c: inline(token.tokens) });
        break;
      }
      case "list": {
        const items = token.items.map((/** @type {any} */ item) => inline(item.tokens));
        if (!token.ordered) blocks.push({ k: "ul", items });
        else if (how.walked) blocks.push({ k: "steps", items, procedure: heading });
        else blocks.push({ k: "ol", items });
        break;
      }
      case "blockquote":
        blocks.push({ k: "note", c: inline(token.tokens) });
        break;
      case "table":
        blocks.push({
          k: "table",
          head: token.header.map((/** @type {any} */ cell) => inline(cell.tokens)),
          rows: token.rows.map((/** @type {any[]} */ row) => row.map((cell) => inline(cell.tokens))),
        });
        break;
      case "code":
        blocks.push({ k: "code", s: token.text });
        break;
      case "space":
      case "html":
        break;
      default:
        throw new Error(`${relative(TOP, how.file)}: the manuals know no ${token.type}`);
    }
  }
  return blocks;
}

/** @param {any} token a paragraph */
function included(token) {
  const [arrow, link, ...rest] = token.tokens ?? [];
  if (arrow?.type !== "text" || !["→", "⇒"].includes(arrow.text.trim()) || link?.type !== "link" || rest.length > 0) return undefined;
  const [path, title] = decodeURI(link.href).split("#");
  return path && title ? { path, title, whole: arrow.text.trim() === "⇒" } : undefined;
}

/**
 * A section of another file: its heading, and what stands under it; the headings inside go one below the place where it is put.
 *
 * @param {string} path @param {string} title @param {string} from @param {number} level
 */
function section(path, title, from, level) {
  const file = join(dirname(from), path);
  const tokens = marked.lexer(readFileSync(file, "utf8"));
  const key = (/** @type {any} */ token) => anchor(plain(inline(token.tokens)));
  const start = tokens.findIndex((token) => token.type === "heading" && key(token) === anchor(title));
  if (start < 0) throw new Error(`${relative(TOP, from)} takes 「${title}」 from ${relative(TOP, file)}, which has no such section`);
  const depth = /** @type {any} */ (tokens[start]).depth;
  const length = tokens.slice(start + 1).findIndex((token) => token.type === "heading" && token.depth <= depth);
  const inside = tokens.slice(start + 1, length < 0 ? undefined : start + 1 + length);
  const heading = plain(inline(/** @type {any} */ (tokens[start]).tokens));
  taken.add(`${relative(TOP, file)}#${heading}`);
  return { title: heading, blocks: convert(inside, { file, shift: level - depth, walked: false }) };
}

/** A heading as it stands in an address. @param {string} title */
const anchor = (title) => title.toLowerCase().replace(/[^\p{Letter}\p{Number}\p{Mark}\s-]/gu, "").replace(/\s/g, "-");

/** @param {any[] | undefined} tokens @returns {Piece[]} */
function inline(tokens) {
  /** @type {Piece[]} */
  const pieces = [];
  for (const token of tokens ?? []) {
    if (token.type === "codespan") pieces.push({ t: "code", s: token.text });
    else if (token.type === "code") pieces.push({ t: "pre", s: token.text });
    else if (token.type === "strong") pieces.push({ t: "b", s: plain(inline(token.tokens)) });
    else if (token.type === "br") pieces.push({ t: "text", s: "\n" });
    else if (token.type === "list") {
      // A list in a list is said in one line.
      for (const item of token.items) pieces.push({ t: "text", s: "　" }, ...inline(item.tokens));
    } else if (token.tokens) pieces.push(...inline(token.tokens));
    else if (typeof token.text === "string") pieces.push({ t: "text", s: joined(token.text) });
  }
  return closed(pieces);
}

/**
 * Without the spaces that Markdown wants around its marks, where Japanese stands on both sides; behind a bold sentence it stays.
 *
 * @param {Piece[]} pieces
 */
function closed(pieces) {
  const isPlain = (/** @type {Piece | undefined} */ piece) => piece?.t === "text" || piece?.t === "b";
  return pieces.map((piece, index) => {
    const [before, after] = [pieces[index - 1], pieces[index + 1]];
    let { s } = piece;
    if (piece.t !== "text") return piece;
    if (isPlain(before) && /[^\x00-\x7f。]$/.test(before?.s ?? "") && /^ [^\x00-\x7f]/.test(s)) s = s.slice(1);
    if (isPlain(after) && /^[^\x00-\x7f]/.test(after?.s ?? "") && /[^\x00-\x7f] $/.test(s)) s = s.slice(0, -1);
    return { ...piece, s };
  });
}

/** A line that was broken in the file goes on without a space, unless it is between Latin words. @param {string} text */
const joined = (text) => text.replace(/([^\x00-\x7f])\n/g, "$1").replace(/\n([^\x00-\x7f])/g, "$1").replace(/\n/g, " ");
