// The order of what the search finds: first the page that teaches a thing, then those that mention it, then the glossary,
// the reference and the solutions. Sphinx looks into the texts and the names in the code; here come the glossary's terms
// and the headings, by their words instead of letter by letter, and one line for each page.
// Sphinx puts this into language_data.js, which the page of the search loads after its own scripts.

const WEIGHTS = [
  [/^(solutions|chapters\/reference)\//, 0.15],
  [/^chapters\/glossary$/, 0.5],
  [/^chapters\/(lesson-numbers|references)$/, 0.1],
];
const weight = (page) => WEIGHTS.find(([pattern]) => pattern.test(page))?.[1] ?? 1;

const stemmer = new Stemmer();
const idle = new Set(stopwords);
const wordsOf = (text) =>
  splitQuery(text).map((word) => word.toLowerCase()).filter((word) => !idle.has(word)).map((word) => stemmer.stemWord(word));

/** Which part of a name the words are that somebody typed: 0 if one of them is not in it. The last may be half typed. */
function share(typed, name) {
  const words = wordsOf(name);
  const [asked, all] = [typed.join(""), words.join("")]; // betabinomial
  if (asked.length > 5 && all.startsWith(asked)) return asked.length / all.length;
  const found = typed.every((word, n) => words.some((each) => (n === typed.length - 1 ? each.startsWith(word) : each === word)));
  return found ? typed.length / Math.max(typed.length, words.length) : 0;
}

/** For each page that has one, the name in which the words weigh most: {page: [score, anchor, name]}. */
function best(typed, names, scoreOf) {
  const found = {};
  for (const [name, places] of Object.entries(names)) {
    const part = share(typed, name);
    for (const [page, anchor, main] of part ? places : []) {
      const score = part * scoreOf(anchor, main);
      if (!(found[page]?.[0] >= score)) found[page] = [score, anchor, name];
    }
  }
  return found;
}

// Who types a letter of a formula looks for what the text writes out.
const LETTERS = { α: "alpha", β: "beta", ε: "epsilon", η: "eta", θ: "theta", κ: "kappa", λ: "lambda", μ: "mu", ρ: "rho", σ: "sigma", τ: "tau", φ: "phi", ψ: "psi" };
const parse = Search._parseQuery;
Search._parseQuery = (text) => parse(text.replace(/[α-ω]/g, (letter) => ` ${LETTERS[letter] ?? letter} `));

Search._performSearch = (query, terms, excluded, _highlighted, names) => {
  const { docnames, titles, filenames, alltitles, indexentries } = Search._index;
  const typed = wordsOf(query.replace(/(^|\s)-\S+/g, ""));
  if (!typed.length) return [];
  const entries = best(typed, indexentries, (_anchor, main) => (main ? 80 : 70));
  const headings = best(typed, alltitles, (anchor) => (anchor === null ? 65 : 60));
  const inText = Object.fromEntries(Search.performTermsSearch(terms, excluded).map((result) => [result[0], result]));
  const pages = docnames.flatMap((page, n) => {
    const [byEntry, byHeading, byText] = [entries[n], headings[n], inText[page]];
    if (!byEntry && !byHeading && !byText) return [];
    const score = weight(page) * ((byEntry?.[0] ?? 0) + (byHeading?.[0] ?? 0) + (byText?.[4] ?? 0));
    const [, anchor, heading] = byHeading ?? [0, null, ""];
    const [, term] = byEntry ?? [];
    const place = anchor ?? (term?.startsWith("term-") ? term : null);
    const title = anchor === null ? titles[n] : `${titles[n]} › ${heading}`;
    return [[page, title, place === null ? "" : `#${place}`, null, score, filenames[n]]];
  });
  // Somebody who types a name with a dot or an underscore in it looks for the function.
  const code = /\w[._]\w/.test(query) ? 10 : 1;
  const objects = [names, new Set(typed)].flatMap((all) => [...all].flatMap((name) => Search.performObjectSearch(name, all)));
  for (const object of objects) object[4] *= code * weight(object[0]);
  const seen = new Set();
  const all = [...pages, ...objects].sort(_orderResultsByScoreThenName).reverse();
  return all.filter((result) => !seen.has(result[0] + result[2]) && seen.add(result[0] + result[2])).reverse();
};

// The theme means to put the cursor into the page's field, and takes the first one, that of its hidden dialog.
addEventListener("DOMContentLoaded", () => document.querySelector(".bd-search-container input")?.focus());

// Sphinx fetches the page of each result for a few of its words. That is too much for a slow line, and a page that was
// opened as a file may fetch none.
let summaries = location.protocol === "file:" ? 0 : 6;
Object.defineProperty(DOCUMENTATION_OPTIONS, "SHOW_SEARCH_SUMMARY", { get: () => summaries-- > 0 });

/** In a line of text an exponent and a denominator have a sign before them, or 5² would read 52. */
function inOneLine(math) {
  const kept = (part) => part.textContent.length > 1 && (part.prepend("("), part.append(")"));
  for (const power of math.querySelectorAll("msup, msubsup")) kept(power.lastElementChild), power.lastElementChild.before("^");
  for (const fraction of math.querySelectorAll("mfrac")) [...fraction.children].forEach(kept), fraction.lastElementChild.before("/");
}

// Those words are of the text, not of the code, and for a term of the glossary they are what it says.
const textOf = Search.htmlToText;
Search.htmlToText = (page, anchor) => {
  const html = new DOMParser().parseFromString(page, "text/html");
  const around = ".bd-header-article, .header-article-items, #jb-print-docs-body, #jb-print-toc";
  for (const each of html.querySelectorAll(`pre, summary, .headerlink, ${around}`)) each.remove();
  for (const each of html.querySelectorAll("math")) inOneLine(each);
  const term = anchor.startsWith("#term-") && html.getElementById(anchor.slice(1));
  if (term) return `${term.textContent}: ${term.nextElementSibling.textContent}`;
  return textOf(html.body.innerHTML, anchor);
};

/** How many letters must change for one word to become the other. */
function distance(one, other) {
  let row = [...Array(other.length + 1).keys()];
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++)
      next.push(Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + (one[i - 1] === other[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[other.length];
}

/** The terms of the glossary that are a slip of the finger or two away. */
function meant(text) {
  const typed = text.trim().toLowerCase();
  const terms = Object.entries(Search._index.indexentries).filter(([, places]) => places.some(([, , main]) => main));
  const near = terms.map(([term]) => [distance(typed, term), term]).filter(([far]) => far <= Math.min(2, typed.length / 4));
  return near.sort(([one], [other]) => one - other).slice(0, 3).map(([, term]) => term);
}

/** Where nothing is found, say where else to look. */
const query = Search.query;
Search.query = (text) => {
  query(text);
  if (Search.output.childElementCount) return;
  const root = document.documentElement.dataset.content_root;
  const link = (address, words) => `<a href="${root}${address}">${words}</a>`;
  const near = meant(text).map((term) => link(`search.html?q=${encodeURIComponent(term)}`, term));
  Search.status.innerHTML =
    "No page holds all of these words. " +
    (near.length ? `Did you mean ${near.join(" or ")}? Otherwise try` : "Try") +
    " fewer words, or other ones, or only the beginning of a word; or look into " +
    `the ${link("chapters/glossary.html", "glossary")} and the ${link("genindex.html", "index")}.`;
};
