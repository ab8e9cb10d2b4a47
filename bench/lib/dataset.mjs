// The records of the measurements: the same on every side and in every run.
//
// A report is one line of the CSV that all sides are loaded from. Words occur with a frequency that is known, so that a search
// can be as rare or as common as wanted; "ベンチ" is written in three ways, as people do.

import { createWriteStream } from 'node:fs';
import { once } from 'node:events';

export const COLUMNS = [
  'code', 'department', 'kind', 'status', 'title', 'town', 'place', 'reported_on', 'done_on', 'cost', 'quantity', 'note',
];
/**
 * Indexes beside the primary key, the same on every side: our ledger's list, its scope and its facets ask for these. Those of a
 * narrowed list carry the other facets behind the order, so that what is narrowed by two is decided in the index.
 */
export const INDEXES = [
  ['code', 'id'],
  ['reported_on', 'id'],
  ['department', 'id'],
  ['department', 'reported_on', 'id', 'status', 'kind'],
  ['department', 'status', 'reported_on', 'id', 'kind'],
  ['department', 'kind', 'reported_on', 'id', 'status'],
];
export const DEPARTMENTS = Array.from({ length: 10 }, (_, n) => `d${String(n + 1).padStart(2, '0')}`);
/** Where new records are written to, so that the records that are read stay what they are. */
export const WRITING_DEPARTMENT = 'd99';
export const KINDS = ['light', 'park', 'road', 'ditch', 'tree', 'sign', 'toy', 'bridge'];
export const STATUSES = ['received', 'surveyed', 'ordered', 'working', 'done'];

const KIND_WORDS = ['街路灯', '公園', '道路', '側溝', '街路樹', '標識', '遊具', '橋りょう'];
const TOWNS = ['深谷中', '早川', '寺尾台', '小園', '上土棚', '大上', '落合北', '綾西', '吉岡', '蓼川', '本蓼川', '寺尾西'];
const TROUBLES = ['の破損', 'の不点灯', 'の陥没', 'への落書き', 'の傾き', 'のつまり', 'のさび', 'についての相談'];
const SOURCES = ['住民から電話で', '巡回中の職員から', '自治会長から窓口で', '電子申請で', '通学路の点検で'];
const BENCHES = ['ベンチ', 'ﾍﾞﾝﾁ', 'べんち'];
/** A word for one record in so many. */
const RARE = [['倒木', 12], ['水道', 40], ['蜂の巣', 2_000], ['噴水', 20_000], ['防空壕', 100_000]];

/** Numbers that look random and are the same each time. */
export function dice(seed) {
  let state = seed >>> 0;
  return (sides) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % sides;
  };
}

const day = (number) => new Date(Date.UTC(2016, 3, 1) + number * 86_400_000).toISOString().slice(0, 10);

/** One report. Its place in the file decides everything about it. */
export function report(number, department = null, prefix = 'R') {
  const roll = dice(number * 7919 + 17);
  const kind = roll(8);
  // Most reports are done; few wait for anything.
  const status = [0, 1, 2, 3, 4, 4, 4, 4, 4, 4][roll(10)];
  const town = TOWNS[roll(TOWNS.length)];
  const reported = roll(3_650);
  const trouble = TROUBLES[roll(TROUBLES.length)];
  let note = `${SOURCES[roll(SOURCES.length)]}、${town}地内の${KIND_WORDS[kind]}${trouble}について連絡があった。`;
  note += roll(10) < 9 ? '現地を確認し、必要に応じて業者に依頼する。' : '現地は翌日に見る。';
  if (roll(4) === 0) note += `近くの${KIND_WORDS[roll(8)]}も合わせて点検すること。`;
  if (roll(50) === 0) note += `${BENCHES[roll(3)]}の塗装も求められた。`;
  for (const [word, one_in] of RARE) {
    if (roll(one_in) === 0) note += `${word}のおそれあり。`;
  }
  return {
    code: `${prefix}-${String(number).padStart(8, '0')}`,
    department: department ?? DEPARTMENTS[roll(10)],
    kind: KINDS[kind],
    status: STATUSES[status],
    title: `${town}の${KIND_WORDS[kind]}${trouble}（${1 + roll(900)}）`,
    town,
    place: `綾瀬市${town}${1 + roll(8)}丁目${1 + roll(30)}番${1 + roll(40)}号付近`,
    reported_on: day(reported),
    done_on: status === 4 ? day(reported + roll(60)) : '',
    cost: roll(3) === 0 ? 0 : roll(2_000) * 500,
    quantity: 1 + roll(12),
    note,
  };
}

/** Writes reports as CSV, none of whose values needs quotes. */
export async function writeCsv(path, count, { header = true, from = 1 } = {}) {
  const file = createWriteStream(path, { highWaterMark: 1 << 20 });
  if (header) file.write(`${COLUMNS.join(',')}\n`);
  for (let start = from; start < from + count; start += 1_000) {
    let lines = '';
    for (let number = start; number < Math.min(start + 1_000, from + count); number += 1) {
      const one = report(number);
      lines += `${COLUMNS.map((column) => one[column]).join(',')}\n`;
    }
    if (!file.write(lines)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'finish');
}

/** Words to search for: how many records have them, and how plain SQL says so. */
export const SEARCHES = [
  { key: 'common', title: '二文字、最も多い語（確認）', words: ['確認'] },
  { key: 'medium', title: '二文字（公園・道路・側溝・標識・遊具・倒木）', words: ['公園', '道路', '側溝', '標識', '遊具', '倒木'] },
  { key: 'rare', title: 'まれな語（噴水・蜂の巣・防空壕）', words: ['噴水', '蜂の巣', '防空壕'] },
  { key: 'three', title: '三文字（街路灯・街路樹）', words: ['街路灯', '街路樹'] },
  { key: 'kana', title: 'かなの違い（べんち）', words: ['べんち', 'ベンチ', 'ﾍﾞﾝﾁ'], spellings: BENCHES },
  { key: 'none', title: '一件もない語（潜水艦・火山）', words: ['潜水艦', '火山'] },
];
