import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

interface Props {
  readonly Icon: LucideIcon;
  readonly title: string;
  /** What it means, a sentence or two. */
  readonly about: ReactNode;
  /** What can be done. */
  readonly children: ReactNode;
}

/** What stands in the fleet's place while it cannot be shown. */
export function FleetCard({ Icon, title, about, children }: Props) {
  return (
    <section className="mx-auto grid w-full max-w-lg grid-cols-[minmax(0,1fr)] gap-5 py-10 sm:py-16">
      <div className="grid justify-items-center gap-3 text-center">
        <span className="bg-accent-wash text-accent grid size-12 place-items-center rounded-full">
          <Icon aria-hidden size={24} />
        </span>
        <h1 className="text-xl font-semibold tracking-tight">{title}</h1>
        <p className="text-muted">{about}</p>
      </div>
      <div className="card grid grid-cols-[minmax(0,1fr)] gap-4 p-4">{children}</div>
    </section>
  );
}
