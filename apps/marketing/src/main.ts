/**
 * The page stands in index.html and needs nothing of this to be read. Here: its buttons, and the
 * notice, which brings React and the Convex client with it and so waits until the page has settled.
 */
import { parseStamp, STAMP_META_NAME } from "@tideline/version";
import { copyCommands } from "./copy-commands.js";
import { pausePicture } from "./pause-picture.js";
import { themeToggle } from "./theme-toggle.js";
import { whenSettled } from "./when-settled.js";

themeToggle();
copyCommands();
pausePicture();
showVersion();
whenSettled(() => {
  // Without the notice the page is still the page.
  import("./notice.js").then(({ showNotice }) => showNotice()).catch(() => {});
});

function showVersion(): void {
  const meta = document.querySelector<HTMLMetaElement>(`meta[name="${STAMP_META_NAME}"]`);
  const stamp = parseStamp(meta?.content);
  const place = document.querySelector("[data-version]");
  if (place !== null) place.textContent = stamp ? `This page is ${stamp.version}` : "";
}
