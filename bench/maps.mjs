// What maps cost, beside their limits:
//
//   node bench/maps.mjs
//
// - the features of a box with 1,000 of BENCH_RECORDS (1,000,000) points, as GeoJSON: under 25 ms at the 99th percentile
// - a vector tile of zoom level 14 under 10 ms, and the one of level 8 that has the whole city under 150 ms, cold
// - all features as GeoJSON: over 100,000 in a second, in less than 100 MB of memory
//
// The points lie in a city's outline of six by seven kilometres, more of them where towns are; the ledger is public, and is asked
// as a visitor asks it, through its grants. A tile in which more lies than it can show is a sample, which its header says.
// Settings as in README.md.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dice } from './lib/dataset.mjs';
import { load } from './lib/load.mjs';
import { Postgres } from './lib/postgres.mjs';
import { Server, run } from './lib/process.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const setting = (name, usual) => process.env[`BENCH_${name}`] || usual;
const settings = {
  records: Number(setting('RECORDS', 1_000_000)),
  seconds: Number(setting('SECONDS', 6)),
  stores: setting('STORES', 'sqlite,postgres').split(','),
  port: Number(setting('PORT', 18100)),
  folder: setting('FOLDER', join(root, 'target/bench')),
  binary: setting('BINARY', join(process.env.CARGO_TARGET_DIR || join(root, 'target'), 'release/kawasemi')),
};
const PASSWORD = 'kingfisher by the river 142182';
const LEDGER = `key = "lamp"
title = "街路灯"
owner = "d01"
label = ["code"]
retention = { basis = "測定" }
[map]
[[field]]
key = "code"
label = "番号"
type = "text"
unique = true
clearance = "public"
[[field]]
key = "state"
label = "状態"
type = "choice"
clearance = "public"
choices = [{ key = "good", label = "良好" }, { key = "watch", label = "要観察" }, { key = "broken", label = "故障" }]
[[field]]
key = "lit_on"
label = "設置日"
type = "date"
clearance = "public"
[[field]]
key = "location"
label = "位置"
type = "point"
clearance = "public"
[[grant]]
role = "ledger-designer"
actions = ["read", "create", "import", "export"]
clearance = "internal"
[[grant]]
role = "public"
actions = ["read", "export"]
clearance = "public"
`;

const say = (text) => process.stderr.write(`${new Date().toTimeString().slice(0, 8)} ${text}\n`);
const rows = [];

/** Where a point lies: half of them anywhere in the city, half around one of forty places. */
function place(number) {
  const roll = dice(number * 7919 + 29);
  const part = () => roll(1_000_000) / 1_000_000;
  if (roll(2) === 0) return [139.395 + part() * 0.065, 35.405 + part() * 0.065];
  const town = dice(roll(40) * 31 + 7);
  const near = () => (part() + part() + part() - 1.5) / 150;
  return [139.4 + town(55_000) / 1e6 + near(), 35.41 + town(55_000) / 1e6 + near()];
}

