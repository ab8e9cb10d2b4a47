// The words that a manual explains at its end, from GLOSSARY.md, and the places where it mentions them.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { MANUALS } from "./markdown.mjs";

/** @typedef {{ term: string, reading: string, note: string }} Term */

/**
 * The terms of the glossary that say what they mean, by reading. What it says of one word in two places stands together.
 *
 * @returns {Term[]}
 */
export function glossary() {
  const lines = readFileSync(join(MANUALS, "../../GLOSSARY.md"), "utf8").split("\n");
  const cells = lines.filter((line) => line.startsWith("| ")).map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
  /** @type {Map<string, Term>} */
  const found = new Map();
  for (const [term = "", reading = "", , , note = ""] of cells.filter((row) => row.length === 5)) {
    const said = forReaders(note);
    if (term === "用語" || term.startsWith("---") || term.length < 2 || said === "") continue;
    const before = found.get(term);
    found.set(term, { term, reading, note: before && !before.note.includes(said) ? `${before.note}。${said}` : before?.note ?? said });
  }
  return [...found.values()].sort((a, b) => a.reading.localeCompare(b.reading, "ja"));
}

/** A note without the sentences that only tell a programmer which English words to take. @param {string} note */
function forReaders(note) {
  const sentences = note.replaceAll("`", "").replace(/ ?[（(][a-z -]+[）)] ?/g, "").split("。");
  return sentences.filter((sentence) => !/[a-z]{2,} [a-z]{2,}|は [a-z-]+$/.test(sentence)).join("。").replace(/。$/, "");
}

/**
 * Marks the first mention of each term in each section, and answers the terms that are mentioned.
 *
 * @param {import("./markdown.mjs").Manual} manual
 * @returns {Term[]}
 */
export function markTerms(manual) {
  const terms = glossary();
  const longest = terms.map(({ term }) => term).sort((a, b) => b.length - a.length);
  const pattern = new RegExp(longest.map((term) => term.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|"), "g");
  /** @type {Set<string>} */
  const used = new Set();
  for (const chapter of manual.chapters) {
    /** @type {Set<string>} */
    let seen = new Set();
    for (const block of chapter.blocks) {
      if (block.k === "h") {
        if (Number(block.level) <= 2) seen = new Set();
        continue;
      }
      for (const line of lines([block])) {
        if (line) line.splice(0, line.length, ...line.flatMap((piece) => split(piece, pattern, seen)));
      }
    }
    collect(chapter.blocks, used);
  }
  return terms.filter(({ term }) => used.has(term));
}

/** @param {import("./markdown.mjs").Piece} piece @param {RegExp} pattern @param {Set<string>} seen */
function split(piece, pattern, seen) {
  if (piece.t !== "text") return [piece];
  /** @type {import("./markdown.mjs").Piece[]} */
  const pieces = [];
  let from = 0;
  for (const found of piece.s.matchAll(pattern)) {
    if (seen.has(found[0])) continue;
    seen.add(found[0]);
    pieces.push({ t: "text", s: piece.s.slice(from, found.index) }, { t: "term", s: found[0] });
    from = found.index + found[0].length;
  }
  pieces.push({ t: "text", s: piece.s.slice(from) });
  return pieces.filter((part) => part.s !== "");
}

/**
 * Every line of text of the blocks, but headings.
 *
 * @param {import("./markdown.mjs").Block[]} blocks
 * @returns {import("./markdown.mjs").Piece[][]}
 */
function lines(blocks) {
  return blocks.filter((block) => block.k !== "h")
    .flatMap((block) => [...(block.c ? [block.c] : []), ...(block.items ?? []), ...(block.rows ?? []).flat(), ...lines(block.blocks ?? [])]);
}

/** @param {import("./markdown.mjs").Block[]} blocks @param {Set<string>} used */
function collect(blocks, used) {
  for (const piece of lines(blocks).flat()) if (piece.t === "term") used.add(piece.s);
}
