// Runs the browser tests: `npm run test:e2e` from the top folder, with file names to run only some
// (`npm run test:e2e -- gallery`). One file after another, since each may start a city of its own.

import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const wanted = process.argv.slice(2);
const files = readdirSync(join(here, "tests"))
  .filter((name) => name.endsWith(".test.mjs"))
  .filter((name) => wanted.length === 0 || wanted.some((word) => name.includes(word)))
  .sort()
  .map((name) => join(here, "tests", name));
if (files.length === 0) {
  console.error(`no test file is called like ${wanted.join(", ")}`);
  process.exit(2);
}
const args = ["--test", "--test-concurrency=1", "--test-reporter=spec", ...files];
const { status } = spawnSync(process.execPath, args, { stdio: "inherit" });
process.exit(status ?? 1);
