/**
 * Lets the form of a report open without signal: the page as it was last seen, and what it is drawn with. It keeps nothing that
 * anybody entered, and answers for no other page.
 */

const CACHE = "kawasemi-report-1";
const PAGE = /^(\/(ja-easy|en|vi))?\/report$/;
const PARTS = /^\/(assets\/|report\/(app\.js|report\.css)$)/;

self.addEventListener("install", (event) => {
  const page = new URL(self.registration.scope).pathname;
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll([page, "/report/app.js", "/report/report.css"])).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = (name) => name.startsWith("kawasemi-report-") && name !== CACHE;
  event.waitUntil(caches.keys().then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name)))).then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { pathname, origin } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin || !(PAGE.test(pathname) || PARTS.test(pathname))) return;
  // What is on the line is newer; what is kept is for when there is none.
  event.respondWith(
    fetch(request)
      .then(async (answer) => {
        if (answer.ok) (await caches.open(CACHE)).put(request, answer.clone());
        return answer;
      })
      .catch(async () => (await caches.match(request, { ignoreSearch: PAGE.test(pathname) })) ?? Response.error()),
  );
});
