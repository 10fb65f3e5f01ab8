/** Names a part of the notice, for styles (`tideline-<name>`) and for tests (`data-tideline-part`). */
export function part(name: string): { className: string; "data-tideline-part": string } {
  return { className: `tideline-${name}`, "data-tideline-part": name };
}
