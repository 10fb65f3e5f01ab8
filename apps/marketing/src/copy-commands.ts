const SAID_MS = 2_000;

/** Gives each command its button. Without a clipboard there is none: the text can be selected. */
export function copyCommands(): void {
  if (!navigator.clipboard) return;
  const said = document.querySelector("[data-said]");
  for (const button of document.querySelectorAll<HTMLButtonElement>("[data-copy]")) {
    const command = button.parentElement?.querySelector("[data-command]")?.textContent ?? "";
    button.hidden = false;
    button.addEventListener("click", async () => {
      const sentence = await navigator.clipboard.writeText(command).then(
        () => "Copied",
        () => "Could not copy",
      );
      button.title = sentence;
      button.classList.toggle("text-accent", sentence === "Copied");
      if (said !== null) said.textContent = sentence;
      setTimeout(() => {
        button.title = "";
        button.classList.remove("text-accent");
        if (said !== null) said.textContent = "";
      }, SAID_MS);
    });
  }
}
