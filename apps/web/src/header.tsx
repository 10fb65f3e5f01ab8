import { NotebookPen, Settings } from "lucide-react";
import { Link } from "./router.js";
import { ThemeToggle } from "./theme-toggle.js";

const PAGES = [
  { path: "/", name: "Notes", Icon: NotebookPen },
  { path: "/settings", name: "Settings", Icon: Settings },
];

export function Header({ path }: { readonly path: string }) {
  return (
    <header className="border-line bg-surface border-b">
      <div className="mx-auto flex max-w-3xl flex-wrap items-center gap-x-1 gap-y-1 px-4 py-3 sm:gap-x-4 sm:px-6">
        <Link
          href="/"
          className="mr-auto flex items-center gap-2.5 rounded-lg font-semibold tracking-tight"
        >
          <img src="/favicon.svg" alt="" width={28} height={28} />
          Tidepool
        </Link>
        <nav aria-label="Pages" className="flex sm:gap-1">
          {PAGES.map(({ path: href, name, Icon }) => (
            <Link
              key={href}
              href={href}
              aria-current={href === path ? "page" : undefined}
              className="button button-plain aria-[current=page]:bg-accent-wash aria-[current=page]:text-accent px-2 sm:px-3"
            >
              <Icon aria-hidden size={16} className="max-sm:hidden" />
              {name}
            </Link>
          ))}
        </nav>
        <ThemeToggle />
      </div>
    </header>
  );
}