for (const store of settings.stores) {
  const folder = join(settings.folder, `maps-${store}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const postgres = store === 'postgres' ? await Postgres.start(join(folder, 'cluster'), settings.port + 9) : null;
  try {
    await measure(store, folder, postgres);
  } finally {
    postgres?.stop();
  }
}
console.log('| 保存先 | 仕事 | 上限 | 測った値 | 判定 |\n| --- | --- | --- | --- | --- |');
for (const row of rows) console.log(`| ${row.join(' | ')} |`);

async function measure(store, folder, postgres) {
  const base = `http://127.0.0.1:${settings.port}`;
  const url = postgres ? `postgres://postgres@127.0.0.1:${postgres.port}/postgres` : null;
  const data = join(folder, 'data');
  const place_of = (command) => [...(url ? ['--database-url', url] : ['--data', data]), ...command];
  const env = { ...process.env, ...(url ? { KAWASEMI_FOLDER: data } : {}) };
  const kawasemi = (command, options = {}) => run(settings.binary, place_of(command), { ...options, env });
  const result = (work, limit, value, good) => rows.push([store, work, limit, value, good ? '○' : '×']);
  const serve = async () => {
    const log = join(folder, 'serve.log');
    const server = Server.start(settings.binary, place_of(['serve', '--listen', `127.0.0.1:${settings.port}`]), { log, env });
    await server.untilGood(async () => (await fetch(`${base}/healthz`)).ok);
    return server;
  };

  say(`${store}: 市と ${settings.records} 件の点を作ります`);
  await kawasemi(['init', '--code', '142182', '--name', '綾瀬市']);
  await kawasemi(['user', 'add', 'designer', '--password-stdin'], { input: `${PASSWORD}\n` });
  await kawasemi(['user', 'grant', 'designer', '--role', 'ledger-designer']);
  let server = await serve();
  const post = (path, cookie, entries) =>
    fetch(base + path, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie, 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(entries),
    });
  const signed = await post('/auth/sign-in', '', { login: 'designer', password: PASSWORD });
  const cookie = (signed.headers.getSetCookie() ?? []).map((one) => one.split(';')[0]).join('; ');
  const published = await post('/desk/ledgers/design/publish', cookie, { toml: LEDGER });
  if (published.status !== 303) throw new Error(`the ledger is not published: ${await published.text()}`);
  await server.stop();
  const file = join(folder, 'points.csv');
  const lines = ['code,state,lit_on,location'];
  for (let n = 0; n < settings.records; n += 1) {
    const [x, y] = place(n);
    const state = ['good', 'good', 'good', 'watch', 'broken'][n % 5];
    lines.push(`L${n},${state},20${10 + (n % 15)}-0${1 + (n % 9)}-1${n % 10},"${y.toFixed(7)}, ${x.toFixed(7)}"`);
  }
  writeFileSync(file, `${lines.join('\n')}\n`);
  const imported = await kawasemi(['import', 'lamp', file, '--json'], { measure: true });
  say(`${store}: 取込 ${imported.seconds.toFixed(0)} 秒`);

  // The first answer of a server that has just started.
  server = await serve();
  const tile = (zoom, x, y) => {
    const [n, lat] = [2 ** zoom, (y * Math.PI) / 180];
    const row = Math.floor(((1 - Math.asinh(Math.tan(lat)) / Math.PI) / 2) * n);
    return `/ogc/collections/lamp/tiles/WebMercatorQuad/${zoom}/${row}/${Math.floor(((x + 180) / 360) * n)}`;
  };
  const cold = performance.now();
  const whole = await fetch(base + tile(8, 139.42, 35.44));
  const size = (await whole.arrayBuffer()).byteLength;
  const took = performance.now() - cold;
  if (!whole.ok || size === 0) throw new Error(`no tile: ${whole.status}`);
  const said = whole.headers.get('kawasemi-content');
  result('市全体のタイル（z8、起動の直後）', '150 ms 未満', `${took.toFixed(0)} ms（${(size / 1024).toFixed(0)} kB、${said}）`, took < 150);

  // Boxes with about a thousand points each, wherever there are any.
  const boxes = [];
  for (let n = 0; boxes.length < 200; n += 1) {
    const [x, y] = place(n * 4_999);
    const side = 0.0019 * Math.sqrt(1_000_000 / settings.records);
    boxes.push([x - side / 2, y - side / 2, x + side / 2, y + side / 2].map((side_) => side_.toFixed(6)).join(','));
  }
  const sample = await (await fetch(`${base}/ogc/collections/lamp/items?limit=1000&bbox=${boxes[0]}`)).json();
  const paths = boxes.map((box) => ({ path: `/ogc/collections/lamp/items?limit=1000&bbox=${box}` }));
  const features = await load(settings.port, paths, { callers: 1, seconds: settings.seconds });
  const average = features.bytes / features.requests / 1024;
  result('範囲の地物（最大1,000件）', 'p99 25 ms 未満',
    `p50 ${features.p50.toFixed(1)}、p99 ${features.p99.toFixed(1)} ms（平均 ${average.toFixed(0)} kB、例 ${sample.numberReturned} 件）`, features.p99 < 25);
  for (const [zoom, limit] of [[14, 10], [11, null], [17, 10]]) {
    const tiles = [...new Set(boxes.map((box) => tile(zoom, ...box.split(',').map(Number))))].map((path) => ({ path }));
    const drawn = await load(settings.port, tiles, { callers: 1, seconds: settings.seconds });
    result(`タイル（z${zoom}）`, limit ? `${limit} ms 未満` : '', `p50 ${drawn.p50.toFixed(1)}、p99 ${drawn.p99.toFixed(1)} ms`,
      limit === null || drawn.p99 < limit);
  }

  // The whole, page by page as a client takes it, and as one file.
  const memory = server.memory();
  await server.stop();
  const exported = await kawasemi(['export', 'lamp', '--format', 'geojson', '--output', join(folder, 'all.geojson')], { measure: true });
  const rate = settings.records / exported.seconds;
  result('GeoJSON の書出し', '100,000 件/秒、100 MB', `${Math.round(rate).toLocaleString('en')} 件/秒、${exported.peak.toFixed(0)} MB`,
    rate > 100_000 && exported.peak < 100);
  say(`${store}: サーバーの記憶 ${memory.toFixed(0)} MB`);
}
