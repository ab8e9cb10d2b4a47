// A demo city for one test file: the real binary, a fresh data folder, a free port.

import { execFile, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const TARGET = join(dirname(fileURLToPath(import.meta.url)), "../../target");

/** The binary under test: KAWASEMI_TEST_BIN, or the newest kind that was built, release before debug. */
export function binary() {
  const candidates = [process.env["KAWASEMI_TEST_BIN"], join(TARGET, "release/kawasemi"), join(TARGET, "debug/kawasemi")];
  const found = candidates.find((path) => path !== undefined && existsSync(path));
  if (!found) throw new Error("there is no binary: run `cargo build -p kawasemi`, or name one in KAWASEMI_TEST_BIN");
  return found;
}

/**
 * A running city.
 *
 * @typedef {object} City
 * @property {string} address where it answers, without a slash at its end
 * @property {string} data its data folder
 * @property {(...args: string[]) => Promise<any>} command runs a verb of the binary on it with --json and returns the answer
 * @property {(name: string, role: string) => Promise<{ name: string, password: string }>} addUser
 */

/**
 * Makes a demo city and serves it until the test has ended.
 *
 * @param {import("node:test").TestContext} t
 * @param {{ residents?: number, seed?: number, serveArgs?: string[] }} [wishes]
 * @returns {Promise<City>}
 */
export async function startCity(t, { residents = 200, seed = 1, serveArgs = [] } = {}) {
  const program = binary();
  const data = mkdtempSync(join(tmpdir(), "kawasemi-city-"));
  /** @param {string[]} args */
  const command = async (...args) => {
    const { stdout } = await run(program, ["--data", data, "--json", ...args], { maxBuffer: 64 * 1024 * 1024 });
    return stdout.trim() === "" ? null : JSON.parse(stdout);
  };
  await command("demo", "--residents", String(residents), "--seed", String(seed));

  const port = await freePort();
  const address = `http://localhost:${port}`;
  const server = spawn(program, ["--data", data, "serve", "--listen", `127.0.0.1:${port}`, ...serveArgs], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  for (const stream of [server.stdout, server.stderr]) {
    stream.on("data", (chunk) => {
      log = (log + chunk).slice(-20_000);
    });
  }
  const ended = new Promise((resolve) => server.once("exit", resolve));
  t.after(async () => {
    server.kill("SIGTERM");
    const late = setTimeout(() => server.kill("SIGKILL"), 10_000);
    await ended;
    clearTimeout(late);
    // Only now: a server that still writes would put files back into the folder.
    rmSync(data, { recursive: true, force: true, maxRetries: 3 });
  });
  await answering(`${address}/healthz`, () => server.exitCode, () => log);

  /** @type {City["addUser"]} */
  const addUser = async (name, role) => {
    // A password that holds the name is refused.
    const password = PASSWORD;
    const child = spawn(program, ["--data", data, "user", "add", name, "--role", role, "--password-stdin"]);
    child.stdin.end(`${password}\n`);
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => { said += chunk; });
    const code = await new Promise((resolve) => child.once("exit", resolve));
    if (code !== 0) throw new Error(`user add ${name} ended with ${code}: ${said}`);
    return { name, password };
  };
  return { address, data, command, addUser };
}

/**
 * Signs a person in through the page for it.
 *
 * @param {import("playwright-core").Page} page
 * @param {City} city
 * @param {{ name: string, password: string }} user
 */
export async function signIn(page, city, user) {
  await page.goto(`${city.address}/auth/sign-in`);
  await page.locator("input[name=login]").fill(user.name);
  await page.locator("input[name=password]").fill(user.password);
  await page.locator("input[name=password]").press("Enter");
  await page.waitForURL((url) => !url.pathname.startsWith("/auth/"));
}

/** The password of every demo account. */
export const PASSWORD = "kingfisher by the river";

/**
 * Signs one of the demo city's people in.
 *
 * @param {import("playwright-core").Page} page
 * @param {City} city
 * @param {"admin" | "kikaku" | "fukushi" | "madoguchi" | "shokuin"} name
 */
export function signInAs(page, city, name) {
  return signIn(page, city, { name, password: PASSWORD });
}

/**
 * Sends a form as the page that is open would, and answers the status and the address that it ended at.
 *
 * @param {import("playwright-core").Page} page
 * @param {string} path
 * @param {Record<string, string>} entries
 */
export function send(page, path, entries) {
  return page.evaluate(
    async ([path, entries]) => {
      const answer = await fetch(path, { method: "POST", body: new URLSearchParams(entries) });
      return { status: answer.status, path: new URL(answer.url).pathname };
    },
    /** @type {[string, Record<string, string>]} */ ([path, entries]),
  );
}

/**
 * Publishes the ledger with a field of every kind (`facility`) and fills it with some records.
 *
 * @param {import("playwright-core").Page} page where somebody who may make ledgers is signed in
 * @param {City} city
 * @param {string} [rows] CSV with Japanese headings
 */
export async function publishFacilities(page, city, rows = FACILITIES) {
  const toml = readFileSync(new URL("ledgers/facility.toml", import.meta.url), "utf8");
  const { status, path } = await send(page, "/desk/ledgers/design/publish", { toml });
  if (status !== 200 || path !== "/desk/ledgers/facility") throw new Error(`not published: ${status} ${path}`);
  const file = join(city.data, "facilities.csv");
  writeFileSync(file, rows);
  await city.command("import", "facility", file);
}

const FACILITIES = `施設名,種別,状態,延床面積,修繕費,点検日,管理者,管理者（フリガナ）,予算の年度,備考
中央小学校,学校,良好,5120.5,0,令和元年5月1日,渡邉 花子,ワタナベ ハナコ,2026,体育館の床を磨いた
北公民館,公民館・集会所,要修繕,812.25,1234567,2026-04-10,阿部 太郎,アベ タロウ,2026,=1+1 で始まる備考
南公園,公園,要観察,2300,98000,2026-05-20,髙橋 次郎,タカハシ ジロウ,2026,<b>太字</b>の備考
消防団詰所,公民館・集会所,要修繕,96.5,450000,,伊藤 三郎,イトウ サブロウ,2025,消防の器具と「葛󠄀城」の字
`;

/** @returns {Promise<number>} */
export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => {
        if (address !== null && typeof address !== "string") resolve(address.port);
        else reject(new Error("no port"));
      });
    });
  });
}

/**
 * @param {string} address
 * @param {() => number | null} exitCode
 * @param {() => string} log
 */
async function answering(address, exitCode, log) {
  const until = Date.now() + 30_000;
  while (Date.now() < until) {
    if (exitCode() !== null) throw new Error(`the server ended with ${exitCode()}:\n${log()}`);
    try {
      const { ok } = await fetch(address);
      if (ok) return;
    } catch {
      // Not listening yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`the server does not answer at ${address}:\n${log()}`);
}
