// How the figures write numbers, so that one which is only nearly 0, or nearly all, does not read as such.

export const SIGNS = ["<", ">"]; // instead of words, where there is little room

/** With so many decimals; what would round to 0 without being it is "less than 0.01", and to `all`, "more than 0.99". */
export function rounded(number, decimals, { all = Infinity, words: [less, more] = ["less than", "more than"] } = {}) {
  const text = number.toFixed(decimals);
  const last = 10 ** -decimals;
  if (Number(text) === 0 && number !== 0) return `${less} ${last.toFixed(decimals)}`;
  if (Number(text) === all && number !== all) return `${more} ${(all - last).toFixed(decimals)}`;
  return text;
}

/** At least so many decimals, and more where it would read 0, or `all`, without being it. */
export function decimals(number, least, all) {
  const text = number.toFixed(least);
  const reads = (end) => Number(text) === end && number !== end;
  return reads(0) || reads(all) ? decimals(number, least + 1, all) : text;
}

/** A share in per cent. */
export function percent(share, decimals = 0, words) {
  return `${rounded(100 * share, decimals, { all: 100, words })}\u00a0%`;
}

/** A share in per cent, with a decimal near 0 and near 1, though not at them. */
export function finer(share, words) {
  const near = (share > 0 && share < 0.0995) || (share > 0.9005 && share < 1);
  return percent(share, near ? 1 : 0, words);
}

/** With a minus as long as a plus, and none before a 0. */
export function signed(number, decimals) {
  const text = number.toFixed(decimals);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}
