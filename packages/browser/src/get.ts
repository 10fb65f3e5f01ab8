/**
 * Gives what is behind an address. Something falsy when there is no answer worth reading: none
 * within 10 s, or status 429 or 5xx. A status like 404 counts: some hosts serve their pages with it.
 *
 * @param url As text, or this page's own address: then as a document, past every cache.
 */
export const get = <Body = string>(url?: string): Promise<Body> =>
  new Promise((resolve) => {
    // Not by `fetch`: this gives a document without DOMParser, which a page that requires Trusted
    // Types refuses.
    const request = new XMLHttpRequest();
    request.open("GET", url ?? (location as unknown as string));
    request.timeout = 10_000;
    if (!url) {
      request.responseType = "document";
      // A condition of the page's own takes a request past the browser's cache, and this one no
      // server can meet.
      request.setRequestHeader("If-None-Match", '"-"');
    }
    request.onloadend = () => resolve((request.status < 429 && request.response) as Body);
    request.send();
  });
