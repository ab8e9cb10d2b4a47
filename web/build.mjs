// Builds web/dist, which engine/ui embeds: the script, the styles, the fonts and the icons, each under a name that
// carries the hash of its content, with manifest.tsv (logical name, file name) so that Rust finds them.

import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "dist");
const fresh = join(here, `.dist-${process.pid}`);
const require = createRequire(import.meta.url);

/** Logical name → file name inside dist. */
const manifest = new Map();

await mkdir(join(fresh, "fonts"), { recursive: true });
await mkdir(join(fresh, "icons"), { recursive: true });

const bundle = await esbuild.build({
  entryPoints: { app: join(here, "src/app.ts"), styles: join(here, "src/styles/index.css") },
  bundle: true,
  minify: true,
  format: "iife",
  target: ["chrome111", "firefox115", "safari16.4", "edge111"],
  loader: { ".svg": "dataurl" },
  legalComments: "none",
  charset: "utf8",
  write: false,
  outdir: "out",
  logLevel: "warning",
});
for (const output of bundle.outputFiles) {
  const logical = basename(output.path) === "styles.css" ? "app.css" : basename(output.path);
  await put(logical, Buffer.from(output.contents));
}

// What only pages with a map load: modules of their own, since a worker and a lazily loaded chunk are addresses, not text.
const worker = join(dirname(require.resolve("maplibre-gl/package.json")), "dist/maplibre-gl-worker.mjs");
const maps = await esbuild.build({
  entryPoints: { map: join(here, "src/map/chunk.ts"), "map-worker": worker, "map-styles": join(here, "src/map/styles.css") },
  bundle: true,
  minify: true,
  format: "esm",
  target: ["chrome111", "firefox115", "safari16.4", "edge111"],
  legalComments: "none",
  charset: "utf8",
  write: false,
  outdir: "out",
  logLevel: "warning",
});
for (const output of maps.outputFiles) {
  const logical = basename(output.path) === "map-styles.css" ? "map.css" : basename(output.path);
  await put(logical, Buffer.from(output.contents));
}

for (const name of (await readdir(join(here, "icons"))).sort()) {
  await put(`icons/${name}`, await readFile(join(here, "icons", name)));
}
await put("fonts.css", Buffer.from(await fontStyles()));

// A line for each file, sorted, so that two builds of the same sources are the same.
const lines = [...manifest].sort().map(([logical, file]) => `${logical}\t${file}\n`);
await writeFile(join(fresh, "manifest.tsv"), lines.join(""));

await rm(dist, { recursive: true, force: true });
await rename(fresh, dist);
console.log(`web/dist: ${manifest.size} files`);

/** Writes one file under its hashed name, with compressed twins where compressing pays. */
async function put(logical, bytes) {
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 10);
  const end = extname(logical);
  const file = `${logical.slice(0, logical.length - end.length)}-${hash}${end}`;
  await writeFile(join(fresh, file), bytes);
  if (end !== ".woff2" && end !== ".png") {
    const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
    await writeFile(join(fresh, `${file}.br`), brotliCompressSync(bytes, quality));
    await writeFile(join(fresh, `${file}.gz`), gzipSync(bytes, { level: 9 }));
  }
  manifest.set(logical, file);
  return file;
}

/**
 * The styles of the web font: the package's slices by Unicode range, the regular weight only. It is the last family of the
 * stack, so a browser fetches a slice only for a character that no font of the machine has; bold is then drawn from it.
 */
async function fontStyles() {
  const source = require.resolve("@fontsource/biz-udpgothic/400.css");
  const text = await readFile(source, "utf8");
  const faces = [];
  for (const [, body] of text.matchAll(/@font-face\s*\{([^}]*)\}/g)) {
    const path = /url\((\.\/files\/[^)]+\.woff2)\)/.exec(body)?.[1];
    const range = /unicode-range:\s*([^;]+);/.exec(body)?.[1];
    if (!path || !range) throw new Error(`a face of ${source} has no woff2 file or no range`);
    const slice = /biz-udpgothic-(.+)-400-normal/.exec(path)?.[1];
    const file = await put(`fonts/biz-udpgothic-${slice}.woff2`, await readFile(join(dirname(source), path)));
    faces.push(
      `@font-face{font-family:"BIZ UDPGothic Web";font-weight:400;font-display:swap;` +
        `src:url(${file}) format("woff2");unicode-range:${range.replaceAll(/\s+/g, "")}}`,
    );
  }
  if (faces.length < 100) throw new Error(`${source} has only ${faces.length} faces; its layout has changed`);
  return faces.join("\n");
}
