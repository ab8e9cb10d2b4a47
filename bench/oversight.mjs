// What oversight costs, beside its limits:
//
//   node bench/oversight.mjs
//
// - the monthly report over BENCH_ENTRIES (10,000,000) entries of the access log: under 5 s, on SQLite and PostgreSQL
// - a list page whose fields are personal (each answer is noted durably) against the same page of the same records with fields
//   that are not: at most 10 % of the throughput
//
// The entries are written as the program writes them, a year of 300 people's work; the program's own job seals and counts them
// (`kawasemi audit seal`), so that the report reads what it would read in a city. Settings as in README.md; BENCH_WORKS may be
// `report`, `cost` or both.

import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Postgres } from './lib/postgres.mjs';
import { Server, run } from './lib/process.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const setting = (name, usual) => process.env[`BENCH_${name}`] || usual;
const settings = {
  entries: Number(setting('ENTRIES', 10_000_000)),
  people: Number(setting('PEOPLE', 20_000)),
  seconds: Number(setting('SECONDS', 6)),
  // Enough to keep the machine busy: what is asked is what an answer costs, not how long one alone waits for the disk.
  callers: Number(setting('CALLERS', 64)),
  stores: setting('STORES', 'sqlite,postgres').split(','),
  works: setting('WORKS', 'report,cost').split(','),
  port: Number(setting('PORT', 18100)),
  folder: setting('FOLDER', join(root, 'target/bench')),
  binary: setting('BINARY', join(process.env.CARGO_TARGET_DIR || join(root, 'target'), 'release/kawasemi')),
};
const PASSWORD = 'kingfisher by the river 142182';
const REPORT_LIMIT = 5;
const COST_LIMIT = 0.1;
/** People who look, in so many departments. */
const [READERS, DEPARTMENTS] = [300, 30];

const say = (text) => process.stderr.write(`${new Date().toTimeString().slice(0, 8)} ${text}\n`);
const rows = [];

