// The table of what was measured, beside the limits and the peers.
//
//   node bench/table.mjs [--write]
//
// `--write` puts it into the documents, between the marks that stand there for it.

import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

const root = fileURLToPath(new URL('..', import.meta.url));
const SIDES = ['kawasemi-sqlite', 'kawasemi-postgres', 'directus-sqlite', 'directus-postgres', 'datasette'];

const whole = (number) => Math.round(number).toLocaleString('en-US');

/** A limit that a figure of ours must keep. */
const under = (most, unit) => ({ keeps: (value) => value < most, text: { ja: `${most} ${unit} 未満`, en: `under ${most} ${unit}` } });
const over = (least) => ({ keeps: (value) => value > least, text: { ja: `${whole(least)} 件/秒 以上`, en: `over ${whole(least)}/s` } });
const p99 = (most) => ({ ...under(most, 'ms'), of: (figure) => figure.p99, text: { ja: `p99 ${most} ms 未満`, en: `p99 under ${most} ms` } });

/**
 * The rows: which figure, what it is called, what limit it has, whether it is compared with Directus by its rate, and whether it
 * stands in the short table of the front page.
 */
const WORKS = [
  { key: 'list', brief: true, ja: '一覧の API（条件二つ、新しい順、50件）', en: 'List by API (two filters, newest first, 50)', limit: p99(20), compared: true },
  { key: 'third', ja: '同、3ページ目', en: 'The same, third page', limit: p99(20), compared: true },
  { key: 'counted', ja: '同、正確な件数も答える', en: 'The same, with an exact count' },
  { key: 'search-medium', brief: true, ja: '検索の API（公園・道路など二文字）', en: 'Search by API (two characters: 公園, 道路 …)', limit: p99(30), compared: true },
  { key: 'search-common', ja: '検索（9割の記録にある「確認」）', en: 'Search (確認, in nine of ten records)', limit: p99(30), compared: true },
  { key: 'search-rare', ja: '検索（まれな語）', en: 'Search (rare words)', limit: p99(30), compared: true },
  { key: 'search-three', ja: '検索（街路灯・街路樹）', en: 'Search (three characters)', limit: p99(30), compared: true },
  { key: 'search-kana', ja: '検索（べんち・ベンチ・ﾍﾞﾝﾁ）', en: 'Search (kana in three spellings)', limit: p99(30), compared: true },
  { key: 'search-none', ja: '検索（一件もない語）', en: 'Search (no hit)', limit: p99(30), compared: true },
  { key: 'create-1', ja: '登録の API（1人が続けて）', en: 'Create by API (1 caller)', compared: true },
  { key: 'create-16', ja: '登録の API（16人が同時に）', en: 'Create by API (16 callers)', compared: true },
  { key: 'create-64', brief: true, ja: '登録の API（64人が同時に）', en: 'Create by API (64 callers)', limit: { ...over(2_000), of: (figure) => figure.rate }, compared: true },
  { key: 'batch', brief: true, ja: '登録の API（1,000件ずつ、行/秒）', en: 'Create by API (1,000 at once, rows/s)', compared: true, rate: (figure) => figure.rows },
  { key: 'page', brief: true, ja: '一覧の画面（HTML）', en: 'List as a page (HTML)', limit: { ...over(1_500), of: (figure) => figure.rate } },
  { key: 'import', brief: true, ja: 'CSV 10万行の取込', en: 'Import of 100,000 rows of CSV', limit: { ...under(20, 's'), of: (figure) => figure.seconds }, show: (figure) => `${figure.seconds.toFixed(1)} s` },
  { key: 'import', brief: true, ja: '同、最大の記憶', en: 'The same, largest memory', limit: { ...under(300, 'MB'), of: (figure) => figure.peak }, show: (figure) => `${figure.peak.toFixed(0)} MB` },
  { key: 'loaded', ja: '全件の取込', en: 'Import of all records', show: (figure) => `${whole(figure.rows)} / ${figure.seconds.toFixed(0)} s` },
  { key: 'start', brief: true, ja: '起動から最初の答え', en: 'Start to first answer', limit: { ...under(500, 'ms'), of: (figure) => figure.milliseconds }, show: (figure) => `${figure.milliseconds.toFixed(0)} ms` },
  { key: 'start', ja: '記憶（起動して5秒後）', en: 'Memory, 5 s after start', limit: { ...under(80, 'MB'), of: (figure) => figure.memory }, show: (figure) => `${figure.memory.toFixed(0)} MB` },
  { key: 'idle', brief: true, ja: '記憶（読取りの測定の10秒後）', en: 'Memory, 10 s after the reads', limit: { ...under(80, 'MB'), of: (figure) => figure.memory }, show: (figure) => `${figure.memory.toFixed(0)} MB` },
  { key: 'start', ja: 'ディスク', en: 'Disk', show: (figure) => `${(figure.disk / 1024).toFixed(2)} GB` },
];

const WORDS = {
  ja: { work: '仕事', limit: '上限・下限', ratio: 'Directus比', verdict: '判定', good: '○', bad: '**×**', times: '倍', each: '件/秒', finds: '検索の照合' },
  en: { work: 'Work', limit: 'Limit', ratio: 'vs Directus', verdict: 'Kept', good: 'yes', bad: '**no**', times: '×', each: '/s', finds: 'Search hits' },
};

