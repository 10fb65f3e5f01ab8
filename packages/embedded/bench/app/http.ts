import { httpActionGeneric, httpRouter, makeFunctionReference } from "convex/server";

const http = httpRouter();

http.route({
  path: "/hello",
  method: "GET",
  handler: httpActionGeneric(async (_ctx, request) => {
    const url = new URL(request.url);
    return new Response(`hello ${url.searchParams.get("name")}`, {
      headers: { "X-Path": url.pathname },
    });
  }),
});

http.route({
  path: "/items",
  method: "POST",
  handler: httpActionGeneric(async (ctx, request) => {
    const { key } = (await request.json()) as { key: string };
    const id = await ctx.runMutation(makeFunctionReference<"mutation">("items:add"), {
      key,
      value: 1,
    });
    return Response.json({ id }, { status: 201 });
  }),
});

http.route({
  path: "/ticks",
  method: "GET",
  handler: httpActionGeneric(async () => {
    const encoder = new TextEncoder();
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const tick of ["one\n", "two\n", "three\n"]) controller.enqueue(encoder.encode(tick));
        controller.close();
      },
    });
    return new Response(body, { headers: { "Content-Type": "text/plain" } });
  }),
});

export default http;
