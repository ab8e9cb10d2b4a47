// Writes the licences of every crate that is in the binary, each text once: what the licences themselves ask for.
//
//   node dev/package/licences.mjs > THIRD-PARTY.txt

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const args = ["metadata", "--locked", "--format-version", "1", "--filter-platform", "x86_64-unknown-linux-gnu"];
const metadata = JSON.parse(execFileSync("cargo", args, { maxBuffer: 1 << 28 }));
const packages = new Map(metadata.packages.map((one) => [one.id, one]));
const nodes = new Map(metadata.resolve.nodes.map((node) => [node.id, node]));

// What the program depends on, without what only its tests do.
const reached = new Set();
const waiting = metadata.packages.filter((one) => one.name === "kawasemi" && one.source === null).map((one) => one.id);
while (waiting.length > 0) {
  const id = waiting.pop();
  if (reached.has(id)) continue;
  reached.add(id);
  for (const { pkg, dep_kinds: kinds } of nodes.get(id).deps) {
    if (kinds.some(({ kind }) => kind === null)) waiting.push(pkg);
  }
}

const texts = new Map();
const lines = [];
const outside = [...reached].map((id) => packages.get(id)).filter((one) => one.source !== null);
for (const one of outside.sort((a, b) => (a.name < b.name ? -1 : 1))) {
  lines.push(`${one.name} ${one.version}: ${one.license ?? "see its licence text"}`);
  const folder = dirname(one.manifest_path);
  for (const file of readdirSync(folder).filter((name) => /^(licen[cs]e|copying|notice|copyright)/i.test(name))) {
    let text;
    try {
      text = readFileSync(join(folder, file), "utf8").trim();
    } catch {
      continue; // A folder of texts; its crate has them beside it as well.
    }
    texts.set(text, [...(texts.get(text) ?? []), `${one.name} ${one.version}`]);
  }
}
process.stdout.write(`The program contains these libraries:\n\n${lines.join("\n")}\n`);
for (const [text, users] of texts) {
  process.stdout.write(`\n${"=".repeat(78)}\n${users.join(", ")}\n${"=".repeat(78)}\n\n${text}\n`);
}
