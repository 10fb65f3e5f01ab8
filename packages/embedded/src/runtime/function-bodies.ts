import { forbidInTransactions } from "./forbidden.js";

type Bodied = typeof Request | typeof Response;

/**
 * What functions see as `Request` and `Response`: Node's own, except that queries and mutations
 * cannot read a body piece by piece or as a form. Those take turns of the event loop, and the
 * cloud refuses them.
 */
export function functionBodies(): { readonly Request: Bodied; readonly Response: Bodied } {
  return {
    Request: guarded(Request, class extends Request {}),
    Response: guarded(Response, class extends Response {}),
  };
}

/** Puts the guards on `extended`, which otherwise passes for the class that it extends. */
function guarded(original: Bodied, extended: Bodied): Bodied {
  Object.defineProperties(extended.prototype, {
    body: {
      get(this: Response) {
        forbidInTransactions("body streams");
        return Reflect.get(original.prototype, "body", this);
      },
    },
    formData: {
      async value(this: Response) {
        forbidInTransactions("formData()");
        return Reflect.apply(original.prototype.formData, this, []);
      },
    },
  });
  return Object.defineProperties(extended, {
    name: { value: original.name },
    // What `fetch` gives is of Node's class.
    [Symbol.hasInstance]: { value: (value: unknown) => value instanceof original },
  });
}
