/** Stands for the fleet while it is loading, in its real layout. */

const ROWS = ["w-28", "w-36", "w-24", "w-32", "w-28", "w-40"];

export function FleetSkeleton() {
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-6">
      <h1 className="sr-only">Fleet</h1>
      <p role="status" className="sr-only">
        Loading the fleet
      </p>
      <div className="flex items-center justify-between">
        <div className="skeleton h-8 w-20" />
        <div className="skeleton h-8 w-36" />
      </div>
      <div className="grid gap-3">
        <div className="skeleton h-6 w-28" />
        <div className="card grid gap-4 p-4">
          <div className="flex flex-wrap justify-between gap-4">
            <div className="grid gap-2">
              <div className="skeleton h-5 w-32" />
              <div className="skeleton h-6 w-24" />
            </div>
            <div className="grid content-start gap-2">
              <div className="skeleton h-3 w-16" />
              <div className="skeleton h-4 w-40" />
            </div>
          </div>
          {["w-2/3", "w-1/2", "w-1/3", "w-1/4"].map((width) => (
            <div key={width} className={`skeleton h-3 ${width}`} />
          ))}
          <div className="flex gap-2">
            <div className="skeleton h-8 w-20" />
            <div className="skeleton h-8 w-20" />
          </div>
        </div>
      </div>
      <div className="grid gap-3">
        <div className="flex flex-wrap items-center justify-between gap-2">
          <div className="skeleton h-6 w-28" />
          <div className="skeleton h-8 w-full sm:w-64" />
        </div>
        <div className="card px-3 py-1">
          {ROWS.map((width) => (
            <div
              key={width}
              className="border-line flex flex-wrap items-center gap-x-6 gap-y-2 border-b py-3.5 last:border-b-0"
            >
              <div className={`skeleton h-4 ${width}`} />
              <div className="skeleton h-4 w-52 max-w-full" />
            </div>
          ))}
        </div>
      </div>
    </div>
  );
}
