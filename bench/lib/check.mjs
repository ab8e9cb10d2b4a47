// Before anything is measured: does a side answer what plain SQL answers? A quick wrong answer is worth nothing.

import { SEARCHES } from './dataset.mjs';

/** Compares pages, hit counts and hits. Answers what the search finds; a difference that is no property of the peer is an error. */
export async function check(side, plain, questions) {
  for (const question of questions) {
    // Datasette's second page may miss records whose date is that of the first page's last.
    const third = side.exactOrder ? [[3, await side.third(question)]] : [];
    for (const [page, request] of [[1, side.list(question)], ...third]) {
      const wanted = await plain.page(question, page);
      const got = request ? await side.rows(request) : [];
      compare(side, `${JSON.stringify(question)} page ${page}`, got, wanted);
    }
  }
  const found = {};
  for (const { key, words, spellings } of SEARCHES) {
    found[key] = [];
    for (const [index, word] of words.entries()) {
      const { department } = questions[index % questions.length];
      const meant = await plain.hits(department, spellings ?? [word]);
      const hits = await side.count({ department, word });
      found[key].push({ word, meant, hits });
      const promised = side.finds(spellings ?? [word], word);
      const expected = promised.length > 1 ? meant : await plain.hits(department, [word]);
      const isRight = typeof hits === 'number' ? hits === expected : expected > Number(hits.slice(1));
      if (side.name === 'datasette') continue; // Its words are not these; what it finds is reported.
      if (!isRight) throw new Error(`${side.title} finds ${hits} of ${expected} for ${word} in ${department}`);
      compare(side, word, await side.rows(side.search({ department, word })), await plain.found(department, promised));
    }
  }
  return found;
}

function compare(side, what, got, wanted) {
  const codes = (rows) => (side.exactOrder ? rows.map((row) => row.code) : rows.map((row) => row.reported_on)).join(' ');
  if (codes(got) !== codes(wanted)) {
    throw new Error(`${side.title} differs from plain SQL: ${what}\n  got    ${codes(got)}\n  wanted ${codes(wanted)}`);
  }
}
