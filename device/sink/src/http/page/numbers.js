// Numbers for a person.

export const DASH = "\u2013";

/** A score: two digits behind the point, more where it is small. */
export function score(value, more = 0) {
  if (value === null || value === undefined) return DASH;
  const size = Math.abs(value);
  return value.toFixed((size >= 1000 ? 0 : size >= 1 || size === 0 ? 2 : 4) + more);
}

/** A p-value, in (0, 1]. */
export const chance = (p) => (p === null || p === undefined ? DASH : p.toFixed(4));

/** A share in [0, 1] as per cent. */
export const percent = (share) => `${(100 * share).toFixed(1)}%`;

export const count = (n) => n.toLocaleString("en-US").replaceAll(",", "\u202f");

/** Milliseconds, of microseconds. */
export function millis(us) {
  return us === null ? DASH : `${(us / 1000).toFixed(us < 10_000 ? 2 : 1)} ms`;
}
