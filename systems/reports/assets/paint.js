/** Lets staff draw over faces and number plates: a part of the photograph becomes numbers in the field, which can be typed as well. */

for (const box of document.querySelectorAll("[data-paint]")) {
  const canvas = box.querySelector(".report-canvas");
  const field = box.querySelector("input[type=text]");
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 1000 1000");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  canvas.append(svg);

  const parts = () => field.value.split(";").map((part) => part.split(",").map(Number)).filter((part) => part.length === 4 && part.every(Number.isFinite));
  const draw = (drawn) => {
    const all = drawn ? [...parts(), drawn] : parts();
    svg.replaceChildren(...all.map(([x, y, width, height]) => {
      const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      Object.entries({ x, y, width, height }).forEach(([name, value]) => rect.setAttribute(name, String(value)));
      return rect;
    }));
  };
  const at = (event) => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    const along = (from, size) => Math.round(Math.min(1, Math.max(0, from / size)) * 1000);
    return [along(event.clientX - left, width), along(event.clientY - top, height)];
  };
  let from = null;
  const part = (to) => [Math.min(from[0], to[0]), Math.min(from[1], to[1]), Math.abs(from[0] - to[0]), Math.abs(from[1] - to[1])];
  canvas.addEventListener("pointerdown", (event) => {
    from = at(event);
    canvas.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  canvas.addEventListener("pointermove", (event) => from && draw(part(at(event))));
  canvas.addEventListener("pointerup", (event) => {
    if (!from) return;
    const drawn = part(at(event));
    from = null;
    if (drawn[2] > 5 && drawn[3] > 5) field.value = [field.value.trim(), drawn.join(",")].filter(Boolean).join("; ");
    draw(null);
  });
  field.addEventListener("input", () => draw(null));
  draw(null);
}
