import { TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { Component } from "react";
import { describeError } from "../words/describe-error.js";

interface Props {
  readonly children: ReactNode;
  /** What could not be shown: "the history". */
  readonly what: string;
  /** True around everything: the sentence is then all there is on the page. @default false */
  readonly isPage?: boolean;
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
    const Heading = this.props.isPage ? "h1" : "h2";
    const sentence = (
      <section role="alert" className="card flex items-start gap-3 p-4">
        <TriangleAlert aria-hidden size={18} className="text-red mt-0.5 shrink-0" />
        <div className="grid grow gap-3">
          <div>
            <Heading className="font-semibold">Cannot show {this.props.what}</Heading>
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
    return this.props.isPage ? (
      <main className="mx-auto max-w-2xl p-4 sm:pt-16">{sentence}</main>
    ) : (
      sentence
    );
  }
}
