/**
 * Logarithm and exponential for what all machines must agree on. The language leaves the last bits of
 * Math.log and Math.exp to the engine; + − × / and Math.sqrt it does not (IEEE 754), and these use nothing
 * else. Good to about 1e-14, relative.
 */
const ln2 = 0.693_147_180_559_945_3;

/** For x > 0: x = m·2^e, ln m = 2 artanh((m − 1)/(m + 1)). */
export function exactLog(x: number): number {
  let mantissa = x;
  let exponent = 0;
  for (; mantissa > 1.5; mantissa /= 2) exponent += 1;
  for (; mantissa < 0.75; mantissa *= 2) exponent -= 1;
  const t = (mantissa - 1) / (mantissa + 1);
  let power = t;
  let sum = t;
  for (let n = 3; n < 40; n += 2) {
    power *= t * t;
    sum += power / n;
  }
  return exponent * ln2 + 2 * sum;
}

/** Of x = k·ln 2 + r by the series in r. */
export function exactExp(x: number): number {
  if (x < -745) return 0;
  const twos = Math.round(x / ln2);
  const rest = x - twos * ln2;
  let term = 1;
  let sum = 1;
  for (let n = 1; n < 20; n++) {
    term *= rest / n;
    sum += term;
  }
  for (let k = 0; k < twos; k++) sum *= 2;
  for (let k = 0; k > twos; k--) sum /= 2;
  return sum;
}
