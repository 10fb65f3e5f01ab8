import { TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { Component } from "react";
import { describeError } from "../words/describe-error.js";

interface Props {
  readonly children: ReactNode;
  /** What could not be shown: "the history". */
  readonly what: string;
}

type State = { readonly kind: "fine" } | { readonly kind: "failed"; readonly error: unknown };

/** Stands in for a part of the page that could not be shown: the sentence, and Retry. */
export class ErrorBoundary extends Component<Props, State> {
  override state: State = { kind: "fine" };

  static getDerivedStateFromError(error: unknown): State {
    return { kind: "failed", error };
  }

  override render() {
    if (this.state.kind === "fine") return this.props.children;
    return (
      <section role="alert" className="card flex items-start gap-3 p-4">
        <TriangleAlert aria-hidden size={18} className="text-red mt-0.5 shrink-0" />
        <div className="grid grow gap-3">
          <div>
            <h2 className="font-semibold">Cannot show {this.props.what}</h2>
            <p className="text-muted [overflow-wrap:anywhere]">{describeError(this.state.error)}</p>
          </div>
          <button
            type="button"
            className="button justify-self-start"
            onClick={() => this.setState({ kind: "fine" })}
          >
            Retry
          </button>
        </div>
      </section>
    );
  }
}
