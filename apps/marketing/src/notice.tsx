import "@tideline/react/styles.css";
import { UpdateNotification } from "@tideline/react";
import { ConvexProvider, ConvexReactClient } from "convex/react";
import { createRoot } from "react-dom/client";

/** Shows the notice in its place in index.html. */
export function showNotice(): void {
  const root = document.getElementById("notice-root");
  if (root === null) return;
  const convex = new ConvexReactClient(import.meta.env.VITE_CONVEX_URL ?? "http://127.0.0.1:3210");
  createRoot(root).render(
    <ConvexProvider client={convex}>
      <UpdateNotification />
    </ConvexProvider>,
  );
}
