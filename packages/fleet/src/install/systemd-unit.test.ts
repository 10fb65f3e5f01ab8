import { expect, test } from "vitest";
import { systemdUnit } from "./systemd-unit.js";

test("a folder with blanks, %, quotes and $ is one word of ExecStart, and no specifier", () => {
  const folder = '/srv/my "100%" $fleet';
  const kept = `${folder}/sync/.bin/.guard/tideline-sync`;
  const lines = systemdUnit({ scope: "user", folder, node: "/usr/bin/node", kept }).split("\n");
  expect(lines).toContain('WorkingDirectory=/srv/my "100%%" $fleet');
  expect(lines).toContain(
    'ExecStart="/usr/bin/node" "/srv/my \\"100%%\\" $$fleet/sync/.bin/.guard/tideline-sync" guard -- watch',
  );
});

test("for the machine it waits for the network and starts with it; for a user with the user", () => {
  const options = { folder: "/srv", node: "/usr/bin/node", kept: "/srv/x" };
  const system = systemdUnit({ ...options, scope: "system" });
  expect(system).toContain("After=network-online.target\n");
  expect(system).toContain("WantedBy=multi-user.target\n");
  const user = systemdUnit({ ...options, scope: "user" });
  expect(user).not.toContain("network-online");
  expect(user).toContain("WantedBy=default.target\n");
});
