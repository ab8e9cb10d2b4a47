// Programs: run to their end, or started and stopped; what memory they take and what disk.

import { spawn, spawnSync } from 'node:child_process';
import { createReadStream, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export { sleep };

/** Runs a program to its end and answers what it printed, how long it took, and its largest resident memory in MB. */
export function run(command, args, { input, measure = false, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], ...options });
    let [stdout, stderr, peak] = ['', '', 0];
    child.stdout?.on('data', (text) => { stdout += text; });
    child.stderr.on('data', (text) => { stderr += text; });
    const watching = measure ? setInterval(() => { peak = Math.max(peak, status(child.pid, 'VmHWM')); }, 50) : null;
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(watching);
      const seconds = (performance.now() - started) / 1000;
      if (code === 0) resolve({ stdout, stderr, seconds, peak });
      else reject(new Error(`${command} ${args.join(' ')} ended with ${code}:\n${stderr || stdout}`));
    });
    child.stdin.on('error', () => {});
    if (typeof input === 'string') child.stdin.end(input);
    else if (input) input.pipe(child.stdin);
    else child.stdin.end();
  });
}

/** A server that runs until it is stopped. Its output goes to a log file. */
export class Server {
  static start(command, args, { log, ...options }) {
    const server = new Server();
    const file = openSync(log, 'a');
    server.log = log;
    server.started = performance.now();
    server.child = spawn(command, args, { stdio: ['ignore', file, file], ...options });
    server.child.on('exit', (code, signal) => { server.ended = code ?? signal; });
    return server;
  }

  /** Asks until the answer is good; the milliseconds since the start. */
  async untilGood(ask, { seconds = 120, pause = 2 } = {}) {
    for (;;) {
      if (this.ended !== undefined) throw new Error(`the server ended with ${this.ended}; see ${this.log}`);
      try {
        if (await ask()) return performance.now() - this.started;
      } catch { /* It does not listen yet. */ }
      if (performance.now() - this.started > seconds * 1000) throw new Error(`no good answer; see ${this.log}`);
      await sleep(pause);
    }
  }

  /** Resident memory in MB. */
  memory() {
    return status(this.child.pid, 'VmRSS');
  }

  async stop() {
    if (!this.child || this.ended !== undefined) return;
    this.child.kill('SIGTERM');
    for (let waited = 0; this.ended === undefined; waited += 1) {
      if (waited === 1_000) this.child.kill('SIGKILL');
      await sleep(10);
    }
  }
}

/** A line of /proc/PID/status, in MB. */
function status(pid, name) {
  try {
    const line = readFileSync(`/proc/${pid}/status`, 'utf8').match(new RegExp(`^${name}:\\s+(\\d+)`, 'm'));
    return line ? Number(line[1]) / 1024 : 0;
  } catch {
    return 0;
  }
}

/** What a folder or file takes on the disk, in MB. */
export function disk(path) {
  return Number(spawnSync('du', ['-sk', path], { encoding: 'utf8' }).stdout.split('\t')[0]) / 1024;
}

/** Asks for JSON; anything but success is an error. */
export async function json(url, { headers = {}, body, method } = {}) {
  const response = await fetch(url, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} from ${url}: ${text.slice(0, 500)}`);
  return text ? JSON.parse(text) : null;
}

/** Reads all files below a folder once, so that every side begins with its data in the system's cache. */
export function warm(folder) {
  return run('find', [folder, '-type', 'f', '-exec', 'cat', '{}', '+'], { stdio: ['pipe', 'ignore', 'pipe'] });
}

export { createReadStream };
