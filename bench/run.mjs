// Measures the program through its own face, and with `--peers` Directus and Datasette on the same table, indexes and questions.
//
//   node bench/run.mjs [--peers] [--only=SIDE,SIDE]
//
// Settings come from the environment (see README.md). Raw figures go to target/bench/results, one file for each side; the table
// is put together from all of them by table.mjs, so that one side can be measured again alone.

import { cpus, totalmem } from 'node:os';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { Datasette } from './sides/datasette.mjs';
import { Directus } from './sides/directus.mjs';
import { Kawasemi } from './sides/kawasemi.mjs';
import { check } from './lib/check.mjs';
import { DEPARTMENTS, KINDS, SEARCHES, STATUSES, dice, writeCsv } from './lib/dataset.mjs';
import { load, shuffled } from './lib/load.mjs';
import { Plain } from './lib/plain.mjs';
import { Postgres } from './lib/postgres.mjs';
import { sleep, warm } from './lib/process.mjs';
import { print } from './table.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const setting = (name, usual) => process.env[`BENCH_${name}`] || usual;
const settings = {
  records: Number(setting('RECORDS', 1_000_000)),
  seconds: Number(setting('SECONDS', 6)),
  callers: Number(setting('CALLERS', 4)),
  stores: setting('STORES', 'sqlite,postgres').split(','),
  works: setting('WORKS', 'import,start,list,search,page,create,batch').split(','),
  fresh: setting('FRESH', '') !== '',
  port: Number(setting('PORT', 18000)),
  folder: setting('FOLDER', join(root, 'target/bench')),
  binary: setting('BINARY', join(process.env.CARGO_TARGET_DIR || join(root, 'target'), 'release/kawasemi')),
  peers: setting('PEERS', join(root, 'bench/.peers')),
};
const withPeers = process.argv.includes('--peers');
const only = process.argv.find((word) => word.startsWith('--only='))?.slice(7).split(',');
/** Rows of the import that is measured, and of one batch through the API. */
const [IMPORTED, BATCH] = [100_000, 1_000];

const say = (text) => process.stderr.write(`${new Date().toTimeString().slice(0, 8)} ${text}\n`);
const wants = (work) => settings.works.includes(work);
const data = join(settings.folder, String(settings.records));
const csvOf = (count) => join(settings.folder, `reports-${count}.csv`);

await main();

async function main() {
  mkdirSync(data, { recursive: true });
  mkdirSync(join(settings.folder, 'results'), { recursive: true });
  for (const count of new Set([settings.records, ...(wants('import') ? [IMPORTED] : [])])) {
    if (existsSync(csvOf(count))) continue;
    say(`${count} 件の CSV を作ります`);
    await writeCsv(csvOf(count), count);
  }
  const plain = new Plain(join(data, 'plain.db'));
  say('照合のための素の表を用意します');
  await plain.prepare(csvOf(settings.records));
  const postgres = settings.stores.includes('postgres') ? await Postgres.start(join(data, 'postgres'), settings.port + 9) : null;
  const chosen = sides(plain, postgres).filter((side) => !only || only.includes(side.name));
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => {
      chosen.forEach((side) => side.server?.child.kill());
      postgres?.stop();
      process.exit(1);
    });
  }
  try {
    for (const side of chosen) await measure(side, plain, postgres);
  } finally {
    postgres?.stop();
  }
  print(join(settings.folder, 'results'));
}

/** The sides, ours first. */
function sides(plain, postgres) {
  const { binary, peers, port, stores } = settings;
  const database = (name) => ({
    url: postgres.url(name), fresh: () => postgres.fresh(name), disk: () => postgres.disk(name),
    sql: (statements, input) => postgres.sql(name, statements, input),
  });
  const all = [];
  for (const store of stores) {
    const on = store === 'sqlite' ? 'SQLite' : 'PostgreSQL';
    all.push(new Kawasemi({
      name: `kawasemi-${store}`, title: `カワセミ（${on}）`, binary, port,
      folder: join(data, `kawasemi-${store}`), database: store === 'sqlite' ? null : database('kawasemi'),
    }));
  }
  if (!withPeers) return all;
  for (const store of stores) {
    const on = store === 'sqlite' ? 'SQLite' : 'PostgreSQL';
    all.push(new Directus({
      name: `directus-${store}`, title: `Directus（${on}）`, peers, port: port + 1,
      folder: join(data, `directus-${store}`), database: store === 'sqlite' ? null : database('directus'),
    }));
  }
  if (stores.includes('sqlite')) {
    all.push(new Datasette({ name: 'datasette', title: 'Datasette', peers, port: port + 2, folder: data, plain }));
  }
  return all;
}

