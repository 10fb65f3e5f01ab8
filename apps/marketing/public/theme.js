// Before the first paint, so that a chosen theme does not flash. A file of its own, because the
// page's policy runs no script that stands in its HTML.
try {
  const theme = localStorage.getItem("tideline:theme");
  if (theme) document.documentElement.dataset.theme = theme;
} catch {}
