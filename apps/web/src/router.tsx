/** Addresses of the app: reads the browser's, and changes it without a load. */
import type { AnchorHTMLAttributes, MouseEvent } from "react";
import { useSyncExternalStore } from "react";

const listeners = new Set<() => void>();
const notify = () => {
  for (const listener of listeners) listener();
};
addEventListener("popstate", notify);
addEventListener("hashchange", notify);

/** The address the app is at: path, query and hash. */
export function useAddress(): URL {
  return new URL(
    useSyncExternalStore(
      (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      () => location.href,
    ),
  );
}

/** Goes to an address of this app. */
export function navigate(href: string, options: { readonly replace?: boolean } = {}): void {
  const to = new URL(href, location.href);
  if (to.href === location.href) return;
  const isOtherPage = to.pathname !== location.pathname;
  history[options.replace ? "replaceState" : "pushState"](null, "", to);
  if (isOtherPage && to.hash === "") scrollTo(0, 0);
  notify();
}

/** A link within the app. Anything but a plain click is left to the browser. */
export function Link({ href = "/", ...rest }: AnchorHTMLAttributes<HTMLAnchorElement>) {
  const onClick = (event: MouseEvent<HTMLAnchorElement>) => {
    const isPlain =
      event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (!isPlain || event.defaultPrevented) return;
    event.preventDefault();
    navigate(href);
  };
  return <a href={href} onClick={onClick} {...rest} />;
}
