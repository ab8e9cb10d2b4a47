/** Japanese dates (和暦), both ways. Pure functions; the server has the last word on what was entered. */

interface Era {
  readonly name: string;
  readonly letter: string;
  /** First day, as YYYYMMDD. */
  readonly from: number;
}

/** The eras since 1873, when Japan took over the Gregorian calendar; the latest first. */
const ERAS: readonly Era[] = [
  { name: "令和", letter: "R", from: 20190501 },
  { name: "平成", letter: "H", from: 19890108 },
  { name: "昭和", letter: "S", from: 19261225 },
  { name: "大正", letter: "T", from: 19120730 },
  { name: "明治", letter: "M", from: 18730101 },
];

/** A civil date. */
export interface CivilDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** Reads `2026-04-01`, `2026/4/1`, `20260401`, `令和8年4月1日`, `R8.4.1`, `令和元年5月1日`; full-width digits too. */
export function parseDate(entered: string): CivilDate | null {
  const plain = entered.normalize("NFKC").trim().replaceAll(/\s+/g, "");
  const compact = /^(\d{4})(\d{2})(\d{2})$/.exec(plain);
  const common = compact ?? /^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?$/.exec(plain);
  if (common) return checked(Number(common[1]), Number(common[2]), Number(common[3]));
  const spelled = /^(令和|平成|昭和|大正|明治|[RHSTM])(元|\d{1,2})[-/.年](\d{1,2})[-/.月](\d{1,2})日?$/i.exec(plain);
  if (!spelled) return null;
  const [, mark = "", ofEra = "", month, day] = spelled;
  const era = ERAS.find(({ name, letter }) => name === mark || letter === mark.toUpperCase());
  const number = ofEra === "元" ? 1 : Number(ofEra);
  if (!era || number < 1) return null;
  const date = checked(Math.floor(era.from / 10000) + number - 1, Number(month), Number(day));
  // A day of another era, such as 平成31年5月1日, is refused rather than silently moved.
  return date && eraOf(date) === era ? date : null;
}

/** `令和8年4月1日（水）` of a date. */
export function sayDate(date: CivilDate): string {
  const era = eraOf(date);
  const weekday = "日月火水木金土"[new Date(Date.UTC(date.year, date.month - 1, date.day)).getUTCDay()];
  const rest = `${date.month}月${date.day}日（${weekday}）`;
  if (!era) return `${date.year}年${rest}`;
  const ofEra = date.year - Math.floor(era.from / 10000) + 1;
  return `${era.name}${ofEra === 1 ? "元" : ofEra}年${rest}`;
}

/** `2026-04-01` of a date. */
export function isoDate({ year, month, day }: CivilDate): string {
  return [String(year).padStart(4, "0"), String(month).padStart(2, "0"), String(day).padStart(2, "0")].join("-");
}

function eraOf({ year, month, day }: CivilDate): Era | undefined {
  const number = year * 10000 + month * 100 + day;
  return ERAS.find(({ from }) => number >= from);
}

function checked(year: number, month: number, day: number): CivilDate | null {
  const date = new Date(Date.UTC(year, month - 1, day));
  date.setUTCFullYear(year);
  const real = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return real && year >= 1 ? { year, month, day } : null;
}