export function read(folder) {
  const all = Object.fromEntries(
    readdirSync(folder).filter((name) => name.endsWith('.json'))
      .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8'))).map((figures) => [figures.name, figures]));
  return SIDES.filter((name) => all[name]).map((name) => all[name]);
}

function cell(work, figures, lang) {
  const figure = figures?.[work.key];
  if (!figure) return '–';
  if (work.show) return work.show(figure);
  const rate = work.rate ? work.rate(figure) : figure.rate;
  const digits = rate < 10 ? rate.toFixed(1) : whole(rate);
  if (work.rate) return `${digits} ${WORDS[lang].each}`;
  return `${digits} ${WORDS[lang].each} · ${figure.p50.toFixed(1)} / ${figure.p99.toFixed(1)} ms`;
}

/** How many times the peer's rate ours is, on each store that both were measured on. */
function ratio(work, sides, lang) {
  if (!work.compared) return '';
  const of = (name) => {
    const figure = sides.find((side) => side.name === name)?.[work.key];
    return figure && (work.rate ? work.rate(figure) : figure.rate);
  };
  const ratios = ['sqlite', 'postgres'].map((store) => of(`kawasemi-${store}`) / of(`directus-${store}`));
  return ratios.filter(Number.isFinite).map((times) => `${times < 10 ? times.toFixed(1) : whole(times)}${WORDS[lang].times}`).join(' · ');
}

function verdict(work, sides, lang) {
  if (!work.limit) return '';
  const ours = sides.find((side) => side.name === 'kawasemi-sqlite')?.[work.key];
  if (!ours) return '';
  return work.limit.keeps(work.limit.of(ours)) ? WORDS[lang].good : WORDS[lang].bad;
}

export function markdown(sides, lang, { brief = false } = {}) {
  const words = WORDS[lang];
  const head = [words.work, words.limit, ...sides.map((side) => called(side, lang)), words.ratio, words.verdict];
  const rows = WORKS.filter((work) => sides.some((side) => side[work.key]) && (work.brief || !brief)).map((work) => [
    work[lang], work.limit?.text[lang] ?? '', ...sides.map((side) => cell(work, side, lang)),
    ratio(work, sides, lang), verdict(work, sides, lang),
  ]);
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const { machine, records, seconds, callers, at } = sides[0];
  const when = at.slice(0, 10);
  const note = lang === 'ja'
    ? `${when}、${machine.processor}（${machine.cores}コア、${machine.memory} GB）。記録 ${whole(records)} 件、同時 ${callers} 人、各 ${seconds} 秒。速さは「件/秒 · 中央値 / 99パーセンタイル」。判定は SQLite の値。`
    : `${when}, ${machine.processor} (${machine.cores} cores, ${machine.memory} GB). ${whole(records)} records, ${callers} callers, ${seconds} s each. Speed is "per second · median / 99th percentile". "Kept" is judged on SQLite.`;
  return [note, '', line(head), line(head.map(() => '---')), ...rows.map(line), '', brief ? '' : found(sides, lang)].join('\n').trimEnd();
}

/** A side with its version. */
function called(side, lang) {
  const title = lang === 'en' ? side.title.replace('カワセミ', 'Kawasemi').replace('（', ' (').replace('）', ')') : side.title;
  return `${title} ${side.version ?? ''}`.trim();
}

/** What the searches find of what is there. */
function found(sides, lang) {
  const first = sides.find((side) => side.found);
  if (!first) return '';
  const words = Object.values(first.found).flat().map((one) => one.word);
  const head = [WORDS[lang].finds, 'SQL', ...sides.map((side) => called(side, lang))];
  const rows = words.map((word) => {
    const of = (side) => Object.values(side.found ?? {}).flat().find((one) => one.word === word);
    const shown = (one) => (one === undefined ? '–' : typeof one.hits === 'number' ? whole(one.hits) : one.hits);
    return [word, whole(of(first).meant), ...sides.map((side) => shown(of(side)))];
  });
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

export function print(folder) {
  const sides = read(folder);
  if (sides.length > 0) process.stdout.write(`\n${markdown(sides, 'ja')}\n`);
  const missed = WORKS.filter((work) => verdict(work, sides, 'ja') === WORDS.ja.bad);
  if (missed.length > 0) process.stderr.write(`\n守れなかったもの: ${missed.map((work) => work.ja).join('、')}\n`);
}

/** Replaces what stands between the marks of a document. */
function write(file, lang, sides, form) {
  const path = join(root, file);
  const [start, end] = ['<!-- bench:start -->', '<!-- bench:end -->'];
  const text = readFileSync(path, 'utf8');
  const [from, to] = [text.indexOf(start), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${file} has no place for the table`);
  writeFileSync(path, `${text.slice(0, from + start.length)}\n\n${markdown(sides, lang, form)}\n\n${text.slice(to)}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = join(process.env.BENCH_FOLDER || join(root, 'target/bench'), 'results');
  if (!existsSync(folder)) throw new Error('先に make bench か make bench-peers で測ってください。');
  if (process.argv.includes('--write')) {
    const sides = read(folder);
    write('README.md', 'ja', sides, { brief: true });
    write('README.en.md', 'en', sides, { brief: true });
    write('bench/README.md', 'ja', sides, {});
  } else {
    print(folder);
  }
}