async function measure(side, plain, postgres) {
  const figures = figuresOf(side);
  if (side instanceof Kawasemi && wants('import')) {
    say(`${side.title}: ${IMPORTED} 行を取り込みます`);
    const place = side.database && {
      ...side.database, url: postgres.url('imported'), fresh: () => postgres.fresh('imported'),
    };
    const other = new Kawasemi({ ...side, folder: `${side.folder}-import`, database: place });
    figures.import = await other.prepare(csvOf(IMPORTED));
    if (figures.import.rows !== IMPORTED) throw new Error(`${figures.import.rows} rows were imported`);
  }
  if (settings.fresh || !side.isLoaded()) {
    say(`${side.title}: ${settings.records} 件を用意します`);
    const loaded = await side.prepare(csvOf(settings.records));
    if (loaded) figures.loaded = loaded;
    if (side.database) await side.database.sql(['VACUUM ANALYZE']);
  }
  say(`${side.title}: ファイルを一度読みます`);
  await warm(side.database ? join(data, 'postgres') : (side.plain?.file ?? side.folder));
  say(`${side.title}: 起動します`);
  figures.version = await side.version();
  const until = await side.start();
  try {
    await work(side, plain, figures, until);
  } finally {
    await side.stop();
    save(side, figures);
  }
}

async function work(side, plain, figures, until) {
  const roll = dice(42);
  const questions = shuffled(
    DEPARTMENTS.flatMap((department) =>
      STATUSES.flatMap((status) => KINDS.map((kind) => ({ department, status, kind })))), roll);
  if (wants('start')) {
    await sleep(5_000);
    figures.start = { milliseconds: until, memory: side.memory(), disk: await side.disk() };
  }
  say(`${side.title}: 素の SQL と照合します`);
  figures.found = await check(side, plain, questions.slice(0, 10));
  const timed = async (name, requests, callers = settings.callers) => {
    const usable = requests.filter(Boolean);
    // The first second is not counted: it warms what a running server has warm.
    await load(side.port, usable, { callers, seconds: 1 });
    const result = await load(side.port, usable, { callers, seconds: settings.seconds });
    figures[name] = result;
    say(`${side.title}: ${name} ${result.rate.toFixed(0)}/s, p50 ${result.p50.toFixed(1)} ms, p99 ${result.p99.toFixed(1)} ms`);
  };
  if (wants('list')) {
    await timed('list', questions.map((question) => side.list(question)));
    const third = [];
    for (const question of questions.slice(0, 60)) third.push(await side.third(question));
    await timed('third', third);
    if (side.counted) await timed('counted', questions.map((question) => side.counted(question)));
  }
  if (wants('search')) {
    for (const { key, words } of SEARCHES) {
      const asked = words.flatMap((word) => DEPARTMENTS.map((department) => ({ department, word })));
      await timed(`search-${key}`, shuffled(asked, roll).map((question) => side.search(question)));
    }
  }
  if (wants('page') && side.page) await timed('page', questions.map((question) => side.page(question)));
  if (wants('start')) {
    await sleep(10_000);
    figures.idle = { memory: side.memory() };
  }
  if (side.create) {
    await side.beforeWriting();
    if (wants('create')) {
      for (const callers of [1, 16, 64]) {
        await timed(`create-${callers}`, Array.from({ length: 500 }, (_, n) => side.create(n)), callers);
      }
    }
    if (wants('batch')) {
      const numbers = Array.from({ length: BATCH }, (_, n) => n);
      figures.batch = await batches(side, numbers);
      say(`${side.title}: batch ${figures.batch.rows.toFixed(0)} rows/s`);
    }
  }
}

/** Writes batch after batch for some seconds, two at least. */
async function batches(side, numbers) {
  await side.batch(numbers, 'A');
  const started = performance.now();
  let done = 0;
  const passed = () => (performance.now() - started) / 1000;
  while (done < 2 || passed() < settings.seconds) {
    await side.batch(numbers, `B${done}`);
    done += 1;
  }
  return { batches: done, seconds: passed(), rows: (done * numbers.length) / passed() };
}

/** What is known of a side already. */
function figuresOf(side) {
  const file = join(settings.folder, 'results', `${side.name}.json`);
  const known = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  return known.records === settings.records ? known : {};
}

function save(side, figures) {
  const { records, seconds, callers } = settings;
  Object.assign(figures, {
    name: side.name, title: side.title, records, seconds, callers, at: new Date().toISOString(),
    machine: { processor: cpus()[0]?.model.trim(), cores: cpus().length, memory: Math.round(totalmem() / 2 ** 30) },
  });
  writeFileSync(join(settings.folder, 'results', `${side.name}.json`), `${JSON.stringify(figures, null, 2)}\n`);
}
