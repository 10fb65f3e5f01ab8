/** Stands for what is loading, in its real layout, so that nothing moves when it comes. */

const ROWS = ["w-40", "w-28", "w-36", "w-32", "w-44", "w-24"];

export function TargetListSkeleton() {
  return (
    <div role="status" aria-label="Loading targets" className="grid gap-4 px-2">
      {["w-16", "w-12", "w-20"].map((width) => (
        <div key={width} className="grid gap-2">
          <div className={`skeleton h-3 ${width}`} />
          <div className="skeleton h-10" />
        </div>
      ))}
    </div>
  );
}

export function TargetPageSkeleton() {
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-6">
      <h1 className="sr-only">Deployments</h1>
      <div role="status" aria-label="Loading the target" className="card grid gap-5 p-4 sm:p-5">
        <div className="flex flex-wrap justify-between gap-5">
          <div className="grid content-start gap-3">
            <div className="skeleton h-5 w-36" />
            <div className="skeleton h-8 w-48" />
          </div>
          <div className="skeleton h-26 w-full max-w-80" />
        </div>
        <div className="grid grid-cols-2 gap-6 lg:grid-cols-4">
          {["a", "b", "c", "d"].map((key) => (
            <div key={key} className="grid gap-1.5">
              <div className="skeleton h-3 w-16" />
              <div className="skeleton h-4 w-28" />
            </div>
          ))}
        </div>
        <div className="flex gap-2">
          <div className="skeleton h-8 w-24" />
          <div className="skeleton h-8 w-28" />
          <div className="skeleton h-8 w-20" />
        </div>
      </div>
      <HistorySkeleton />
    </div>
  );
}

export function HistorySkeleton() {
  return (
    <div
      role="status"
      aria-label="Loading the history"
      className="grid grid-cols-[minmax(0,1fr)] gap-3"
    >
      <div className="flex flex-wrap items-center justify-between gap-2">
        <div className="skeleton h-6 w-24" />
        <div className="skeleton h-8 w-full sm:w-64" />
      </div>
      <div className="card grid gap-0 px-3 py-1">
        {ROWS.map((width) => (
          <div
            key={width}
            className="border-line flex items-start gap-3 border-b py-3 last:border-b-0"
          >
            <div className="skeleton mt-1 size-3 rounded-full" />
            <div className="grid min-w-0 grow gap-2 pb-1">
              <div className={`skeleton h-4 ${width}`} />
              <div className="skeleton h-3 w-52 max-w-full" />
              <div className="skeleton h-3 w-32 sm:hidden" />
            </div>
            <div className="skeleton h-4 w-20 max-sm:hidden" />
          </div>
        ))}
      </div>
    </div>
  );
}
