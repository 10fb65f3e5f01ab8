import { describe, expect, test } from "vitest";
import { parseTrustEntries } from "./trust-entries.js";

const SHOP = { repository_id: 1001, repository_owner_id: 2002 };
const MAIN = { ...SHOP, ref: "refs/heads/main" };

describe("parseTrustEntries()", () => {
  test("an entry's texts are lists, its numbers texts, and what it leaves out is null", () => {
    const entries = [
      { ...MAIN, note: "staging" },
      {
        ...{ repository_id: "1001", repository_owner_id: "2002", environment: ["a", "b"] },
        ...{ job_workflow_ref: "w@r", targets: "web/*" },
      },
    ];
    expect(parseTrustEntries(JSON.stringify(entries))).toEqual([
      {
        ...{ repositoryId: "1001", ownerId: "2002", ref: ["refs/heads/main"] },
        ...{ environment: null, jobWorkflowRef: null, targets: null },
      },
      {
        ...{ repositoryId: "1001", ownerId: "2002", ref: null, environment: ["a", "b"] },
        ...{ jobWorkflowRef: ["w@r"], targets: ["web/*"] },
      },
    ]);
  });

  test("an empty list trusts nobody", () => {
    expect(parseTrustEntries("[]")).toEqual([]);
  });

  test.each<[string, unknown, string]>([
    ["text", "acme/shop", 'expected a JSON array of entries, got "acme/shop"'],
    ["cut off", "[{", 'expected a JSON array of entries, got "[{"'],
    ["an object", MAIN, "expected a JSON array of entries, got an object"],
    ["a name", ["acme/shop"], 'expected an object in entry 1, got "acme/shop"'],
    ["null", [MAIN, null], "expected an object in entry 2, got null"],
    ["no id", [{ ref: "r" }], "expected repository_id as a number in entry 1, got none"],
    [
      "a name as id",
      [{ ...MAIN, repository_id: "acme/shop" }],
      'expected repository_id as a number in entry 1, got "acme/shop"',
    ],
    ["a fraction as id", [{ ...MAIN, repository_id: 1.5 }], "got 1.5"],
    ["a negative id", [{ ...MAIN, repository_owner_id: -1 }], "expected repository_owner_id"],
    ["an id of zero", [{ ...MAIN, repository_id: 0 }], "expected repository_id"],
    ["an id of null", [{ ...MAIN, repository_owner_id: null }], "got null"],
    ["neither ref nor environment", [SHOP], "expected ref or environment"],
    [
      "a misspelt condition",
      [{ ...MAIN, enviroment: "production" }],
      'in entry 1, got "enviroment"',
    ],
    ["an empty ref", [{ ...SHOP, ref: "" }], "expected ref as a text or an array of texts"],
    ["no refs", [{ ...SHOP, ref: [] }], "expected ref as 1 to 50 texts in entry 1"],
    ["a ref of null", [{ ...SHOP, ref: null }], "expected ref as a text"],
    ["a ref that is a number", [{ ...SHOP, ref: [1] }], "got 1"],
    ["an app as target", [{ ...MAIN, targets: ["web"] }], 'got "web"'],
    ["a star as target", [{ ...MAIN, targets: "*" }], 'such as "web/production" or "*/staging"'],
    ["too many entries", Array(101).fill(MAIN), "expected at most 100 entries, got 101"],
  ])("%s is a setting that cannot be read", (_, setting, sentence) => {
    const text = typeof setting === "string" ? setting : JSON.stringify(setting);
    const error = (() => {
      try {
        return parseTrustEntries(text);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toMatchObject({ data: { code: "INVALID_SETTING" } });
    const { message } = (error as { data: { message: string } }).data;
    expect(message).toMatch(/^Cannot read TIDELINE_GITHUB_TRUST: expected /);
    expect(message).toContain(sentence);
  });
});
