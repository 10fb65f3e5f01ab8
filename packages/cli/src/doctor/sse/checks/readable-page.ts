import { type Check, checked, type Finding, skipped } from "../../check.js";
import { shown } from "../shown.js";
import type { Visit } from "../visit.js";
import { isStream } from "../with-stream.js";

/** The page that was named carries the script, and says which version it is. */
export const readablePage: Check<Visit> = {
  name: "page",
  promise: "the page carries the script and says its version",
  look: async ({ page, stream, addresses }) => {
    if (page === null) return skipped("no page was read at the address");
    const where = page.url;
    const findings: Finding[] = [];
    if (page.gateway === null) {
      const hasGateway = isStream(stream);
      const tag = page.isTagCommentedOut
        ? "its script tag of tideline.js is commented out"
        : "it carries no script tag of tideline.js";
      const line = `<script src="${hasGateway ? new URL("tideline.js", addresses.version).pathname : "https://<the gateway>/tideline.js"}" data-app="web" data-environment="production"></script>`;
      findings.push({
        // An application may watch by itself.
        level: hasGateway ? "warn" : "fail",
        where,
        problem: hasGateway
          ? `${tag}, so it hears of new versions only if its own bundle watches`
          : `${tag}, and there is no gateway at its address`,
        fix: `${page.isTagCommentedOut ? "take the comment away, so that the page has" : "add to the page"}: ${line}${hasGateway ? "" : "; or name the gateway's own address"}`,
      });
    }
    if (page.placeholder !== null) {
      findings.push({
        level: "fail",
        where,
        problem: `its body says data-app-version="${shown(page.placeholder)}", which is no version: nobody filled the placeholder in, and the script does not watch`,
        fix: 'let the server or the build write the version that it serves: <body data-app-version="1.4.2">',
      });
    }
    return checked(findings, `${where} carries the script`);
  },
};