for (const store of settings.stores) {
  const folder = join(settings.folder, `oversight-${store}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const postgres = store === 'postgres' ? await Postgres.start(join(folder, 'cluster'), settings.port + 9) : null;
  try {
    await measure(new City(store, folder, postgres));
  } finally {
    postgres?.stop();
  }
}
console.log('| 保存先 | 仕事 | 上限 | 測った値 | 判定 |\n| --- | --- | --- | --- | --- |');
for (const row of rows) console.log(`| ${row.join(' | ')} |`);

async function measure(city) {
  await city.make();
  if (settings.works.includes('cost')) await city.cost();
  if (settings.works.includes('report')) await city.report();
}

/** A city of one store, made by the program itself. */
function City(store, folder, postgres) {
  const base = `http://127.0.0.1:${settings.port}`;
  const url = postgres ? `postgres://postgres@127.0.0.1:${postgres.port}/postgres` : null;
  const place = (command) => [...(url ? ['--database-url', url] : ['--data', join(folder, 'data')]), ...command];
  const env = { ...process.env, ...(url ? { KAWASEMI_FOLDER: join(folder, 'data') } : {}) };
  const kawasemi = (command, options = {}) => run(settings.binary, place(command), { ...options, env });
  const result = (work, limit, value, good) => rows.push([store, work, limit, value, good ? '○' : '×']);
  let server;

  const listen = async () => {
    server = Server.start(settings.binary, place(['serve', '--listen', `127.0.0.1:${settings.port}`]), {
      log: join(folder, 'serve.log'),
      env,
    });
    for (let tries = 0; ; tries += 1) {
      const answer = await fetch(`${base}/healthz`).catch(() => null);
      if (answer?.ok) return;
      if (tries > 300) throw new Error('the server does not answer');
      await new Promise((done) => setTimeout(done, 100));
    }
  };
  const post = (path, cookie, entries) =>
    fetch(base + path, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie, 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(entries),
    });
  const signIn = async (login) => {
    const answer = await post('/auth/sign-in', '', { login, password: PASSWORD });
    return (answer.headers.getSetCookie() ?? []).map((cookie) => cookie.split(';')[0]).join('; ');
  };
  const publish = async (cookie, key, clearance) => {
    const fields = ['name', 'kana', 'address', 'phone'].map(
      (field) => `[[field]]\nkey = "${field}"\nlabel = "${field}"\ntype = "text"\nclearance = "${clearance}"\n`,
    );
    const toml = `key = "${key}"\ntitle = "${key}"\nowner = "d01"\npurpose = "測定"\nlabel = ["code"]\n
retention = { basis = "測定" }\n[list]\ncolumns = ["code", "name", "kana", "address", "phone"]\nsort = ["code"]\n
[[field]]\nkey = "code"\nlabel = "code"\ntype = "text"\nunique = true\n${fields.join('')}
[[grant]]\nrole = "ledger-designer"\nactions = ["read", "create", "import"]\nclearance = "sensitive"\n`;
    const answer = await post('/desk/ledgers/design/publish', cookie, { toml });
    if (answer.status !== 303) throw new Error(`the ledger is not published: ${await answer.text()}`);
  };

  this.make = async () => {
    say(`${store}: 市を作ります`);
    await kawasemi(['init', '--code', '142182', '--name', '綾瀬市']);
    for (const [login, role] of [['designer', 'ledger-designer'], ['auditor', 'auditor']]) {
      await kawasemi(['user', 'add', login, '--password-stdin'], { input: `${PASSWORD}\n` });
      await kawasemi(['user', 'grant', login, '--role', role]);
    }
    await listen();
    const cookie = await signIn('designer');
    await publish(cookie, 'open-person', 'internal');
    await publish(cookie, 'closed-person', 'personal');
    await server.stop();
    const file = join(folder, 'people.csv');
    const line = (n) => `P${String(n).padStart(7, '0')},氏名${n},シメイ${n},深谷中${n}番地,0467-00-${String(n % 10_000).padStart(4, '0')}`;
    writeFileSync(file, `code,name,kana,address,phone\n${Array.from({ length: settings.people }, (_, n) => line(n)).join('\n')}\n`);
    for (const ledger of ['open-person', 'closed-person']) await kawasemi(['import', ledger, file]);
  };

  /** Requests answered in a second, asked by several at once. */
  const throughput = async (path, cookie) => {
    const end = Date.now() + settings.seconds * 1000;
    let answered = 0;
    const caller = async () => {
      while (Date.now() < end) {
        const answer = await fetch(base + path, { headers: { cookie } });
        await answer.arrayBuffer();
        if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
        answered += 1;
      }
    };
    await Promise.all(Array.from({ length: settings.callers }, caller));
    return answered / settings.seconds;
  };

  this.cost = async () => {
    say(`${store}: 一覧の画面を、記録に残す項目と残さない項目で測ります`);
    await listen();
    const cookie = await signIn('designer');
    const pages = { without: '/desk/ledgers/open-person', with: '/desk/ledgers/closed-person' };
    const best = { without: 0, with: 0 };
    // By turns, so that both meet the same machine; the best of three.
    for (let turn = 0; turn < 4; turn += 1) {
      for (const [name, path] of Object.entries(pages)) {
        const found = await throughput(path, cookie);
        if (turn > 0) best[name] = Math.max(best[name], found);
      }
    }
    await server.stop();
    const cost = 1 - best.with / best.without;
    const figures = `${best.without.toFixed(0)} → ${best.with.toFixed(0)} 件/秒（${(cost * 100).toFixed(1)} %）`;
    result('一覧の画面への記録の費用', '10 % 未満', figures, cost < COST_LIMIT);
  };

  /** Runs SQL on the city's database beside the program. */
  const sql = (text) => {
    const [program, args] = url
      ? [join(postgres.bin, 'psql'), [url, '-q', '-v', 'ON_ERROR_STOP=1', '-f', '-']]
      : ['sqlite3', [join(folder, 'data/cities/142182/kawasemi.db')]];
    const done = spawnSync(program, args, { input: text, encoding: 'utf8', maxBuffer: 1 << 28 });
    if (done.status !== 0) throw new Error(done.stderr);
    return done.stdout.trim();
  };

  this.report = async () => {
    const { entries } = settings;
    say(`${store}: ${entries} 件の記録を書きます`);
    sql(url ? postgresEntries(entries) : sqliteEntries(entries));
    say(`${store}: 検印を付け、集計します`);
    const sealed = await kawasemi(['audit', 'seal'], { measure: true });
    result('検印と集計', '', `${Math.round(entries / sealed.seconds)} 件/秒（${sealed.seconds.toFixed(0)} 秒）`, true);
    await listen();
    const cookie = await signIn('auditor');
    const times = [];
    for (let turn = 0; turn < 5; turn += 1) {
      const started = performance.now();
      const answer = await fetch(`${base}/desk/audit/monthly?from=2026-06-01&until=2026-06-30`, { headers: { cookie } });
      const text = await answer.text();
      if (!answer.ok || !text.includes('合計')) throw new Error(`the report is empty: ${text.slice(0, 200)}`);
      times.push((performance.now() - started) / 1000);
    }
    const year = performance.now();
    await (await fetch(`${base}/desk/audit/monthly?from=2026-01-01&until=2026-12-31`, { headers: { cookie } })).text();
    await server.stop();
    const worst = Math.max(...times);
    const whole = ((performance.now() - year) / 1000).toFixed(2);
    const figure = `${worst.toFixed(2)} 秒（1年分 ${whole} 秒）`;
    result(`月次の報告（${entries.toLocaleString('en')} 件）`, `${REPORT_LIMIT} 秒未満`, figure, worst < REPORT_LIMIT);
  };
}

