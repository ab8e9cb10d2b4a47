// The one load tool: wrk, which keeps so many callers busy (closed loop) and knows the latency of every single request.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { run } from './process.mjs';

const SCRIPT = fileURLToPath(new URL('requests.lua', import.meta.url));

/**
 * Sends requests with `callers` at once for some seconds. A request is { method, path, authorization, cookie, body }.
 * What is refused or fails makes the whole measurement worthless, and is an error.
 */
export async function load(port, requests, { callers, seconds }) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    const file = join(folder, 'requests');
    const line = (one) =>
      [one.method ?? 'GET', one.path, one.authorization ?? '', one.cookie ?? '', one.body ?? ''].join('\t');
    writeFileSync(file, `${requests.map(line).join('\n')}\n`);
    const unique = Date.now().toString(36);
    const args = ['-t1', `-c${callers}`, `-d${seconds}s`, '--timeout', '60s', '-s', SCRIPT, `http://127.0.0.1:${port}`];
    const { stdout } = await run('wrk', [...args, '--', file, unique]);
    const result = JSON.parse(stdout.match(/^RESULT (.*)$/m)[1]);
    if (result.refused + result.failed > 0) {
      throw new Error(`${result.refused} requests were refused and ${result.failed} failed: ${requests[0].path}`);
    }
    return { callers, ...result, rate: result.requests / result.seconds };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** As many of a list as wanted, in an order that is the same each time and follows no pattern. */
export function shuffled(list, dice, most = 2_000) {
  const all = [...list];
  for (let index = all.length - 1; index > 0; index -= 1) {
    const other = dice(index + 1);
    [all[index], all[other]] = [all[other], all[index]];
  }
  return all.slice(0, most);
}
