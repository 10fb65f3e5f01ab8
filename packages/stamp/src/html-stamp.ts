/** The stamp's meta tag in a page: finding it, reading it, replacing it. */
import { type BuildStamp, parseStamp, STAMP_META_NAME } from "@tideline/version";

// A whole meta tag. Quoted values may hold ">", so they are matched as units.
const META_TAG = /<meta(?=[\s/])(?:[^>"']|"[^"]*"|'[^']*')*>/gi;
const ATTRIBUTE = /([^\s"'>/=]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/g;

/** A page's stamp tag; `stamp` is null if its content names no build. */
export interface StampTag {
  readonly stamp: BuildStamp | null;
}

/** Gives the stamp that a page carries, or null if the page has no stamp tag. */
export function readStampTag(html: string): StampTag | null {
  for (const [tag] of html.matchAll(META_TAG)) {
    const attributes = readAttributes(tag);
    if (attributes.get("name") !== STAMP_META_NAME) continue;
    return { stamp: parseStamp(unescapeHtml(attributes.get("content") ?? "")) };
  }
  return null;
}

/**
 * Gives the page with the stamp in each of its stamp tags, or in a new one at the end of its head
 * if it has none. What has no head is not a page and stays as it is.
 */
export function withStampTag(html: string, stamp: BuildStamp): string {
  const tag = `<meta name="${STAMP_META_NAME}" content="${escapeHtml(JSON.stringify(stamp))}">`;
  if (readStampTag(html) !== null) return replaceStampTags(html, tag);
  const end = html.search(/<\/head\s*>/i);
  return end === -1 ? html : html.slice(0, end) + tag + html.slice(end);
}

/** Gives the page without its stamp tags: equal for two builds that differ in nothing else. */
export function withoutStampTags(html: string): string {
  return replaceStampTags(html, "");
}

function replaceStampTags(html: string, replacement: string): string {
  // A function, because "$" in a replacement text would mean something.
  return html.replace(META_TAG, (tag) =>
    readAttributes(tag).get("name") === STAMP_META_NAME ? replacement : tag,
  );
}

function readAttributes(tag: string): Map<string, string> {
  const attributes = new Map<string, string>();
  for (const [, name = "", double, single, bare] of tag.matchAll(ATTRIBUTE)) {
    attributes.set(name.toLowerCase(), double ?? single ?? bare ?? "");
  }
  return attributes;
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}

function unescapeHtml(text: string): string {
  return text.replace(
    /&(?:amp|lt|gt|quot|apos|#(\d+)|#x([0-9a-f]+));/gi,
    (entity, decimal, hex) => {
      if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
      if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
      const named = entity.toLowerCase();
      if (named === "&apos;") return "'";
      return Object.keys(ESCAPES).find((character) => ESCAPES[character] === named) ?? entity;
    },
  );
}