/** Each entry: somebody of READERS, on a day of the year at some second of it, one record of two hundred thousand. */
function postgresEntries(count) {
  return `INSERT INTO city_142182.access_log
    (id, at, actor, ledger, fields, records, record_count, purpose, request, manner, clearance, department, address, via)
    SELECT gen_random_uuid(),
      (extract(epoch FROM timestamptz '2026-01-01 00:00+09')::bigint + (n * 31536000.0 / ${count})::bigint) * 1000000,
      lpad(to_hex(n % ${READERS} + 1), 32, '0')::uuid::text, 'closed-person', 'name,address',
      decode(lpad(to_hex((n * 7919) % 200000), 32, '0'), 'hex'), 1, '', n::text,
      (ARRAY['read','list','search','print','export','file'])[n % 6 + 1], 'personal',
      lpad(to_hex(n % ${DEPARTMENTS} + 1), 32, '0')::uuid, '10.0.0.7', 'password'
    FROM generate_series(1, ${count}) AS n; ANALYZE city_142182.access_log;`;
}

function sqliteEntries(count) {
  return `PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;
    WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < ${count})
    INSERT INTO access_log
    (id, at, actor, ledger, fields, records, record_count, purpose, request, manner, clearance, department, address, via)
    SELECT CAST(printf('%016d', n) AS BLOB), (1767193200 + n * 31536000 / ${count}) * 1000000,
      printf('00000000-0000-0000-0000-%012x', n % ${READERS} + 1), 'closed-person', 'name,address',
      CAST(printf('%016d', (n * 7919) % 200000) AS BLOB), 1, '', n,
      CASE n % 6 WHEN 0 THEN 'read' WHEN 1 THEN 'list' WHEN 2 THEN 'search' WHEN 3 THEN 'print' WHEN 4 THEN 'export' ELSE 'file' END,
      'personal', CAST(printf('%016d', n % ${DEPARTMENTS} + 1) AS BLOB), '10.0.0.7', 'password' FROM s;`;
}

