/** A React app without a Convex client, whose hook and notice watch through a gateway. */
import { UpdateNotification, useVersionCheck } from "@tideline/react";
import { gatewaySource } from "@tideline/watch/sse";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

const gatewayUrl = document.documentElement.dataset.gateway ?? "";

function Live() {
  // Written in place, as people do, and so a new call in every render.
  const { latest, setupError } = useVersionCheck({ source: gatewaySource(gatewayUrl) });
  return <output>{setupError ?? latest?.version}</output>;
}

createRoot(document.body).render(
  <StrictMode>
    <Live />
    <UpdateNotification source={gatewaySource(gatewayUrl)} />
  </StrictMode>,
);
