import { describe, expect, it } from "vitest";
import { parseClientMessage } from "./parse-client-message.js";
import { ProtocolError } from "./protocol-error.js";

const SESSION = "0f3fd2a1-9d4f-4a3b-8f6e-0123456789ab";

const MALFORMED: readonly [name: string, frame: string, says: RegExp][] = [
  ["no JSON", "{", /Received Invalid JSON on websocket/],
  ["nothing", "", /Received Invalid JSON on websocket/],
  ["an array", "[]", /expected an object, got an array/],
  ["null", "null", /expected an object, got null/],
  ["no type", "{}", /unknown message type/],
  ["an unknown type", '{"type":"Subscribe"}', /unknown message type "Subscribe"/],
  ["a type that is no string", '{"type":7}', /unknown message type 7/],
  ["a prototype's name as type", '{"type":"__proto__"}', /unknown message type/],
  ["Connect without session", '{"type":"Connect"}', /"sessionId" must be a string, got nothing/],
  [
    "Connect with a session that is no UUID",
    '{"type":"Connect","sessionId":"x"}',
    /must be a UUID/,
  ],
  [
    "Connect with a timestamp that is none",
    `{"type":"Connect","sessionId":"${SESSION}","maxObservedTimestamp":"abc"}`,
    /"maxObservedTimestamp" must be 8 bytes/,
  ],
  ["ModifyQuerySet without versions", '{"type":"ModifyQuerySet"}', /"baseVersion" must be a whole/],
  [
    "ModifyQuerySet with a fraction",
    '{"type":"ModifyQuerySet","baseVersion":0.5,"newVersion":1,"modifications":[]}',
    /"baseVersion" must be a whole number, got a number/,
  ],
  [
    "ModifyQuerySet below zero",
    '{"type":"ModifyQuerySet","baseVersion":-1,"newVersion":1,"modifications":[]}',
    /"baseVersion" must be a whole number/,
  ],
  [
    "modifications that are no array",
    '{"type":"ModifyQuerySet","baseVersion":0,"newVersion":1,"modifications":{}}',
    /"modifications" must be an array, got a object/,
  ],
  [
    "a modification of unknown type",
    '{"type":"ModifyQuerySet","baseVersion":0,"newVersion":1,"modifications":[{"type":"Keep","queryId":1}]}',
    /unknown modification type "Keep"/,
  ],
  [
    "a modification that is null",
    '{"type":"ModifyQuerySet","baseVersion":0,"newVersion":1,"modifications":[null]}',
    /expected a modification, got null/,
  ],
  [
    "Add without arguments",
    '{"type":"ModifyQuerySet","baseVersion":0,"newVersion":1,"modifications":[{"type":"Add","queryId":1,"udfPath":"a:b"}]}',
    /"args" must be an array, got nothing/,
  ],
  [
    "Add with a journal that is a number",
    '{"type":"ModifyQuerySet","baseVersion":0,"newVersion":1,"modifications":[{"type":"Add","queryId":1,"udfPath":"a:b","args":[{}],"journal":1}]}',
    /"journal" must be a string or null/,
  ],
  [
    "Add in a component",
    '{"type":"ModifyQuerySet","baseVersion":0,"newVersion":1,"modifications":[{"type":"Add","queryId":1,"udfPath":"a:b","args":[{}],"componentPath":"part"}]}',
    /components are not supported/,
  ],
  ["Mutation without id", '{"type":"Mutation","udfPath":"a:b","args":[{}]}', /"requestId" must be/],
  ["Mutation without path", '{"type":"Mutation","requestId":1,"args":[{}]}', /"udfPath" must be/],
  [
    "Mutation with an id beyond exact integers",
    '{"type":"Mutation","requestId":9007199254740993,"udfPath":"a:b","args":[{}]}',
    /"requestId" must be a whole number/,
  ],
  [
    "Authenticate of unknown kind",
    '{"type":"Authenticate","baseVersion":0,"tokenType":"Guest"}',
    /unknown token type "Guest"/,
  ],
  [
    "Authenticate without token",
    '{"type":"Authenticate","baseVersion":0,"tokenType":"Admin"}',
    /"value" must be a string/,
  ],
  [
    "Authenticate as a user that is a list",
    '{"type":"Authenticate","baseVersion":0,"tokenType":"Admin","value":"k","impersonating":[]}',
    /"impersonating" must be an object/,
  ],
];

describe("parseClientMessage()", () => {
  it.each(MALFORMED)("refuses %s", (_name, frame, says) => {
    expect(() => parseClientMessage(frame)).toThrow(ProtocolError);
    expect(() => parseClientMessage(frame)).toThrow(says);
  });

  it("reads Connect with the timestamp that the client has seen", () => {
    const message = parseClientMessage(
      `{"type":"Connect","sessionId":"${SESSION}","connectionCount":0,"lastCloseReason":null,"maxObservedTimestamp":"AQAAAAAAAAA=","clientTs":5}`,
    );
    expect(message).toEqual({ type: "Connect", sessionId: SESSION, maxObservedTimestamp: 1n });
  });

  it("takes acting_as for impersonating, and an empty component for the root", () => {
    expect(
      parseClientMessage(
        '{"type":"Authenticate","baseVersion":0,"tokenType":"Admin","value":"k","acting_as":{"subject":"s"}}',
      ),
    ).toMatchObject({ tokenType: "Admin", actingAs: { subject: "s" } });
    expect(
      parseClientMessage(
        '{"type":"Action","requestId":1,"udfPath":"a:b","args":[{}],"componentPath":""}',
      ),
    ).toEqual({ type: "Action", requestId: 1, udfPath: "a:b", args: [{}] });
  });

  it("ignores events and fields that it does not know", () => {
    expect(parseClientMessage('{"type":"Event","eventType":"x","event":{},"later":1}')).toEqual({
      type: "Event",
    });
  });
});
