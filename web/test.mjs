// Bundles the unit tests with esbuild (Node 20 reads no TypeScript) and runs them with node's own runner.

import { spawnSync } from "node:child_process";
import { readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const outdir = join(here, ".test");
await rm(outdir, { recursive: true, force: true });
const names = (await readdir(join(here, "test"))).filter((name) => name.endsWith(".test.ts"));
await esbuild.build({
  entryPoints: names.map((name) => join(here, "test", name)),
  bundle: true,
  platform: "node",
  format: "esm",
  outdir,
  outExtension: { ".js": ".mjs" },
  sourcemap: "inline",
  logLevel: "warning",
});
const files = names.map((name) => join(outdir, name.replace(/\.ts$/, ".mjs")));
const { status } = spawnSync(process.execPath, ["--enable-source-maps", "--test", ...files], { stdio: "inherit" });
process.exit(status ?? 1);
