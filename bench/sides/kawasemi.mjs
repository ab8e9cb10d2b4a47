// Our side: a city made by the program itself. Departments, accounts and tokens come from the command line, the ledger is
// published on the desk like a clerk's own, the records are imported, and everything is asked through HTTP. Each account
// belongs to one department, and the ledger's grant lets it see the records of that department alone.

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEPARTMENTS, WRITING_DEPARTMENT, report } from '../lib/dataset.mjs';
import { Server, disk, json, run } from '../lib/process.mjs';

const PASSWORD = 'kingfisher by the river 142182';
const RECORDS = '/api/v1/ledgers/report/records';
const DEFINITION = readFileSync(new URL('../report.toml', import.meta.url), 'utf8');

export class Kawasemi {
  constructor({ name, title, binary, folder, port, database }) {
    Object.assign(this, { name, title, binary, folder, port, database, exactOrder: true });
    this.base = `http://127.0.0.1:${port}`;
    this.keys = join(folder, 'keys.json');
  }

  /** Where the program keeps the city, as arguments and environment. */
  place(command) {
    const at = this.database ? ['--database-url', this.database.url] : ['--data', join(this.folder, 'data')];
    return [...at, ...command];
  }

  run(command, options = {}) {
    return run(this.binary, this.place(command), { ...options, env: { ...process.env, ...this.environment() } });
  }

  environment() {
    return this.database ? { KAWASEMI_FOLDER: join(this.folder, 'data') } : {};
  }

  isLoaded() {
    return existsSync(this.keys);
  }

  /** Makes the city and imports the records; answers how the import went. */
  async prepare(csv) {
    rmSync(this.folder, { recursive: true, force: true });
    mkdirSync(this.folder, { recursive: true });
    if (this.database) await this.database.fresh();
    await this.run(['init', '--code', '142182', '--name', '綾瀬市']);
    const departments = [...DEPARTMENTS, WRITING_DEPARTMENT];
    const file = join(this.folder, 'departments.csv');
    // The records' file names them by their name, which therefore is the code that the other sides keep.
    writeFileSync(file, `部局コード,名称,設置年度\n${departments.map((code) => `${code},${code},2010`).join('\n')}\n`);
    await this.run(['staff', 'import', '--departments', file]);
    const tokens = {};
    for (const code of departments) {
      await this.run(['user', 'add', `user-${code}`, '--password-stdin'], { input: `${PASSWORD}\n` });
      await this.run(['user', 'grant', `user-${code}`, '--role', 'ledger-designer', '--department', code]);
      const { stdout } = await this.run(['token', 'create', '--user', `user-${code}`, '--json']);
      tokens[code] = JSON.parse(stdout).token;
    }
    await this.publish();
    const imported = await this.run(['import', 'report', csv, '--json'], { measure: true });
    const { created, bad } = JSON.parse(imported.stdout);
    writeFileSync(this.keys, JSON.stringify({ tokens }));
    return { rows: created, bad, seconds: imported.seconds, peak: imported.peak };
  }

