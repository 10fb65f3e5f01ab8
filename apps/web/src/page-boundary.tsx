import type { ReactNode } from "react";
import { Component } from "react";

interface Props {
  readonly children: ReactNode;
  /** Called before the page is tried again. */
  onRetry(): void;
}

/** Stands in for a page that could not be loaded or shown; the rest of the app goes on. */
export class PageBoundary extends Component<Props, { readonly failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    const retry = () => {
      this.props.onRetry();
      this.setState({ failed: false });
    };
    return (
      <section role="alert" className="card flex flex-col items-start gap-4 p-6">
        <div>
          <h1 className="text-lg font-semibold">This page could not be loaded</h1>
          <p className="text-muted">
            The connection may be down, or the app has changed since you opened it. What you were
            writing is still here.
          </p>
        </div>
        <div className="flex flex-wrap gap-2">
          <button type="button" className="button button-primary" onClick={retry}>
            Try again
          </button>
          <button type="button" className="button button-line" onClick={() => location.reload()}>
            Reload
          </button>
        </div>
      </section>
    );
  }
}
