/**
 * Comfort for the form of a report: its parts one after the other, photographs made small, open reports nearby, and nothing lost
 * without signal. The form works without any of it.
 *
 * What was entered is kept on this machine for a day: texts in localStorage, photographs in IndexedDB. It is forgotten once the
 * receipt was shown.
 */

const KEPT = "kawasemi-report";
const DAY_MS = 24 * 60 * 60 * 1000;
const LONGEST_SIDE = 2048;
const SMALL_ENOUGH = 1.5 * 1024 * 1024;
/** What is about the person is not kept: telephones are lent. */
const PERSONAL = new Set(["name", "mail", "phone"]);

/** @returns {Promise<IDBDatabase>} */
function database() {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(KEPT, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("photos");
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
}

/** @param {"readonly"|"readwrite"} mode @param {(store: IDBObjectStore) => IDBRequest} act */
async function photos(mode, act) {
  const db = await database();
  try {
    return await new Promise((resolve, reject) => {
      const request = act(db.transaction("photos", mode).objectStore("photos"));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  } finally {
    db.close();
  }
}

async function forget() {
  try {
    localStorage.removeItem(KEPT);
    await photos("readwrite", (store) => store.clear());
  } catch {
    // A browser that keeps nothing has nothing to forget.
  }
}

/** A photograph of a size that a telephone's line carries; the file as it is where the browser can't draw it. @param {File} file */
async function made_small(file) {
  if (file.size <= SMALL_ENOUGH || !file.type.startsWith("image/") || !("createImageBitmap" in window)) return file;
  try {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.85));
    return blob && blob.size < file.size ? new File([blob], "photo.jpg", { type: "image/jpeg" }) : file;
  } catch {
    return file;
  }
}

/** @param {HTMLFormElement} form */
function start(form) {
  const say = form.dataset;
  const state = form.querySelector("[data-state]");
  const input = form.querySelector("input[type=file]");
  const tell = (text) => { state.textContent = text; };
  const chosen = () => form.querySelector("input[name=category]:checked");

  // Nothing is lost.
  const texts = () => [...new FormData(form)].filter(([name, value]) => typeof value === "string" && name !== "id" && name !== "kept" && !PERSONAL.has(name));
  let timer;
  const keep = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      try {
        localStorage.setItem(KEPT, JSON.stringify({ at: Date.now(), id: form.elements.id.value, entries: texts() }));
      } catch {
        // The store is full or forbidden: what is on the page stays on the page.
      }
    }, 300);
  };
  const keep_photos = async () => {
    try {
      await photos("readwrite", (store) => store.put([...input.files], "photos"));
    } catch {
      // As above.
    }
  };
  const preview = () => {
    const place = form.querySelector("[data-preview]");
    place.replaceChildren(...[...input.files].map((file) => {
      const image = document.createElement("img");
      image.alt = "";
      image.src = URL.createObjectURL(file);
      image.onload = () => URL.revokeObjectURL(image.src);
      return image;
    }));
  };
  const restore = async () => {
    if (form.querySelector("[aria-invalid=true]") || form.elements.kept) return;
    let kept;
    try {
      kept = JSON.parse(localStorage.getItem(KEPT) ?? "null");
    } catch {
      kept = null;
    }
    if (!kept || Date.now() - kept.at > DAY_MS || !kept.entries.some(([, value]) => value)) return;
    // The same id: what was sent before the answer was lost is not sent twice.
    form.elements.id.value = kept.id;
    for (const [name, value] of kept.entries) {
      for (const control of form.elements[name] instanceof RadioNodeList ? form.elements[name] : [form.elements[name]]) {
        if (!control) continue;
        if (control.type === "radio" || control.type === "checkbox") control.checked = control.value === value;
        else if (!control.value) control.value = value;
      }
    }
    try {
      const files = await photos("readonly", (store) => store.get("photos"));
      if (files?.length) {
        const held = new DataTransfer();
        files.forEach((file) => held.items.add(file));
        input.files = held.files;
        preview();
      }
    } catch {
      // As above.
    }
    tell(say.sayRestored);
    const discard = document.createElement("button");
    discard.type = "button";
    discard.className = "button";
    discard.textContent = say.sayDiscard;
    discard.addEventListener("click", async () => {
      await forget();
      location.assign(form.action);
    });
    state.append(" ", discard);
  };
  form.addEventListener("input", keep);
  form.addEventListener("change", keep);

  input?.addEventListener("change", async () => {
    tell(say.sayShrinking);
    const held = new DataTransfer();
    for (const file of [...input.files]) held.items.add(await made_small(file));
    input.files = held.files;
    tell("");
    preview();
    await keep_photos();
  });

  // Open reports nearby.
  let asked = "";
  const near = async () => {
    const place = form.querySelector("[data-near]");
    const [location, category] = [form.elements.location?.value, chosen()?.value];
    const query = new URLSearchParams({ location, category: category ?? "", q: form.elements.description?.value ?? "" }).toString();
    if (!location || !category || query === asked) return;
    asked = query;
    try {
      const answer = await fetch(`${say.nearby}?${query}`, { headers: { accept: "text/html" } });
      place.innerHTML = answer.ok ? await answer.text() : "";
    } catch {
      place.replaceChildren();
    }
  };
  form.addEventListener("change", (event) => {
    if (["category", "location"].includes(event.target.name)) near();
    for (const phone of form.querySelectorAll("[data-phone-of]")) phone.classList.toggle("is-asked", phone.dataset.phoneOf === chosen()?.value);
  });

  // One part after the other. A form with mistakes is shown whole, so that each is seen.
  const parts = [...form.querySelectorAll("[data-step]")];
  if (!form.previousElementSibling?.matches(".error-summary, .notice") && !document.querySelector("[aria-invalid=true]")) {
    form.classList.add("has-steps");
    const send = form.querySelector(".report-actions [type=submit]");
    const button = (text, act) => {
      const made = document.createElement("button");
      made.type = "button";
      made.className = "button";
      made.textContent = text;
      made.addEventListener("click", act);
      return made;
    };
    const progress = document.createElement("p");
    progress.className = "report-progress";
    progress.tabIndex = -1;
    form.prepend(progress);
    let current = 0;
    const fits = () => {
      if (current === 0) return Boolean(form.elements.location?.value || form.elements.address?.value) || say.sayNoPlace;
      if (current === 1) return Boolean(chosen()) || say.sayNoCategory;
      return true;
    };
    const show = (next, focus) => {
      current = next;
      parts.forEach((part, index) => part.classList.toggle("is-current", index === current));
      progress.textContent = say.sayStep.replace("1", String(current + 1)).replace("3", String(parts.length));
      back.hidden = current === 0;
      forward.hidden = current === parts.length - 1;
      send.hidden = current !== parts.length - 1;
      if (focus) progress.focus();
    };
    const back = button(say.sayBack, () => show(current - 1, true));
    const forward = button(say.sayNext, () => {
      const answer = fits();
      if (answer !== true) return tell(typeof answer === "string" ? answer : "");
      tell("");
      near();
      show(current + 1, true);
    });
    forward.classList.add("button-primary");
    send.before(back, forward);
    form.addEventListener("keydown", (event) => {
      const is_line = event.target instanceof HTMLInputElement && event.target.type !== "submit";
      if (event.key !== "Enter" || !is_line || event.isComposing || event.keyCode === 229 || current === parts.length - 1) return;
      event.preventDefault();
      forward.click();
    });
    show(0, false);
  }

  // Without signal the report waits on this machine and goes when there is one.
  let waits = false;
  form.addEventListener("submit", (event) => {
    if (navigator.onLine) return;
    event.preventDefault();
    waits = true;
    keep();
    tell(say.sayOffline);
  });
  window.addEventListener("online", () => {
    if (!waits) return;
    waits = false;
    tell(say.sayOnline);
    form.requestSubmit(form.querySelector(".report-actions [type=submit]"));
  });

  restore();
  if ("serviceWorker" in navigator) navigator.serviceWorker.register("/report/sw.js", { scope: new URL(form.dataset.worker, location.href).pathname }).catch(() => {});
}

for (const form of document.querySelectorAll("form[data-report]")) start(form);
if (document.querySelector("[data-report-sent]")) forget();
