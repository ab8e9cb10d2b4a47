// Datasette: the plain table itself, published read-only with its full-text index. It has no records' rights: the department is
// one more condition of each question. Opened as immutable, so that it need not count the table for each page.

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEPARTMENTS } from '../lib/dataset.mjs';
import { Server, disk, json, run } from '../lib/process.mjs';

export class Datasette {
  constructor({ name, title, peers, folder, port, plain }) {
    // Equal dates follow the primary key upwards here, whatever the direction of the dates.
    Object.assign(this, { name, title, peers, folder, port, plain, exactOrder: false });
    this.base = `http://127.0.0.1:${port}`;
    this.table = '/plain/report';
    this.program = join(peers, 'datasette/bin/datasette');
  }

  isLoaded() {
    return existsSync(this.plain.file);
  }

  async prepare() {
    return null;
  }

  async start() {
    const inspected = `${this.plain.file}.json`;
    if (!existsSync(inspected)) writeFileSync(inspected, (await run(this.program, ['inspect', this.plain.file])).stdout);
    const args = ['serve', '-i', this.plain.file, '--inspect-file', inspected, '-p', String(this.port)];
    this.server = Server.start(this.program, [...args, '--setting', 'sql_time_limit_ms', '20000', '--setting', 'suggest_facets', 'off'], {
      log: join(this.folder, 'datasette.log'),
    });
    const first = this.list({ department: DEPARTMENTS[0], status: 'done', kind: 'park' });
    return this.server.untilGood(async () => (await this.rows(first)).length > 0, { pause: 10 });
  }

  stop() {
    return this.server?.stop();
  }

  memory() {
    return this.server.memory();
  }

  async disk() {
    return disk(this.plain.file);
  }

  async version() {
    return (await run(this.program, ['--version'])).stdout.trim().split(' ').pop();
  }

  path({ department, status, kind }, more) {
    const of = (name, value) => (value ? `&${name}=${value}` : '');
    return `_size=50&_sort_desc=reported_on&department=${department}${of('status', status)}${of('kind', kind)}${more}`;
  }

  list(question, more = '&_nocount=1') {
    return { path: `${this.table}.json?${this.path(question, more)}&_shape=objects` };
  }

  counted(question) {
    return this.list(question, '');
  }

  async third(question) {
    const first = this.list(question);
    let path = first.path;
    for (let page = 1; page < 3; page += 1) {
      const { next } = await this.ask({ path });
      if (!next) return null;
      path = `${first.path}&_next=${encodeURIComponent(next)}`;
    }
    return { path };
  }

  search({ department, word }) {
    return this.list({ department }, `&_nocount=1&_search=${encodeURIComponent(word)}`);
  }

  ask({ path }) {
    return json(this.base + path);
  }

  async rows(request) {
    return (await this.ask(request)).rows;
  }

  async count({ department, word }) {
    const answer = await this.ask(this.list({ department }, `&_search=${encodeURIComponent(word)}`));
    return answer.filtered_table_rows_count;
  }

  finds(_, word) {
    return [word];
  }

  page(question) {
    return { path: `${this.table}?${this.path(question, '&_nocount=1')}` };
  }
}
