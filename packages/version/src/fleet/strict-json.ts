/**
 * JSON of which there is one reading only. `JSON.parse` takes the last of two equal keys and others
 * the first; what is signed must not mean one thing to a reviewer and another to a machine.
 */

// Deeper than anything of ours; keeps a hostile text from exhausting the stack.
const MAX_DEPTH = 8;

/**
 * Parses a JSON text and refuses what parsers read differently: keys that occur twice in an object
 * (however they are spelled), lone surrogates, which have no bytes in UTF-8, and a byte order mark.
 *
 * @param what Names the text in errors: `"release manifest"`.
 * @param maxLength In UTF-16 units.
 * @throws {SyntaxError} If it is no JSON, or one of the above.
 * @throws {RangeError} If it is longer than `maxLength` or nested deeper than 8.
 */
export function parseStrictJson(text: string, what: string, maxLength: number): unknown {
  if (text.length > maxLength) {
    throw new RangeError(
      `Cannot parse ${what}: expected at most ${maxLength} characters, got ${text.length}`,
    );
  }
  if (/\p{Surrogate}/u.test(text)) {
    throw new SyntaxError(`Cannot parse ${what}: expected well-formed text, got a lone surrogate`);
  }
  const value = parse(text, what);
  checkTokens(text, what);
  return value;
}

function parse(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SyntaxError(`Cannot parse ${what}: expected JSON, got "${text.slice(0, 40)}"`, {
      cause,
    });
  }
}

/** Walks over a text that `JSON.parse` has taken, so that every quote and bracket is in its place. */
function checkTokens(text: string, what: string): void {
  const open: (Set<string> | null)[] = [];
  let lastString: string | null = null;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:]/g)) {
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(null);
    else if (token === "}" || token === "]") open.pop();
    else if (token === ":" && lastString !== null) checkKey(lastString, open.at(-1), what);
    else if (token.startsWith('"')) lastString = token;
    if (open.length > MAX_DEPTH) {
      throw new RangeError(`Cannot parse ${what}: expected at most ${MAX_DEPTH} levels, got more`);
    }
  }
}

function checkKey(spelled: string, seen: Set<string> | null | undefined, what: string): void {
  const key = JSON.parse(spelled) as string;
  if (seen?.has(key)) {
    throw new SyntaxError(`Cannot parse ${what}: expected every key once, got "${key}" twice`);
  }
  seen?.add(key);
}
