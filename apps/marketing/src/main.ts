/**
 * The page stands in index.html and needs nothing of this to be read. Here are its buttons and the
 * line that says what it is; news of deployments is the business of `/tideline.js`.
 */
import { parseStamp, STAMP_META_NAME } from "@tideline/version";
import { copyCommands } from "./copy-commands.js";
import { pausePicture } from "./pause-picture.js";
import { themeToggle } from "./theme-toggle.js";

themeToggle();
copyCommands();
pausePicture();
showVersion();

function showVersion(): void {
  const meta = document.querySelector<HTMLMetaElement>(`meta[name="${STAMP_META_NAME}"]`);
  const stamp = parseStamp(meta?.content);
  const place = document.querySelector("[data-version]");
  if (place !== null) place.textContent = stamp ? `This page is ${stamp.version}` : "";
}
