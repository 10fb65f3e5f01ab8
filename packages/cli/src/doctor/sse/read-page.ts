/** What a page says to its script: which gateway, which target, which version the page is. */
import { readStampTag } from "@tideline/stamp";
import { type BuildStamp, isPlaceholder } from "@tideline/version";

/** A page, as far as its script looks at it. */
export interface Page {
  /** Its address. */
  readonly url: string;
  /** The gateway that its script tag names, with the target as its query; null without such a tag. */
  readonly gateway: string | null;
  /** True if there is such a tag, but inside of a comment. */
  readonly isTagCommentedOut: boolean;
  /** What its body says in place of a version, as a template or a build leaves it; else null. */
  readonly placeholder: string | null;
}

// A comment, a script with all that it holds, or the body's tag. Quoted text may hold a ">".
const ATTRIBUTES = /(?:"[^"]*"|'[^']*'|[^"'>])*/.source;
const PART = new RegExp(
  `<!--([\\s\\S]*?)(?:--!?>|$)|(<script\\b${ATTRIBUTES}>)[\\s\\S]*?(?:</script|$)|(<body\\b${ATTRIBUTES}>)`,
  "gi",
);

/** Reads a page's HTML. */
export function readPage(url: string, html: string): Page {
  let gateway: string | null = null;
  let isTagCommentedOut = false;
  let version: string | null = null;
  for (const [, comment, script, body] of html.matchAll(PART)) {
    if (comment !== undefined) isTagCommentedOut ||= gatewayOfComment(url, comment) !== null;
    else if (script !== undefined) gateway ??= gatewayOfTag(url, script);
    else if (body !== undefined) version ??= attribute(body, "data-app-version");
  }
  const tag = readStampTag(html);
  // The stamp in the head counts for more than the body's word.
  const isUsed = version !== null && tag === null;
  const placeholder = isUsed && isLeftOver(version ?? "") ? version : null;
  if (gateway !== null) gateway = withTargetOf(tag?.stamp ?? null, gateway);
  return { url, gateway, isTagCommentedOut, placeholder };
}

/** What the script tag leaves open, the stamp in the head says. */
function withTargetOf(stamp: BuildStamp | null, gateway: string): string {
  const address = new URL(gateway);
  for (const [, key] of TARGET) {
    const value = stamp?.[key];
    if (value && !address.searchParams.has(key)) address.searchParams.set(key, value);
  }
  return address.href;
}

/** The script takes the first two for names of versions, but nobody means them as such. */
function isLeftOver(version: string): boolean {
  return /\{\{|<%|\{%|[#$@]\{/.test(version) || isPlaceholder(version);
}

function gatewayOfComment(page: string, comment: string): string | null {
  const [tag] = new RegExp(`<script\\b${ATTRIBUTES}>`, "i").exec(comment) ?? [];
  return tag === undefined ? null : gatewayOfTag(page, tag);
}

function gatewayOfTag(page: string, tag: string): string | null {
  const source = attribute(tag, "src");
  if (source === null || !URL.canParse(source, page)) return null;
  const script = new URL(source, page);
  if (!/\/tideline\.js$/.test(script.pathname)) return null;
  const named = attribute(tag, "data-gateway");
  const gateway =
    named !== null && URL.canParse(named, script) ? new URL(named, script) : new URL(".", script);
  for (const [name, key] of TARGET) {
    const value = attribute(tag, name);
    if (value !== null) gateway.searchParams.set(key, value);
  }
  return gateway.href;
}

const TARGET = [
  ["data-app", "appName"],
  ["data-environment", "environment"],
] as const;

function attribute(tag: string, name: string): string | null {
  const found = new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s>]+))`, "i").exec(tag);
  const text = found?.[1] ?? found?.[2] ?? found?.[3];
  return text === undefined ? null : text.replaceAll("&amp;", "&");
}
