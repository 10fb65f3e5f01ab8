// @vitest-environment happy-dom

import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { Recorder } from "./recorder.js";

afterEach(cleanup);

const RUN = "https://github.com/acme/shop/actions/runs/31337/attempts/1";

test("a workflow run is named and linked to, in a tab that knows nothing of this one", () => {
  render(<Recorder row={{ recordedBy: "github:acme/shop", runUrl: RUN }} />);
  const link = screen.getByRole("link", {
    name: "GitHub Actions of acme/shop (opens the run in a new tab)",
  });
  expect(link.getAttribute("href")).toBe(RUN);
  expect(link.getAttribute("rel")).toBe("noreferrer");
  expect(link.getAttribute("target")).toBe("_blank");
});

test.each([
  ["without an address", undefined],
  ["with an address that is no page", "javascript:alert(1)"],
])("a run %s is named alone", (_, runUrl) => {
  const { container } = render(
    <Recorder row={{ recordedBy: "github:acme/shop", ...(runUrl && { runUrl }) }} />,
  );
  expect(container.textContent).toBe("GitHub Actions of acme/shop");
  expect(screen.queryByRole("link")).toBeNull();
});

test("the record token has no link", () => {
  const { container } = render(<Recorder row={{ recordedBy: "token" }} />);
  expect(container.textContent).toBe("Record token");
});
