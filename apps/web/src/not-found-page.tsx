import { Link } from "./router.js";

export function NotFoundPage() {
  return (
    <section className="grid gap-3 py-12 text-center">
      <title>Not found · Tidepool</title>
      <h1 className="text-2xl font-semibold tracking-tight">Nothing here at this address</h1>
      <p>
        <Link href="/" className="text-accent rounded underline underline-offset-4">
          Back to your notes
        </Link>
      </p>
    </section>
  );
}
