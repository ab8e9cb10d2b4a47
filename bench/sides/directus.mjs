// Directus: the same table with the same indexes, filled through SQL since its own API would take the better part of an hour for
// a million records. Each user has a policy whose rule lets them see the records of their own department; activity and
// revisions are kept, as they are by default. Users sign in once and carry an access token that is checked without a query.

import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { COLUMNS, DEPARTMENTS, INDEXES, WRITING_DEPARTMENT, report } from '../lib/dataset.mjs';
import { Server, createReadStream, disk, json, run } from '../lib/process.mjs';

const ADMIN = { email: 'admin@example.com', password: 'kingfisher by the river' };
const INTEGERS = ['cost', 'quantity'];

export class Directus {
  constructor({ name, title, peers, folder, port, database }) {
    Object.assign(this, { name, title, peers, folder, port, database, exactOrder: true });
    this.base = `http://127.0.0.1:${port}`;
    this.file = join(folder, 'directus.db');
    this.cli = join(peers, 'directus/node_modules/directus/cli.js');
  }

  environment() {
    const store = this.database
      ? { DB_CLIENT: 'pg', DB_CONNECTION_STRING: this.database.url }
      : { DB_CLIENT: 'sqlite3', DB_FILENAME: this.file };
    return {
      PATH: process.env.PATH,
      HOME: this.folder,
      ...store,
      SECRET: 'a secret of the measurements',
      KEY: 'measurements',
      ADMIN_EMAIL: ADMIN.email,
      ADMIN_PASSWORD: ADMIN.password,
      HOST: '127.0.0.1',
      PORT: String(this.port),
      PUBLIC_URL: this.base,
      TELEMETRY: 'false',
      CACHE_ENABLED: 'false',
      LOG_LEVEL: 'warn',
      ACCESS_TOKEN_TTL: '7d',
      MAX_PAYLOAD_SIZE: '20mb',
      NODE_ENV: 'production',
    };
  }

  isLoaded() {
    return existsSync(join(this.folder, 'loaded'));
  }

  async prepare(csv) {
    rmSync(this.folder, { recursive: true, force: true });
    for (const folder of ['uploads', 'extensions']) mkdirSync(join(this.folder, folder), { recursive: true });
    writeFileSync(join(this.folder, 'package.json'), '{}');
    if (this.database) await this.database.fresh();
    await run('node', [this.cli, 'bootstrap'], { env: this.environment(), cwd: this.folder });
    await this.fill(csv);
    await this.listen();
    const { data } = await json(`${this.base}/auth/login`, { body: ADMIN });
    const headers = { authorization: `Bearer ${data.access_token}` };
    const post = async (path, body, method) => (await json(this.base + path, { headers, body, method })).data;
    await post('/collections/report', { meta: { accountability: 'all' } }, 'PATCH');
    const own = { department: { _eq: '$CURRENT_USER.location' } };
    const policy = await post('/policies', { name: 'Own department', admin_access: false, app_access: false });
    const permission = { collection: 'report', policy: policy.id, fields: ['*'], presets: null };
    await post('/permissions', { ...permission, action: 'read', permissions: own, validation: {} });
    await post('/permissions', { ...permission, action: 'create', permissions: {}, validation: own });
    const role = await post('/roles', { name: 'Staff', policies: [{ policy: policy.id }] });
    for (const code of [...DEPARTMENTS, WRITING_DEPARTMENT]) {
      await post('/users', { email: `${code}@example.com`, password: ADMIN.password, role: role.id, location: code });
    }
    await this.stop();
    writeFileSync(join(this.folder, 'loaded'), '');
    return null;
  }

