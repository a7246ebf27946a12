// The models' formulas, for figures that need them at once; hblib has them with their limits and their sources.

export const sum = (list) => list.reduce((total, each) => total + each, 0);

/** Normal-Normal at one tau, with a flat prior on mu: mu's posterior, and each group's. */
export function givenTau(ybar, se, tau) {
  const variance = se.map((error) => error ** 2 + tau ** 2);
  const V = 1 / sum(variance.map((each) => 1 / each));
  const mu = V * sum(ybar.map((mean, j) => mean / variance[j]));
  const kappa = variance.map((each) => tau ** 2 / each);
  return {
    mu,
    kappa,
    estimate: ybar.map((mean, j) => kappa[j] * mean + (1 - kappa[j]) * mu),
    sd: se.map((error, j) => Math.sqrt(kappa[j] * error ** 2 + (1 - kappa[j]) ** 2 * V)),
    logLikelihood: Math.log(2 * Math.PI * V) / 2 + sum(ybar.map((mean, j) => logNormal(mean - mu, variance[j]))),
  };
}

/** The logarithm of the density of N(0, variance). */
const logNormal = (x, variance) => -(Math.log(2 * Math.PI * variance) + x ** 2 / variance) / 2;

/** The density of Beta(alpha, beta) at a rate between 0 and 1. */
export const betaDensity = (alpha, beta) => {
  const area = logBeta(alpha, beta);
  return (rate) => Math.exp((alpha - 1) * Math.log(rate) + (beta - 1) * Math.log1p(-rate) - area);
};

/** log B(a, b). Both are raised to where Stirling's series has all digits; what large terms have in common has gone. */
function logBeta(a, b) {
  let raised = 1;
  for (; a < 16; a++) raised *= (a + b) / a;
  for (; b < 16; b++) raised *= (a + b) / b;
  const size = a + b;
  const powers = a * Math.log(a / size) + b * Math.log(b / size);
  return Math.log(raised) + powers + Math.log((2 * Math.PI * size) / a / b) / 2 + stirling(a) + stirling(b) - stirling(size);
}

/** log Gamma(x), for x > 0. */
export function logGamma(x) {
  let raised = 1;
  for (; x < 16; x++) raised *= x;
  return (x - 0.5) * Math.log(x) - x + Math.log(2 * Math.PI) / 2 + stirling(x) - Math.log(raised);
}

/** What Stirling's formula for log Gamma(x) lacks, from x = 16 on to 16 digits (DLMF 5.11.1). */
function stirling(x) {
  const square = x * x;
  return (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - 1 / 1188 / square) / square) / square) / square) / x;
}
