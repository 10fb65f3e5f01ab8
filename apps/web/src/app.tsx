import { retryImport } from "@tideline/react";
import { lazy, Suspense, useState } from "react";
import { Footer } from "./footer.js";
import { Header } from "./header.js";
import { NotFoundPage } from "./not-found-page.js";
import type { Draft } from "./notes/note.js";
import { EMPTY_DRAFT } from "./notes/note.js";
import { NotesPage } from "./notes/notes-page.js";
import { PageBoundary } from "./page-boundary.js";
import { useAddress } from "./router.js";

const loadSettings = () => retryImport(() => import("./settings/settings-page.js"));

export function App() {
  const address = useAddress();
  // Here, so that a look at the settings does not cost what is being written.
  const [draft, setDraft] = useState<Draft>(EMPTY_DRAFT);
  // A lazy component remembers its failure, so another attempt needs another one.
  const [SettingsPage, setSettingsPage] = useState(() => lazy(loadSettings));

  return (
    <div className="flex min-h-dvh flex-col">
      <a
        href="#main"
        className="button button-primary sr-only left-4 top-4 z-10 focus:not-sr-only focus:absolute"
      >
        Skip to content
      </a>
      <Header path={address.pathname} />
      <main
        id="main"
        tabIndex={-1}
        className="mx-auto w-full max-w-3xl grow px-4 py-8 outline-none sm:px-6"
      >
        <PageBoundary
          key={address.pathname}
          onRetry={() => setSettingsPage(() => lazy(loadSettings))}
        >
          <Suspense fallback={<p role="status">Loading…</p>}>
            {address.pathname === "/" ? (
              <NotesPage
                search={address.searchParams.get("q") ?? ""}
                noteId={address.hash.slice(1)}
                draft={draft}
                onDraft={setDraft}
              />
            ) : address.pathname === "/settings" ? (
              <SettingsPage />
            ) : (
              <NotFoundPage />
            )}
          </Suspense>
        </PageBoundary>
      </main>
      <Footer />
    </div>
  );
}