  /** Makes the table, fills it, and gives it its indexes. */
  async fill(csv) {
    const columns = COLUMNS.map((name) => {
      const type = INTEGERS.includes(name) ? 'integer' : name.endsWith('_on') ? 'date' : name === 'note' ? 'text' : 'varchar(255)';
      return `${name} ${type}`;
    });
    const names = COLUMNS.join(', ');
    const indexes = INDEXES.map((keys, n) => keys[0] === 'code'
      ? `CREATE UNIQUE INDEX report_${n} ON report (code)`
      : `CREATE INDEX report_${n} ON report (${keys.join(', ')})`);
    if (this.database) {
      await this.database.sql([`CREATE TABLE report (id serial PRIMARY KEY, ${columns.join(', ')})`]);
      await this.database.sql([`COPY report (${names}) FROM STDIN (FORMAT csv, HEADER)`], createReadStream(csv));
      await this.database.sql([...indexes, 'ANALYZE report']);
      return;
    }
    const empty = COLUMNS.map((name) => `nullif(${name}, '')`).join(', ');
    const script = [
      `CREATE TABLE report (id integer PRIMARY KEY AUTOINCREMENT, ${columns.join(', ')});`,
      `CREATE TEMP TABLE raw (${names});`,
      '.mode csv',
      `.import --skip 1 --schema temp ${csv} raw`,
      `INSERT INTO report (${names}) SELECT ${empty} FROM raw;`,
      ...indexes.map((sql) => `${sql};`),
      'ANALYZE;',
    ];
    await run('sqlite3', [this.file], { input: script.join('\n') });
  }

  listen() {
    this.server = Server.start('node', [this.cli, 'start'], {
      log: join(this.folder, 'serve.log'), env: this.environment(), cwd: this.folder,
    });
    return this.server.untilGood(async () => (await fetch(`${this.base}/server/ping`)).ok, { pause: 20 });
  }

  /** Starts the server; the milliseconds until it answers. Signing in comes after. */
  async start() {
    const until = await this.listen();
    this.authorization = {};
    for (const code of [...DEPARTMENTS, WRITING_DEPARTMENT]) {
      const body = { email: `${code}@example.com`, password: ADMIN.password };
      const { data } = await json(`${this.base}/auth/login`, { body });
      this.authorization[code] = `Bearer ${data.access_token}`;
    }
    return until;
  }

  stop() {
    return this.server?.stop();
  }

  memory() {
    return this.server.memory();
  }

  async disk() {
    return this.database ? this.database.disk() : disk(this.file);
  }

  async version() {
    const manifest = await import(join(this.peers, 'directus/node_modules/directus/package.json'), { with: { type: 'json' } });
    return manifest.default.version;
  }

  request(department, path) {
    return { path, authorization: this.authorization[department] };
  }

  list({ department, status, kind }, more = '') {
    const filter = encodeURIComponent(JSON.stringify({ status: { _eq: status }, kind: { _eq: kind } }));
    return this.request(department, `/items/report?filter=${filter}&sort=-reported_on,-id&limit=50${more}`);
  }

  /** The same page with the exact count that Directus' own screens ask for. */
  counted(question) {
    return this.list(question, '&meta=filter_count');
  }

  async third(question) {
    const request = this.list(question, '&page=3');
    return (await this.rows(request)).length > 0 ? request : null;
  }

  search({ department, word }) {
    return this.request(department, `/items/report?search=${encodeURIComponent(word)}&sort=-reported_on,-id&limit=50`);
  }

  ask({ path, authorization, body }) {
    return json(this.base + path, { headers: { authorization }, body: body && JSON.parse(body) });
  }

  async rows(request) {
    return (await this.ask(request)).data;
  }

  async count({ department, word }) {
    const path = `/items/report?search=${encodeURIComponent(word)}&limit=1&meta=filter_count`;
    return (await this.ask(this.request(department, path))).meta.filter_count;
  }

  /** It finds what is written, letter by letter. */
  finds(_, word) {
    return [word];
  }

  record(number) {
    return { ...report(number, WRITING_DEPARTMENT, 'W'), code: 'W@N@', done_on: null };
  }

  async beforeWriting() {}

  create(number) {
    return { ...this.request(WRITING_DEPARTMENT, '/items/report'), method: 'POST', body: JSON.stringify(this.record(number)) };
  }

  /** Writes many records in one request. */
  async batch(numbers, mark) {
    const run = `${Date.now().toString(36)}${mark}`;
    const records = numbers.map((number) => ({ ...this.record(number), code: `${run}-${number}` }));
    const answer = await this.ask({ ...this.create(1), body: JSON.stringify(records) });
    if (answer.data.length !== numbers.length) throw new Error(`only ${answer.data.length} records were written`);
  }
}
