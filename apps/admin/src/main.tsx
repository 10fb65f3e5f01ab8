import "@tideline/react/styles.css";
import "./styles.css";
import { UpdateNotification } from "@tideline/react";
import { ConvexProvider, ConvexReactClient } from "convex/react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.js";
import { takeFleetToken } from "./fleet/fleet-token.js";

// Before anything is drawn, or sent.
takeFleetToken();

const convex = new ConvexReactClient(import.meta.env.VITE_CONVEX_URL ?? "http://127.0.0.1:3210");
const root = document.getElementById("root");
if (root === null) throw new TypeError('Cannot start: the page has no element "#root"');

createRoot(root).render(
  <StrictMode>
    <ConvexProvider client={convex}>
      <App />
      <UpdateNotification />
    </ConvexProvider>
  </StrictMode>,
);
