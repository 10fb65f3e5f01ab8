/** Where a text stops being JSON, and what should have been there. */
export interface JsonProblem {
  readonly offset: number;
  readonly expected: string;
  /** What stands there instead; at most a few words. */
  readonly found: string;
}

// RFC 8259: white space, and each kind of token.
const SPACE = /[ \t\n\r]*/y;
const TOKEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them in texts.
  /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)(?!\w)|[{}[\],:]/y;

const VALUE = 'a value in JSON (text in double quotes, a number, true, false, null, "{" or "[")';

/**
 * Finds the first place at which a text is not JSON; null if it is. `JSON.parse` knows as well, but
 * says where only sometimes, and in each version of Node in another way.
 */
export function findJsonProblem(text: string): JsonProblem | null {
  let offset = 0;
  const next = (): string => {
    SPACE.lastIndex = offset;
    offset += SPACE.exec(text)?.[0].length ?? 0;
    TOKEN.lastIndex = offset;
    return TOKEN.exec(text)?.[0] ?? "";
  };
  const problem = (expected: string) => ({ offset, expected, found: describe(text, offset) });
  const isText = (token: string) => token.startsWith('"');
  // What is open: a folder of keys ends with "}", a list with "]".
  const open: ("}" | "]")[] = [];
  let state: "value" | "first-item" | "key" | "first-key" | "after-value" = "value";
  for (;;) {
    const token = next();
    switch (state) {
      case "first-item":
      case "value":
        if (token === "]" && state === "first-item") {
          open.pop();
          state = "after-value";
        } else if (token === "{" || token === "[") {
          open.push(token === "{" ? "}" : "]");
          state = token === "{" ? "first-key" : "first-item";
        } else if (token === "" || "}],:".includes(token)) return problem(VALUE);
        else state = "after-value";
        break;
      case "first-key":
      case "key":
        if (token === "}" && state === "first-key") {
          open.pop();
          state = "after-value";
          break;
        }
        if (!isText(token)) {
          return problem(`a key in double quotes${state === "first-key" ? ' or "}"' : ""}`);
        }
        offset += token.length;
        if (next() !== ":") return problem('":" after the key');
        offset += 1;
        state = "value";
        continue;
      case "after-value": {
        const end = open.at(-1);
        if (end === undefined) return offset === text.length ? null : problem("the end");
        if (token === end) open.pop();
        else if (token === ",") state = end === "}" ? "key" : "value";
        else return problem(`"," or "${end}"`);
        break;
      }
      default:
        state satisfies never;
    }
    offset += token.length;
  }
}

/** Counts the keys of all objects in a text that is JSON, the same one twice if it stands twice. */
export function countKeys(json: string): number {
  // Outside of texts a colon is after a key and nowhere else.
  return json.replace(/"(?:[^"\\]|\\.)*"/g, "").split(":").length - 1;
}

function describe(text: string, offset: number): string {
  const rest = text.slice(offset);
  if (rest === "") return "the end of the file";
  if (/^\/[/*]|^#/.test(rest)) return "a comment";
  if (rest.startsWith("'")) return "a single quote";
  const [word = rest.charAt(0)] = /^[\w.+-]{1,30}|^"[^"\n]{0,30}"?/.exec(rest) ?? [];
  return word.startsWith('"') ? word : `"${word}"`;
}
