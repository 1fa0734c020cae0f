// Heads of parcels as text. The platform's clone makes a stream of its own for each value, which takes ten times as long as the text of a
// small one. So what JSON carries exactly goes as JSON: a few objects without cycles, with primitives that are no special numbers.

/** Values that are looked at, and characters of a string: what is larger is cloned. */
const MOST = 64;
const LONGEST = 256;

const ASCII = /^[\x20-\x7e]*$/;

let looks = 0;
const seen: object[] = [];

/** The text of a value that `JSON.parse` makes again exactly, one byte for each character; undefined if it is not such a value, or large. */
export function textOf(value: unknown): string | undefined {
  looks = MOST;
  seen.length = 0;
  const text = fits(value) ? JSON.stringify(value) : undefined;
  seen.length = 0;
  return text !== undefined && ASCII.test(text) ? text : undefined;
}

function fits(value: unknown): boolean {
  if (--looks < 0) return false;
  switch (typeof value) {
    case 'boolean':
      return true;
    case 'string':
      return value.length <= LONGEST;
    case 'number':
      return Number.isFinite(value) && (value !== 0 || 1 / value > 0);
    case 'object':
      return value === null || fitsObject(value);
    default:
      return false;
  }
}

function fitsObject(value: object): boolean {
  // What is met twice is one object at the other end too.
  if (seen.includes(value) || 'toJSON' in value) return false;
  seen.push(value);
  const keys = Object.keys(value);
  if (keys.length > looks) return false;
  // No holes.
  if (Array.isArray(value)) return keys.length === value.length && value.every(fits);
  return Object.getPrototypeOf(value) === Object.prototype && keys.every((key) => fits((value as Keyed)[key]));
}

type Keyed = Record<string, unknown>;
