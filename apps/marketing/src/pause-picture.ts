/** Lets a person stop the picture, which would otherwise move for ever beside what they read. */
export function pausePicture(): void {
  const button = document.querySelector<HTMLButtonElement>("[data-pause]");
  const picture = document.querySelector(".picture");
  if (button === null || picture === null) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    const isPaused = picture.classList.toggle("is-paused");
    button.ariaPressed = String(isPaused);
    button.title = isPaused ? "Paused" : "";
  });
}
