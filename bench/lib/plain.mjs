// The records as a plain SQLite table: what every side is checked against before anything is measured, and what Datasette serves.

import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { COLUMNS, INDEXES } from './dataset.mjs';
import { run } from './process.mjs';

const SEARCHED = ['code', 'title', 'town', 'place', 'note'];

export class Plain {
  constructor(file) {
    this.file = file;
  }

  async prepare(csv) {
    if (existsSync(this.file)) return;
    mkdirSync(dirname(this.file), { recursive: true });
    const making = `${this.file}.making`;
    rmSync(making, { force: true });
    const type = (name) => (['cost', 'quantity'].includes(name) ? 'INTEGER' : 'TEXT');
    const names = COLUMNS.join(', ');
    const values = COLUMNS.map((name) => `nullif(${name}, '')`).join(', ');
    const script = [
      `CREATE TABLE report (id INTEGER PRIMARY KEY, ${COLUMNS.map((name) => `${name} ${type(name)}`).join(', ')});`,
      `CREATE TEMP TABLE raw (${names});`,
      '.mode csv',
      `.import --skip 1 --schema temp ${csv} raw`,
      `INSERT INTO report (${names}) SELECT ${values} FROM raw;`,
      ...INDEXES.map((keys, n) => `CREATE INDEX report_${n} ON report (${keys.join(', ')});`),
      `CREATE VIRTUAL TABLE report_fts USING fts5 (${SEARCHED.join(', ')}, content="report", content_rowid="id");`,
      `INSERT INTO report_fts (report_fts) VALUES ('rebuild');`,
      'ANALYZE;',
    ];
    await run('sqlite3', [making], { input: script.join('\n') });
    await run('mv', [making, this.file]);
  }

  async rows(sql) {
    const { stdout } = await run('sqlite3', ['-readonly', '-json', this.file, sql]);
    return stdout.trim() ? JSON.parse(stdout) : [];
  }

  /** A page of a filtered and sorted list, in the order of the newest first. */
  page({ department, status, kind }, page) {
    return this.rows(
      `SELECT code, reported_on FROM report WHERE department = '${department}' AND status = '${status}' ` +
      `AND kind = '${kind}' ORDER BY reported_on DESC, id DESC LIMIT 50 OFFSET ${50 * (page - 1)}`,
    );
  }

  async count(condition) {
    return (await this.rows(`SELECT count(*) AS hits FROM report WHERE ${condition}`))[0].hits;
  }

  /** How many records of a department hold one of the spellings. */
  hits(department, spellings) {
    return this.count(`department = '${department}' AND ${holds(spellings)}`);
  }

  /** The newest hits. */
  found(department, spellings) {
    return this.rows(
      `SELECT code, reported_on FROM report WHERE department = '${department}' AND ${holds(spellings)} ` +
      'ORDER BY reported_on DESC, id DESC LIMIT 50',
    );
  }
}

function holds(spellings) {
  const tests = spellings.flatMap((text) => SEARCHED.map((column) => `instr(${column}, '${text}') > 0`));
  return `(${tests.join(' OR ')})`;
}
