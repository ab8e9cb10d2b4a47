/**
 * Maps: fetches the chunk that draws them (`data-map-script`, `data-map-styles`) once a map comes near the window, so that a page
 * without a map pays nothing and a form can be filled in before its map is there.
 */

interface Chunk {
  readonly start: (holder: HTMLElement) => Promise<void>;
}

/** Starts every map under `root`. */
export function start(root: ParentNode): void {
  const holders = [...root.querySelectorAll<HTMLElement>("[data-map]:not([data-map-started])")];
  if (holders.length === 0) return;
  const seen = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        seen.unobserve(target);
        whenIdle(() => void load(target as HTMLElement));
      }
    },
    { rootMargin: "300px" },
  );
  for (const holder of holders) {
    holder.dataset["mapStarted"] = "";
    say(holder, "loading");
    seen.observe(holder);
  }
}

async function load(holder: HTMLElement): Promise<void> {
  try {
    const [chunk] = await Promise.all([
      import(holder.dataset["mapScript"] ?? "") as Promise<Chunk>,
      addStyles(holder.dataset["mapStyles"] ?? ""),
    ]);
    await chunk.start(holder);
  } catch (error) {
    console.error(error);
    say(holder, "failed");
  }
}

/** Adds the styles once. The map measures itself, so it waits for them. */
function addStyles(address: string): Promise<void> {
  const known = document.querySelector<HTMLLinkElement>(`link[href="${CSS.escape(address)}"]`);
  if (known?.sheet) return Promise.resolve();
  const link = known ?? document.createElement("link");
  return new Promise((done, failed) => {
    link.addEventListener("load", () => done());
    link.addEventListener("error", () => failed(new Error(`no styles at ${address}`)));
    if (known) return;
    link.rel = "stylesheet";
    link.href = address;
    document.head.append(link);
  });
}

function say(holder: HTMLElement, key: string): void {
  const { words } = JSON.parse(holder.dataset["map"] ?? "{}") as { words?: Record<string, string> };
  const frame = holder.querySelector("[data-map-frame]");
  if (frame) frame.textContent = words?.[key] ?? "";
}

function whenIdle(act: () => void): void {
  if ("requestIdleCallback" in window) window.requestIdleCallback(act, { timeout: 1500 });
  else setTimeout(act, 1);
}