  /** Publishes the ledger as somebody at a browser does. */
  async publish() {
    await this.listen();
    const cookie = await this.signIn(DEPARTMENTS[0]);
    const response = await fetch(`${this.base}/desk/ledgers/design/publish`, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie, 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ toml: DEFINITION }),
    });
    if (response.status !== 303) throw new Error(`the ledger is not published: ${await response.text()}`);
    await this.stop();
  }

  listen() {
    this.server = Server.start(this.binary, this.place(['serve', '--listen', `127.0.0.1:${this.port}`]), {
      log: join(this.folder, 'serve.log'),
      env: { ...process.env, ...this.environment() },
    });
    return this.server.untilGood(async () => (await fetch(`${this.base}/healthz`)).ok);
  }

  /** Starts the server; the milliseconds until the first page of records. */
  async start() {
    const { tokens } = JSON.parse(readFileSync(this.keys, 'utf8'));
    this.authorization = Object.fromEntries(Object.entries(tokens).map(([code, token]) => [code, `Bearer ${token}`]));
    this.server = Server.start(this.binary, this.place(['serve', '--listen', `127.0.0.1:${this.port}`]), {
      log: join(this.folder, 'serve.log'),
      env: { ...process.env, ...this.environment() },
    });
    const first = this.list({ department: DEPARTMENTS[0], status: 'done', kind: 'park' });
    const until = await this.server.untilGood(async () => (await this.rows(first)).length > 0);
    this.cookies = {};
    for (const code of DEPARTMENTS.slice(0, 5)) this.cookies[code] = await this.signIn(code);
    return until;
  }

  async signIn(code) {
    const response = await fetch(`${this.base}/auth/sign-in`, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ login: `user-${code}`, password: PASSWORD, next: '/desk' }),
    });
    const cookies = response.headers.getSetCookie().map((cookie) => cookie.split(';')[0]);
    if (response.status !== 303 || cookies.length === 0) throw new Error(`nobody is signed in: ${response.status}`);
    return cookies.join('; ');
  }

  stop() {
    return this.server?.stop();
  }

  memory() {
    return this.server.memory();
  }

  async disk() {
    return this.database ? this.database.disk() : disk(join(this.folder, 'data'));
  }

  async version() {
    return (await run(this.binary, ['--version'])).stdout.trim().split(' ').pop();
  }

  request(department, path) {
    return { path, authorization: this.authorization[department] };
  }

  list({ department, status, kind }) {
    const filter = encodeURIComponent(`status = '${status}' AND kind = '${kind}'`);
    return this.request(department, `${RECORDS}?filter=${filter}&sort=-reported_on&limit=50`);
  }

  /** The third page, as the second page's mark leads to it. */
  async third(question) {
    const first = this.list(question);
    let path = first.path;
    for (let page = 1; page < 3; page += 1) {
      const { next } = await this.ask({ ...first, path });
      if (!next) return null;
      path = `${first.path}&cursor=${encodeURIComponent(next)}`;
    }
    return { ...first, path };
  }

  search({ department, word }) {
    return this.request(department, `${RECORDS}?q=${encodeURIComponent(word)}&sort=-reported_on&limit=50`);
  }

  ask({ path, authorization, body }) {
    return json(this.base + path, { headers: { authorization }, body: body && JSON.parse(body) });
  }

  /** The records of an answer. */
  async rows(request) {
    return (await this.ask(request)).records;
  }

  /** How many hits there are; above ten thousand only that there are more. */
  async count({ department, word }) {
    const path = `/api/v1/ledgers/report/count?q=${encodeURIComponent(word)}`;
    const { count, more } = await this.ask(this.request(department, path));
    return more ? `>${count}` : count;
  }

  finds(spellings) {
    return spellings;
  }

  record(number) {
    return { ...report(number, this.writingDepartment, 'W'), code: 'W@N@', done_on: null };
  }

  /** Looks up what a new record needs to name its department. */
  async beforeWriting() {
    const { records } = await this.ask(this.request(WRITING_DEPARTMENT, '/api/v1/ledgers/department/records?limit=100'));
    this.writingDepartment = records.find((record) => record.code === WRITING_DEPARTMENT).id;
  }

  create(number) {
    return { ...this.request(WRITING_DEPARTMENT, RECORDS), method: 'POST', body: JSON.stringify(this.record(number)) };
  }

  /** Writes many records in one request; all of them, or it is an error. */
  async batch(numbers, mark) {
    const run = `${Date.now().toString(36)}${mark}`;
    const records = numbers.map((number) => ({ ...this.record(number), code: `${run}-${number}` }));
    const answer = await this.ask({ ...this.create(1), body: JSON.stringify(records) });
    if (answer.created.length !== numbers.length) throw new Error(JSON.stringify(answer.refused[0]));
  }

  /** The list as a page for people. */
  page({ department, status, kind }) {
    const path = `/desk/ledgers/report?facet=status%3A${status}&facet=kind%3A${kind}`;
    return this.cookies[department] ? { path, cookie: this.cookies[department] } : null;
  }
}
