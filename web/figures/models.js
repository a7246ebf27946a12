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
