import assert from "node:assert/strict";
import { test } from "node:test";
import { isoDate, parseDate, sayDate } from "../src/wareki";

function check(entered: string, iso: string | null, said?: string): void {
  const date = parseDate(entered);
  assert.equal(date && isoDate(date), iso, entered);
  if (said) assert.equal(date && sayDate(date), said, entered);
}

test("reads dates as people write them", () => {
  check("2026-04-01", "2026-04-01", "令和8年4月1日（水）");
  check("2026/4/1", "2026-04-01");
  check("２０２６年４月１日", "2026-04-01");
  check("20260401", "2026-04-01");
  check("R8.4.1", "2026-04-01");
  check("h31/4/30", "2019-04-30", "平成31年4月30日（火）");
  check("令和元年5月1日", "2019-05-01", "令和元年5月1日（水）");
  check("昭和64年1月7日", "1989-01-07");
  check("S1.12.25", "1926-12-25");
  check("大正1年7月30日", "1912-07-30");
});

test("refuses what is no date or lies in another era", () => {
  for (const wrong of ["", "2026-02-29", "2026-13-01", "平成31年5月1日", "令和0年5月1日", "昭和64年1月8日", "きょう"]) {
    check(wrong, null);
  }
});

test("says dates before the eras in the common era", () => {
  assert.equal(sayDate({ year: 1868, month: 1, day: 1 }), "1868年1月1日（水）");
});
